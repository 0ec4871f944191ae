/**
 * How values are distributed over pairs: a histogram a panel, with its median and n.
 */
import * as Plot from '@observablehq/plot';
import { isConstant } from '../stats/moments.ts';
import { quantile } from '../stats/quantile.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { LINE_ABOVE, linearAxis, linesAbove, roomyDomain } from './linear-frame.ts';
import { panelTitle } from './marks.ts';
import { FONT_SIZE, INK } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatCount, formatNumber, wrapText } from './text.ts';

export interface HistogramPanel {
  title: string;
  /** One a pair; NaN where there is none. */
  values: ArrayLike<number>;
  color: string;
}

export interface HistogramsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What the values are, with their unit: one for all panels. */
  unit: string;
  panels: readonly HistogramPanel[];
}

const WIDTH = 300;
const HEIGHT = 150;
const MARGIN = { left: 44, right: 12, bottom: 40 };
const IN_A_ROW = 2;
const BINS = 24;

/** Draws the histograms; all have one axis of values, and counts of their own. */
export function histograms({ panels, unit, ...words }: HistogramsOptions): Figure {
  checkSome('panels', panels);
  const known = panels.map((panel) => {
    const values = Array.from(panel.values).filter(Number.isFinite);
    return { ...panel, values, said: describe(values, panel.values.length - values.length) };
  });
  const domain = roomyDomain(known.flatMap(({ values }) => values));
  const lines = Math.max(...known.map(({ said }) => said.length));
  const drawn = known.map((panel) => histogramPanel(panel, { unit, domain, lines }));
  const rows = Array.from({ length: Math.ceil(drawn.length / IN_A_ROW) }, (_, row) =>
    drawn.slice(row * IN_A_ROW, (row + 1) * IN_A_ROW),
  );
  return figure({ ...words, body: gridPanel(rows, 14, 12), notes: ['Line: the median.'] });
}

function describe(values: readonly number[], left: number): string[] {
  if (values.length === 0) return ['No values'];
  const [median, low, high] = [0.5, 0, 1].map((q) => formatNumber(quantile(values, q), 4));
  const numbers = isConstant(values)
    ? `n = ${formatCount(values.length)}, all are ${median}`
    : `n = ${formatCount(values.length)}, median ${median}, from ${low} to ${high}`;
  const without = left > 0 ? [`${formatCount(left)} without a value left out`] : [];
  return [numbers, ...without].flatMap((text) => wrapText(text, WIDTH + MARGIN.right, FONT_SIZE - 1));
}

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Counts in bins of one width; those without a value are left out. */
function binsOf(values: readonly number[], [low, high]: readonly [number, number]): Bin[] {
  const step = (high - low) / BINS;
  const counts = new Uint32Array(BINS);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor((value - low) / step))]!++;
  return Array.from(counts, (count, i) => ({ from: low + i * step, to: low + (i + 1) * step, count })).filter(
    ({ count }) => count > 0,
  );
}

interface Parts {
  readonly unit: string;
  readonly domain: readonly [number, number];
  readonly lines: number;
}

function histogramPanel(
  { title, values, color, said }: HistogramPanel & { readonly values: number[]; readonly said: string[] },
  { unit, domain, lines }: Parts,
): Panel {
  const bins = binsOf(values, domain);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  return plotPanel({
    ...around(WIDTH, HEIGHT, { ...MARGIN, top: 26 + lines * LINE_ABOVE }),
    x: linearAxis(domain, unit),
    y: {
      domain: [0, most],
      ticks: Math.min(4, most),
      tickFormat: (value: number) => (Number.isInteger(value) ? formatCount(value) : ''),
      label: 'pairs',
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    marks: [
      Plot.ruleY([0]),
      Plot.rect(bins, {
        x1: 'from',
        x2: 'to',
        y1: 0,
        y2: 'count',
        fill: color,
        fillOpacity: 0.75,
        insetLeft: 0.5,
        insetRight: 0.5,
        title: ({ from, to, count }: Bin) =>
          `${formatNumber(from)} to ${formatNumber(to)}: ${formatCount(count)}`,
      }),
      values.length > 0 ? Plot.ruleX([quantile(values, 0.5)], { stroke: INK, strokeWidth: 1.5 }) : [],
      panelTitle(title, -16 - lines * LINE_ABOVE),
      ...linesAbove(said, lines),
    ],
  });
}
