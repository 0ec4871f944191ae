/**
 * How much of the effect circuits of growing size carry: f against k on a logarithmic axis, one panel a curve, with the
 * random circuits and the complement beside the circuit.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { panelTitle } from './marks.ts';
import { type CategoryStyle, seriesStyle, SOFT_INK, UNLABELLED } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatNumber } from './text.ts';

export interface CircuitPoint {
  k: number;
  f: number;
  /** NaN where there is no interval. */
  low: number;
  high: number;
}

export interface RandomPoint {
  k: number;
  f: number;
  least: number;
  most: number;
}

export interface FaithfulnessPanel {
  title: string;
  /** One line below it. */
  note: string;
  circuit: readonly CircuitPoint[];
  random: readonly RandomPoint[];
  complement: readonly { k: number; f: number }[];
}

export interface FaithfulnessCurvesOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  panels: readonly FaithfulnessPanel[];
  /** Panels in one row. */
  columns?: number;
}

const WIDTH = 360;
const HEIGHT = 190;
const MARGIN = { left: 46, right: 14, top: 42, bottom: 40 };
/** f outside of this is drawn at its edge: one wild circuit must not flatten the rest. */
const SHOWN = [-1, 2] as const;

const CIRCUIT: CategoryStyle = {
  name: 'circuit, with its 95% interval',
  color: seriesStyle(0).color,
  symbol: 'circle',
};
const RANDOM: CategoryStyle = {
  name: 'random circuits at least as large: mean, least to most',
  color: UNLABELLED.color,
  symbol: 'square',
};
const COMPLEMENT: CategoryStyle = {
  name: 'complement: all but the circuit',
  color: seriesStyle(1).color,
  symbol: 'diamond',
};

/** Draws the panels; thin lines mark 0 and 1. */
export function faithfulnessCurves(options: FaithfulnessCurvesOptions): Figure {
  const { panels, columns = 2, ...words } = options;
  checkSome('panels', panels);
  const values = panels.flatMap(valuesOf);
  checkSome('points', values);
  const domain = domainOf(values);
  const drawn = panels.map((panel) => curvePanel(panel, domain));
  const rows: Panel[][] = [];
  for (let i = 0; i < drawn.length; i += columns) rows.push(drawn.slice(i, i + columns));
  const outside = values.filter((f) => f < domain[0] || f > domain[1]).length;
  const limits = SHOWN.map((f) => formatNumber(f)).join(' to ');
  const notes = outside === 0 ? [] : [`Values beyond ${limits} stand at the edge: ${outside}.`];
  const legend = symbolLegend([CIRCUIT, RANDOM, COMPLEMENT], columns > 1 ? 'row' : 'column');
  return figure({ ...words, body: gridPanel([[legend], ...rows], 16, 10), notes });
}

function valuesOf({ circuit, random, complement }: FaithfulnessPanel): number[] {
  return [
    ...circuit.flatMap(({ f, low, high }) => [f, low, high]),
    ...random.flatMap(({ f, least, most }) => [f, least, most]),
    ...complement.map(({ f }) => f),
  ].filter(Number.isFinite);
}

function domainOf(values: readonly number[]): [number, number] {
  const [least, most] = [Math.min(0, ...values), Math.max(1, ...values)];
  const room = 0.05 * (most - least);
  return [Math.max(SHOWN[0], least - room), Math.min(SHOWN[1], most + room)];
}

function curvePanel(panel: FaithfulnessPanel, domain: [number, number]): Panel {
  const ks = panel.circuit.map(({ k }) => k);
  const [first, last] = [Math.min(...ks), Math.max(...ks)];
  return plotPanel({
    ...around(WIDTH, HEIGHT, MARGIN),
    x: {
      type: 'log',
      domain: [first, last],
      ticks: [0.001, 0.01, 0.1, 1].filter((k) => k >= first && k <= last),
      tickFormat: (k: number) => formatNumber(k),
      label: 'k, share that was asked for',
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    y: {
      domain,
      clamp: true,
      ticks: 5,
      tickFormat: (f: number) => formatNumber(f),
      label: 'f',
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.frame({ stroke: '#d0d0d0' }),
      Plot.ruleY([0, 1], { stroke: SOFT_INK, strokeWidth: 0.8 }),
      ...randomMarks(panel),
      ...lineMarks(panel.complement, COMPLEMENT, { strokeWidth: 1 }, 2),
      ...circuitMarks(panel),
      panelTitle(panel.title, -32),
      Plot.text([panel.note], { frameAnchor: 'top-left', dy: -17, textAnchor: 'start', fill: SOFT_INK }),
    ],
  });
}

function randomMarks({ random }: FaithfulnessPanel): Plot.Markish[] {
  const known = random.filter(({ f }) => Number.isFinite(f));
  const band = { x: 'k', y1: 'least', y2: 'most', fill: RANDOM.color, fillOpacity: 0.18 };
  return [
    Plot.areaY(known, band),
    ...lineMarks(
      known,
      RANDOM,
      { strokeDasharray: '5,4', strokeWidth: 1.4 },
      2,
      ({ f, least, most }) => `random: ${formatNumber(f)} (${formatNumber(least)} to ${formatNumber(most)})`,
    ),
  ];
}

function circuitMarks({ circuit }: FaithfulnessPanel): Plot.Markish[] {
  const spanned = circuit.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  return [
    Plot.ruleX(spanned, {
      x: 'k',
      y1: 'low',
      y2: 'high',
      stroke: CIRCUIT.color,
      strokeWidth: 2,
      strokeOpacity: 0.5,
    }),
    ...lineMarks(
      circuit,
      CIRCUIT,
      { strokeWidth: 1.9 },
      3,
      ({ f, low, high }) => `circuit: ${formatNumber(f)} (${formatNumber(low)} to ${formatNumber(high)})`,
    ),
  ];
}

/** A line with a symbol at each size, which tells its numbers. */
function lineMarks<P extends { readonly k: number; readonly f: number }>(
  points: readonly P[],
  { color, symbol, name }: CategoryStyle,
  line: Plot.LineOptions,
  r: number,
  told: (point: P) => string = ({ f }) => `${name}: ${formatNumber(f)}`,
): Plot.Markish[] {
  const known = points.filter(({ f }) => Number.isFinite(f));
  return [
    Plot.line(known, { x: 'k', y: 'f', stroke: color, ...line }),
    Plot.dot(known, {
      x: 'k',
      y: 'f',
      r,
      fill: color,
      symbol: () => symbol,
      title: (point: P) => `k = ${point.k}, ${told(point)}`,
    }),
  ];
}
