/**
 * Values with their intervals, one row each: dots and lines, or bars from 0, in panels with one scale.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { styleLegend } from './legend.ts';
import { panelTitle } from './marks.ts';
import { type CategoryStyle, FONT_SIZE, SOFT_INK, UNLABELLED } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatNumber, textWidth } from './text.ts';

export interface IntervalRow {
  name: string;
  value: number;
  /** NaN where there is no interval. */
  low: number;
  high: number;
  style?: CategoryStyle | undefined;
}

export interface IntervalDotsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What the values are, with their unit. */
  unit: string;
  panels: readonly { title: string; rows: readonly IntervalRow[] }[];
  /** A bar from 0 to every value, for values whose size counts; none by default. */
  bars?: boolean;
  /** Panels in one row. */
  columns?: number;
  notes?: readonly string[];
}

const WIDTH = 300;
const ROW = 18;
const MARGIN = { right: 14, top: 26, bottom: 40 };

/** Draws the panels; a thin line marks 0. */
export function intervalDots(options: IntervalDotsOptions): Figure {
  const { panels, unit, bars = false, columns = 2, notes = [], ...words } = options;
  checkSome('panels', panels);
  const all = panels.flatMap(({ rows }) => rows);
  checkSome('rows', all);
  const domain = domainOf(all);
  const drawn = panels.map((panel) => intervalPanel(panel, { unit, domain, bars }));
  const rows: Panel[][] = [];
  for (let i = 0; i < drawn.length; i += columns) rows.push(drawn.slice(i, i + columns));
  return figure({ ...words, body: gridPanel([...styleLegend(all), ...rows], 16, 10), notes });
}

/** All values, intervals and 0, with some room. */
function domainOf(rows: readonly IntervalRow[]): [number, number] {
  const values = rows.flatMap(({ value, low, high }) => [value, low, high]).filter(Number.isFinite);
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (most - least || 1) * 0.04;
  return [least - room, most + room];
}

function intervalPanel(
  { title, rows }: IntervalDotsOptions['panels'][number],
  {
    unit,
    domain,
    bars,
  }: { readonly unit: string; readonly domain: [number, number]; readonly bars: boolean },
): Panel {
  const left = 16 + Math.max(...rows.map(({ name }) => textWidth(name, FONT_SIZE)), 40);
  const drawn = rows.map((row, i) => ({ ...row, i, own: row.style ?? UNLABELLED }));
  const spanned = drawn.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  return plotPanel({
    ...around(WIDTH, Math.max(1, rows.length) * ROW, { left, ...MARGIN }),
    x: {
      domain,
      label: unit,
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 5,
      tickFormat: (value: number) => formatNumber(value),
    },
    y: {
      domain: [-0.5, rows.length - 0.5],
      reverse: true,
      ticks: drawn.map(({ i }) => i),
      tickFormat: (i: number) => drawn[i]!.name,
      tickSize: 0,
      label: null,
    },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      bars ? barMark(drawn) : [],
      Plot.ruleX([0], { stroke: SOFT_INK }),
      Plot.ruleY(spanned, {
        y: 'i',
        x1: 'low',
        x2: 'high',
        stroke: ({ own }: DrawnRow) => own.color,
        strokeWidth: 2,
      }),
      Plot.dot(drawn, {
        y: 'i',
        x: 'value',
        r: 3.5,
        fill: ({ own }: DrawnRow) => own.color,
        symbol: ({ own }: DrawnRow) => own.symbol,
      }),
      panelTitle(title),
    ],
  });
}

type DrawnRow = IntervalRow & { readonly i: number; readonly own: CategoryStyle };

function barMark(rows: readonly DrawnRow[]): Plot.Markish {
  return Plot.rect(rows, {
    x1: 0,
    x2: 'value',
    y1: ({ i }: DrawnRow) => i - 0.32,
    y2: ({ i }: DrawnRow) => i + 0.32,
    fill: ({ own }: DrawnRow) => own.color,
    fillOpacity: 0.35,
  });
}
