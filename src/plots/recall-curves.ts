/**
 * Recall at k, from the strongest component to the many: one line a method, one panel a kind of component.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { seriesStyle, SOFT_INK } from './palette.ts';
import { panelTitle } from './marks.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatCount, formatNumber } from './text.ts';

export interface RecallPoint {
  k: number;
  mean: number;
  /** Over pairs and directions. */
  least: number;
  most: number;
}

export interface RecallLine {
  /** Its place in the table of methods, for its style. */
  series: number;
  title: string;
  points: readonly RecallPoint[];
}

export interface RecallCurvesOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  panels: readonly { title: string; count: number; lines: readonly RecallLine[] }[];
}

const WIDTH = 300;
const HEIGHT = 250;
/** Names in one column of the legend. */
const LEGEND_ROWS = 3;

/** Draws the curves; a thin dashed line is chance. */
export function recallCurves({ panels, ...words }: RecallCurvesOptions): Figure {
  checkSome('panels', panels);
  const lines = panels.flatMap((panel) => panel.lines);
  const series = [...new Map(lines.map((line) => [line.series, line.title]))].sort(([a], [b]) => a - b);
  const styles = series.map(([i, name]) => ({ ...seriesStyle(i), name }));
  const legends = Array.from({ length: Math.ceil(styles.length / LEGEND_ROWS) }, (_, column) =>
    symbolLegend(styles.slice(column * LEGEND_ROWS, (column + 1) * LEGEND_ROWS)),
  );
  return figure({ ...words, body: gridPanel([panels.map(curvePanel), legends], 14, 12) });
}

function curvePanel({ title, count, lines }: RecallCurvesOptions['panels'][number]): Panel {
  const ks = lines.flatMap(({ points }) => points.map(({ k }) => k));
  const last = Math.max(2, ...ks);
  return plotPanel({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 46,
    marginRight: 12,
    marginTop: 24,
    marginBottom: 40,
    x: {
      type: 'log',
      domain: [1, last],
      ticks: [1, 3, 10, 30, 100, 300, 1000].filter((k) => k <= last),
      tickFormat: (k: number) => formatCount(k),
      label: `k, of ${formatCount(count)}`,
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    y: { domain: [0, 1], ticks: 5, label: 'recall at k', labelAnchor: 'center', labelArrow: 'none' },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.gridY({ ticks: 5, stroke: '#e2e2e2', strokeOpacity: 1 }),
      Plot.frame({ stroke: '#d0d0d0' }),
      Plot.line(
        ks.toSorted((a, b) => a - b).map((k) => ({ k })),
        { x: 'k', y: ({ k }: { k: number }) => k / count, stroke: SOFT_INK, strokeDasharray: '2,3' },
      ),
      lines.flatMap(lineMarks),
      panelTitle(title),
    ],
  });
}

function lineMarks({ series, title, points }: RecallLine): Plot.Markish[] {
  const { color, dash, symbol } = seriesStyle(series);
  const known = points.filter(({ mean }) => Number.isFinite(mean));
  const at = { x: 'k', y: 'mean' };
  return [
    Plot.line(known, { ...at, stroke: color, strokeWidth: 1.8, ...(dash && { strokeDasharray: dash }) }),
    Plot.dot(known, {
      ...at,
      r: 2.6,
      fill: color,
      symbol: () => symbol,
      title: ({ k, mean, least, most }: RecallPoint) =>
        `${title}, k = ${k}: ${formatNumber(mean)} (${formatNumber(least)} to ${formatNumber(most)})`,
    }),
  ];
}
