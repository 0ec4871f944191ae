/**
 * How the effects of many components, such as neurons, are distributed: one histogram for each layer.
 */
import * as Plot from '@observablehq/plot';
import { max } from 'd3-array';
import type { Tensor } from '../tensor/tensor.ts';
import { checkShape, checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { panelTitle } from './marks.ts';
import { SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { symexp, symlog, type SymlogAxis, symlogTicks } from './symlog.ts';
import { formatCount, formatNumber } from './text.ts';

export interface HistogramGroup {
  title: string;
  /** [layer, component] */
  values: Tensor;
  color: string;
}

export interface LayerHistogramsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  groups: readonly HistogramGroup[];
  unit: string;
  /** Threshold of the labels, drawn as two lines; 0 draws none. */
  tau: number;
}

interface Bar {
  from: number;
  to: number;
  layer: number;
  count: number;
}

const BINS = 61;
const TOTAL_WIDTH = 900;
/** Room for a tick's text, as a share of half the axis. */
const TICK_SPACE = 0.19;

/**
 * Draws the histograms. Most components do next to nothing and a few do much, so the axis is linear around 0
 * and logarithmic beyond, and the height of a bar is the logarithm of its count.
 */
export function layerHistograms(options: LayerHistogramsOptions): Figure {
  const { groups, unit, tau, ...words } = options;
  checkSome('groups', groups);
  for (const { values, title } of groups) checkShape(`values of ${title}`, values, 2);
  const largest = groups.reduce(
    (size, { values }) => values.data.reduce((m, v) => (Math.abs(v) > m ? Math.abs(v) : m), size),
    0,
  );
  const limit = 1.05 * Math.max(largest, 1.5 * tau) || 1;
  const axis: HistogramAxis = { limit, linear: tau > 0 ? tau / 10 : limit / 500, unit, tau };
  const bars = groups.map(({ values }) => binsOf(values, axis));
  const most = max(bars.flat(), (bar) => bar.count) ?? 1;
  const width = groups.length === 1 ? 560 : (TOTAL_WIDTH - 16) / groups.length;
  const panels = groups.map((group, i) => histogramPanel(group, bars[i]!, axis, most, width));
  const notes = [
    `A bar of full height stands for ${formatCount(most)} components; heights are logarithmic: log(1 + count).`,
  ];
  return figure({ ...words, body: gridPanel([panels]), notes });
}

interface HistogramAxis extends SymlogAxis {
  unit: string;
  tau: number;
}

/** Counts in bins of equal width on the axis, an odd number, so that 0 is the middle of one. */
function binsOf({ shape, data }: Tensor, axis: SymlogAxis): Bar[] {
  const [layers = 0, width = 0] = shape;
  const end = symlog(axis.limit, axis);
  const step = (2 * end) / BINS;
  const counts = new Uint32Array(layers * BINS);
  data.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((symlog(value, axis) + end) / step)));
    counts[Math.floor(i / width) * BINS + bin]!++;
  });
  const edge = (bin: number) => symexp(-end + bin * step, axis);
  return Array.from(counts, (count, i) => ({
    layer: Math.floor(i / BINS),
    from: edge(i % BINS),
    to: edge((i % BINS) + 1),
    count,
  })).filter((bar) => bar.count > 0);
}

function histogramPanel(
  group: HistogramGroup,
  bars: Bar[],
  axis: HistogramAxis,
  most: number,
  width: number,
): Panel {
  const layers = group.values.shape[0] ?? 0;
  const row = Math.max(15, Math.min(44, Math.floor(520 / Math.max(1, layers))));
  const height = (bar: Bar) => (0.88 * Math.log1p(bar.count)) / Math.log1p(most);
  const every = Array.from({ length: layers }, (_, layer) => layer);
  return plotPanel({
    width,
    height: 26 + layers * row + 44,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 44,
    x: {
      type: 'symlog',
      constant: axis.linear,
      domain: [-axis.limit, axis.limit],
      ticks: symlogTicks(axis, TICK_SPACE),
      tickFormat: (value: number) => formatNumber(value, 2),
      label: axis.unit,
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    y: {
      domain: [layers - 0.5, -0.5],
      ticks: every,
      tickSize: 0,
      tickFormat: (layer: number) => String(layer),
      label: 'layer',
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    marks: [
      Plot.ruleY(every, { y: (layer: number) => layer + 0.45, stroke: '#dddddd' }),
      ...(axis.tau > 0
        ? [Plot.ruleX([-axis.tau, axis.tau], { stroke: SOFT_INK, strokeDasharray: '3,3' })]
        : []),
      Plot.rect(bars, {
        x1: 'from',
        x2: 'to',
        y1: (bar: Bar) => bar.layer + 0.45,
        y2: (bar: Bar) => bar.layer + 0.45 - height(bar),
        fill: group.color,
        insetLeft: 0.3,
        insetRight: 0.3,
        title: (bar: Bar) =>
          `layer ${bar.layer}, ${formatNumber(bar.from)} to ${formatNumber(bar.to)}: ${formatCount(bar.count)}`,
      }),
      panelTitle(group.title, -20),
    ],
  });
}
