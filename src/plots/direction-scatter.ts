/**
 * Every component as a point: its effect in noising against its effect in denoising, with the regions of
 * the labels.
 */
import * as Plot from '@observablehq/plot';
import { extent } from 'd3-array';
import type { Label } from '../results/study-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { type Corner, type LabelRegion, labelRegions } from './label-regions.ts';
import { symbolLegend } from './legend.ts';
import { HALO, nameMark } from './marks.ts';
import {
  type CategoryStyle,
  FONT_SIZE,
  LABEL_STYLES,
  labelsAmong,
  labelStyle,
  SOFT_INK,
  UNLABELLED,
} from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { type Box, freeBox, placeLabels } from './place-labels.ts';
import { symexp, symlog, type SymlogAxis, symlogTicks } from './symlog.ts';
import { componentName, formatCount, formatNumber, textWidth } from './text.ts';
import type { Component, Contrast, Kind } from '../terms.ts';

export interface ScatterPoint {
  component: Component;
  noising: number;
  denoising: number;
  label?: Label | undefined;
}

export interface DirectionScatterOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  kind: Kind;
  points: readonly ScatterPoint[];
  /** Threshold of the labels; 0 draws no regions, for values that are not normalised. */
  tau: number;
  contrast: Contrast;
  axes: { noising: string; denoising: string };
  /** Points closer to 0 than this in both directions are left out and counted. */
  leaveOutBelow?: number;
}

const SIDE = 560;
/** The strongest are named where there is room: as many as have a label, but no fewer and no more than these. */
const NAMES = { least: 8, most: 16 };
/** The axes reach beyond the furthest point by this factor, so that there is room for its name. */
const ROOM = 1.25;
/** Names avoid so many of the strongest points. */
const NEAR_POINTS = 400;
const MARGIN = { left: 76, right: 14, top: 12, bottom: 44 };

/**
 * Draws the scatter. Both axes have one scale, so that the line of equality is the diagonal; it is logarithmic beyond
 * tau, so that one strong component does not press all others together.
 */
export function directionScatter(options: DirectionScatterOptions): Figure {
  const { kind, points, tau, contrast, axes, leaveOutBelow = 0, ...words } = options;
  checkSome('points', points);
  const size = (point: ScatterPoint) => Math.max(Math.abs(point.noising), Math.abs(point.denoising));
  const shown = points.filter((point) => size(point) >= leaveOutBelow).sort((a, b) => size(b) - size(a));
  const body = gridPanel([[scatterPanel(shown, { kind, tau, contrast, axes }), legendOf(shown, tau)]], 10);
  const left = points.length - shown.length;
  const notes =
    left > 0
      ? [
          `${formatCount(left)} of ${formatCount(points.length)} components, smaller than ${formatNumber(leaveOutBelow)} in both directions, are left out.`,
        ]
      : [];
  return figure({ ...words, body, notes });
}

function legendOf(points: readonly ScatterPoint[], tau: number): Panel {
  if (tau === 0) return { width: 0, height: 0, content: '' };
  const labels = labelsAmong(points.map(({ label }) => label));
  const entry = (style: CategoryStyle, label?: Label): CategoryStyle => {
    const count = points.filter((point) => point.label === label).length;
    return { ...style, name: `${style.name} (${formatCount(count)})` };
  };
  return symbolLegend([...labels.map((label) => entry(LABEL_STYLES[label], label)), entry(UNLABELLED)]);
}

/** Room for a tick's text, as a share of half the axis. */
const TICK_SPACE = 0.14;

/** Linear up to tau; without tau, up to a fiftieth of the largest value. */
function axisOf([low, high]: readonly [number, number], tau: number): SymlogAxis {
  const limit = Math.max(-low, high);
  return { limit, linear: tau > 0 ? tau : limit / 50 };
}

