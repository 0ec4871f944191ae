/**
 * Approximate against exact scores by size, one panel a method, both axes logarithmic; wrong signs are marked.
 */
import * as Plot from '@observablehq/plot';
import { max } from 'd3-array';
import type { AuditLabel } from '../results/audit-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { nameMark, panelTitle } from './marks.ts';
import { drawnNote, largestPoints } from './most-points.ts';
import {
  type CategoryStyle,
  FONT_SIZE,
  INK,
  labelsAmong,
  labelStyle,
  SOFT_INK,
  UNLABELLED,
} from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { placeLabels } from './place-labels.ts';
import { formatNumber, textWidth } from './text.ts';

export interface AuditPoint {
  name: string;
  exact: number;
  approximate: number;
  /** The two have opposite signs, and the exact one is large enough to count. */
  wrongSign: boolean;
  label?: AuditLabel | undefined;
}

export interface AuditScatterOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What both axes show. */
  unit: string;
  panels: readonly { title: string; points: readonly AuditPoint[] }[];
  /** From this size on signs count; 0 draws no line. */
  threshold: number;
}

const SIDE = 262;
const MARGIN = { left: 58, right: 10, top: 24, bottom: 40 };
const IN_A_ROW = 3;
/** Sizes below this share of the largest stand at the edge, 0 included. */
const FLOOR_SHARE = 1e-4;
/** So many names of the worst points in a panel. */
const NAMES = 5;

const WRONG: CategoryStyle = { name: 'wrong sign', color: INK, symbol: 'times' };

/** Draws the panels; all have one scale. */
export function auditScatter(options: AuditScatterOptions): Figure {
  const { panels, unit, threshold, ...words } = options;
  checkSome('panels', panels);
  const top = max(
    panels.flatMap(({ points }) => points.flatMap((p) => [sizeOf(p.exact), sizeOf(p.approximate)])),
  );
  const most = top || 1;
  const domain: [number, number] = [most * FLOOR_SHARE, most * 1.3];
  const shown = panels.map(({ title, points }) => ({ title, points: largest(points) }));
  const drawn = shown.map((panel) => scatterPanel(panel, { domain, unit, threshold }));
  const rows = Array.from({ length: Math.ceil(drawn.length / IN_A_ROW) }, (_, row) =>
    drawn.slice(row * IN_A_ROW, (row + 1) * IN_A_ROW),
  );
  const labels = labelsAmong(shown.flatMap(({ points }) => points.map(({ label }) => label)));
  const legend = symbolLegend([...labels.map(labelStyle), UNLABELLED, WRONG], 'row');
  return figure({
    ...words,
    body: gridPanel([[legend], ...rows], 14, 12),
    notes: notesOf(panels, domain[0]),
  });
}

function notesOf(panels: AuditScatterOptions['panels'], floor: number): string[] {
  return [
    `Sizes below ${formatNumber(floor)}, and 0, stand at the lower and left edges.`,
    ...drawnNote(
      panels.map(({ points }) => points.length),
      'largest by either score',
    ),
  ];
}

/** The size of a score; one that is no number has none. */
function sizeOf(score: number): number {
  return Number.isFinite(score) ? Math.abs(score) : 0;
}

function largest(points: readonly AuditPoint[]): AuditPoint[] {
  return largestPoints(points, (p) => Math.max(sizeOf(p.exact), sizeOf(p.approximate)));
}

interface Parts {
  readonly domain: readonly [number, number];
  readonly unit: string;
  readonly threshold: number;
}

function scatterPanel(
  { title, points }: { readonly title: string; readonly points: readonly AuditPoint[] },
  { domain, unit, threshold }: Parts,
): Panel {
  const clamped = (score: number) => Math.max(domain[0], sizeOf(score));
  const at = {
    x: (p: AuditPoint) => clamped(p.approximate),
    y: (p: AuditPoint) => clamped(p.exact),
    title: describe,
  };
  const axis = {
    type: 'log' as const,
    domain: [...domain],
    ticks: 4,
    tickFormat: powerOfTen,
    labelAnchor: 'center' as const,
    labelArrow: 'none' as const,
  };
  const wrong = points.filter(({ wrongSign }) => wrongSign);
  return plotPanel({
    ...around(SIDE, SIDE, MARGIN),
    x: { ...axis, label: `approximate, ${unit}` },
    y: { ...axis, label: `exact, ${unit}` },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.frame({ stroke: '#d0d0d0' }),
      Plot.line(
        domain.map((value) => ({ value })),
        { x: 'value', y: 'value', stroke: SOFT_INK, strokeDasharray: '5,4' },
      ),
      threshold > domain[0] ? Plot.ruleY([threshold], { stroke: SOFT_INK, strokeDasharray: '2,2' }) : [],
      Plot.dot(points.toReversed(), {
        ...at,
        r: points.length > 300 ? 2 : 3.2,
        fill: (p: AuditPoint) => labelStyle(p.label).color,
        fillOpacity: 0.7,
        symbol: (p: AuditPoint) => labelStyle(p.label).symbol,
      }),
      Plot.dot(wrong, { ...at, r: 5, symbol: 'times', stroke: INK, strokeWidth: 1.4 }),
      nameMarks(points, domain),
      panelTitle(title),
    ],
  });
}

/** A tick at a power of ten: 0.01, 1, 10⁻⁴; none between. */
function powerOfTen(value: number): string {
  const power = Math.round(Math.log10(value));
  if (Math.abs(Math.log10(value) - power) > 1e-9) return '';
  if (Math.abs(power) < 3) return formatNumber(value);
  return `10${String(power)
    .split('')
    .map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)])
    .join('')}`;
}

function describe({ name, exact, approximate, label, wrongSign }: AuditPoint): string {
  const words = label === undefined || label === 'none' ? '' : `, ${labelStyle(label).name}`;
  const sign = wrongSign ? ', wrong sign' : '';
  return `${name}${words}${sign}: exact ${formatNumber(exact, 4)}, approximate ${formatNumber(approximate, 4)}`;
}

/** The names of the points that are furthest off, by the difference of the two scores. */
function nameMarks(points: readonly AuditPoint[], [low, high]: readonly [number, number]): Plot.Markish {
  const pixel = (score: number) =>
    (SIDE * Math.log(Math.max(low, sizeOf(score)) / low)) / Math.log(high / low);
  const place = (p: AuditPoint) => ({ x: pixel(p.approximate), y: SIDE - pixel(p.exact) });
  const value = (x: number) => low * (high / low) ** (x / SIDE);
  const off = (p: AuditPoint) =>
    p.wrongSign ? sizeOf(p.exact) + sizeOf(p.approximate) : Math.abs(sizeOf(p.exact) - sizeOf(p.approximate));
  const named = points.toSorted((a, b) => off(b) - off(a)).slice(0, NAMES);
  const labels = named.map((p) => ({ ...place(p), text: p.name, width: textWidth(p.name, FONT_SIZE - 2) }));
  const bounds = { width: SIDE, height: SIDE, line: 12, radius: 4 };
  return placeLabels(labels, points.slice(0, 200).map(place), bounds).map((label) =>
    nameMark(label, { x: value(label.x), y: value(SIDE - label.y) }, FONT_SIZE - 2),
  );
}
