/**
 * Approximate against exact scores by size, one panel a method, both axes logarithmic; wrong signs are marked.
 */
import * as Plot from '@observablehq/plot';
import { max } from 'd3-array';
import type { AuditLabel } from '../results/audit-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { type CategoryStyle, FONT_SIZE, INK, LABEL_STYLES, SOFT_INK, UNLABELLED } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { placeLabels } from './place-labels.ts';
import { formatCount, formatNumber, textWidth } from './text.ts';

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
/** A panel draws so many points, the largest by either size. */
const MOST_POINTS = 700;
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
  const legend = symbolLegend([...labelStyles(shown.flatMap(({ points }) => points)), WRONG], 'row');
  return figure({
    ...words,
    body: gridPanel([[legend], ...rows], 14, 12),
    notes: notesOf(panels, domain[0]),
  });
}

function notesOf(panels: AuditScatterOptions['panels'], floor: number): string[] {
  const left = panels.map(({ points }) => Math.max(0, points.length - MOST_POINTS));
  const few =
    Math.max(...left) > 0
      ? [
          `Each panel draws the ${formatCount(MOST_POINTS)} of ${formatCount(panels[0]!.points.length)} points that are largest by either score.`,
        ]
      : [];
  return [`Sizes below ${formatNumber(floor)}, and 0, stand at the lower and left edges.`, ...few];
}

/** The size of a score; one that is no number has none. */
function sizeOf(score: number): number {
  return Number.isFinite(score) ? Math.abs(score) : 0;
}

function largest(points: readonly AuditPoint[]): AuditPoint[] {
  const size = (p: AuditPoint) => Math.max(sizeOf(p.exact), sizeOf(p.approximate));
  return points.toSorted((a, b) => size(b) - size(a)).slice(0, MOST_POINTS);
}

function labelStyles(points: readonly AuditPoint[]): CategoryStyle[] {
  const found = new Set(points.map(({ label }) => label ?? 'none'));
  const named = Object.entries(LABEL_STYLES).flatMap(([label, style]) =>
    found.has(label as AuditLabel) ? [style] : [],
  );
  return [...named, UNLABELLED];
}

function styleOf({ label }: AuditPoint): CategoryStyle {
  return label === undefined || label === 'none' ? UNLABELLED : LABEL_STYLES[label];
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
    width: SIDE + MARGIN.left + MARGIN.right,
    height: SIDE + MARGIN.top + MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
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
        fill: (p: AuditPoint) => styleOf(p).color,
        fillOpacity: 0.7,
        symbol: (p: AuditPoint) => styleOf(p).symbol,
      }),
      Plot.dot(wrong, { ...at, r: 5, symbol: 'times', stroke: INK, strokeWidth: 1.4 }),
      nameMarks(points, domain),
      Plot.text([title], { frameAnchor: 'top-left', dy: -18, textAnchor: 'start', fontWeight: 'bold' }),
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
  const words = label === undefined || label === 'none' ? '' : `, ${LABEL_STYLES[label].name}`;
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
    Plot.text([label], {
      x: () => value(label.x),
      y: () => value(SIDE - label.y),
      text: 'text',
      textAnchor: 'start',
      dx: label.dx,
      dy: label.dy,
      fontSize: FONT_SIZE - 2,
      fill: INK,
      stroke: '#ffffff',
      strokeWidth: 3,
    }),
  );
}