/** Points of a straight edge, which these axes bend: so many as make it smooth. The first end is left out. */
function edge(from: Corner, to: Corner, axis: SymlogAxis): { x: number; y: number }[] {
  const length = (k: 0 | 1): number => Math.abs(symlog(to[k], axis) - symlog(from[k], axis));
  const along = length(0) > length(1) ? 0 : 1;
  const steps = Math.ceil(8 * length(along));
  const [start, end] = [symlog(from[along], axis), symlog(to[along], axis)];
  return Array.from({ length: Math.max(1, steps) }, (_, i) => {
    if (i + 1 >= steps) return { x: to[0], y: to[1] };
    const value = symexp(start + ((i + 1) / steps) * (end - start), axis);
    const share = (value - from[along]) / (to[along] - from[along]);
    return { x: from[0] + share * (to[0] - from[0]), y: from[1] + share * (to[1] - from[1]) };
  });
}

type ScatterParts = Required<Pick<DirectionScatterOptions, 'kind' | 'tau' | 'contrast' | 'axes'>>;

/** The common domain of both axes, wide enough for all points and for the wedges of the regions. */
function domainOf(points: readonly ScatterPoint[], tau: number): [number, number] {
  const values = points.flatMap((point) => [point.noising, point.denoising]).filter(Number.isFinite);
  const [least, most] = extent([0, ...values]) as [number, number];
  const high = Math.max(4 * tau, ROOM * most);
  const low = Math.min(-high / 3, -2.5 * tau, ROOM * least);
  return high === 0 && low === 0 ? [-1, 1] : [low, high === 0 ? -low / 3 : high];
}

function scatterPanel(points: readonly ScatterPoint[], parts: ScatterParts): Panel {
  const { kind, tau, contrast, axes } = parts;
  const domain = domainOf(points, tau);
  const axis = axisOf(domain, tau);
  const regions = tau > 0 ? labelRegions(tau, domain, contrast) : [];
  const square = squareOf(domain, axis);
  const regionNames = regions.map((region) => regionName(region, points, square));
  const [plain, labelled] = [points.filter((p) => !p.label), points.filter((p) => p.label)];
  const at = { x: 'noising', y: 'denoising', title: (point: ScatterPoint) => describe(kind, point) };
  const scale = {
    type: 'symlog',
    constant: axis.linear,
    domain,
    ticks: symlogTicks(axis, TICK_SPACE).filter((tick) => tick >= domain[0]),
    tickFormat: (value: number) => formatNumber(value, 2),
    labelAnchor: 'center',
    labelArrow: 'none',
  } as const;
  return plotPanel({
    ...around(SIDE, SIDE, MARGIN),
    x: { ...scale, label: axes.noising },
    y: { ...scale, label: axes.denoising },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      ...regions.flatMap((region) => regionMarks(region, axis)),
      Plot.link([domain], {
        x1: (d: [number, number]) => d[0],
        y1: (d: [number, number]) => d[0],
        x2: (d: [number, number]) => d[1],
        y2: (d: [number, number]) => d[1],
        stroke: SOFT_INK,
        strokeDasharray: '5,4',
      }),
      Plot.ruleX([0], { stroke: '#777777' }),
      Plot.ruleY([0], { stroke: '#777777' }),
      ...(tau > 0 ? tauBox(tau) : []),
      Plot.dot(plain, { ...at, r: 2.6, fill: UNLABELLED.color, fillOpacity: 0.55 }),
      Plot.dot(labelled.toReversed(), {
        ...at,
        r: labelled.length > 200 ? 3 : 4.5,
        fill: (p: ScatterPoint) => labelStyle(p.label).color,
        symbol: (p: ScatterPoint) => labelStyle(p.label).symbol,
        stroke: '#ffffff',
        strokeWidth: 0.6,
      }),
      ...regionNames.map(({ mark }) => mark),
      nameMarks(
        kind,
        points,
        points.slice(0, Math.min(NAMES.most, Math.max(NAMES.least, labelled.length))),
        square,
        regionNames.map(({ box }) => box),
      ),
    ],
  });
}

function describe(kind: Kind, { component, noising, denoising, label }: ScatterPoint): string {
  const name = label ? `, ${LABEL_STYLES[label].name}` : '';
  return `${componentName(kind, component)}${name}: noising ${formatNumber(noising, 4)}, denoising ${formatNumber(denoising, 4)}`;
}

function regionMarks({ label, corners }: LabelRegion, axis: SymlogAxis): Plot.Markish[] {
  const { color } = LABEL_STYLES[label];
  const closed = [...corners, corners[0]!].flatMap((to, i) => edge(corners[i - 1] ?? to, to, axis));
  return [
    Plot.line(closed, {
      x: 'x',
      y: 'y',
      fill: color,
      fillOpacity: 0.09,
      stroke: color,
      strokeOpacity: 0.35,
      strokeWidth: 0.8,
    }),
  ];
}

/** From values to pixels within the frame and back. */
interface Square {
  place(noising: number, denoising: number): { x: number; y: number };
  valueOfX(x: number): number;
  valueOfY(y: number): number;
}

function squareOf(domain: readonly [number, number], axis: SymlogAxis): Square {
  const [low, high] = domain.map((end) => symlog(end, axis)) as [number, number];
  const pixel = (value: number) => ((symlog(value, axis) - low) / (high - low)) * SIDE;
  const value = (x: number) => symexp(low + (x / SIDE) * (high - low), axis);
  return {
    place: (noising, denoising) => ({ x: pixel(noising), y: SIDE - pixel(denoising) }),
    valueOfX: value,
    valueOfY: (y) => value(SIDE - y),
  };
}

const placeOf = (square: Square) => (point: ScatterPoint) => square.place(point.noising, point.denoising);

function regionName(
  { label, namePlaces }: LabelRegion,
  points: readonly ScatterPoint[],
  square: Square,
): { mark: Plot.Markish; box: Box } {
  const { color, name } = LABEL_STYLES[label];
  const half = textWidth(name, FONT_SIZE) / 2;
  const boxes = namePlaces.map(([noising, denoising]) => {
    const place = square.place(noising, denoising);
    const [x, y] = [Math.max(half, Math.min(SIDE - half, place.x)), place.y];
    return { left: x - half, right: x + half, top: y - 8, bottom: y + 8 };
  });
  const box = freeBox(boxes, points.map(placeOf(square)), 6);
  const at = [{ x: square.valueOfX(box.left + half), y: square.valueOfY(box.top + 8) }];
  const mark = Plot.text(at, { x: 'x', y: 'y', text: () => name, fill: color, fontWeight: 'bold', ...HALO });
  return { mark, box };
}

function tauBox(tau: number): Plot.Markish[] {
  const box = [{ from: -tau, to: tau }];
  const edges = { x1: 'from', x2: 'to', y1: 'from', y2: 'to' };
  return [
    Plot.rect(box, { ...edges, fill: 'none', stroke: SOFT_INK, strokeDasharray: '2,2', strokeWidth: 0.9 }),
  ];
}

/** The names of the strongest points, beside them. */
function nameMarks(
  kind: Kind,
  points: readonly ScatterPoint[],
  named: readonly ScatterPoint[],
  square: Square,
  occupied: readonly Box[],
): Plot.Markish {
  const labels = named.map((point) => {
    const text = componentName(kind, point.component);
    return { ...placeOf(square)(point), text, width: textWidth(text, FONT_SIZE - 1) };
  });
  const bounds = { width: SIDE, height: SIDE, line: 13, radius: 5 };
  const placed = placeLabels(labels, points.slice(0, NEAR_POINTS).map(placeOf(square)), bounds, occupied);
  const lines = placed.flatMap(({ x, y, leader }) =>
    leader ? [{ x, y, toX: x + leader.dx, toY: y + leader.dy }] : [],
  );
  return [
    Plot.link(lines, {
      x1: (line: { x: number }) => square.valueOfX(line.x),
      y1: (line: { y: number }) => square.valueOfY(line.y),
      x2: (line: { toX: number }) => square.valueOfX(line.toX),
      y2: (line: { toY: number }) => square.valueOfY(line.toY),
      stroke: SOFT_INK,
      strokeWidth: 0.6,
    }),
    ...placed.map((label) =>
      nameMark(label, { x: square.valueOfX(label.x), y: square.valueOfY(label.y) }, FONT_SIZE - 1),
    ),
  ];
}
