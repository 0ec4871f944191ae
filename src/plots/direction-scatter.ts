/**
 * Every component as a point: its effect in noising against its effect in denoising, with the regions of
 * the labels.
 */
import * as Plot from '@observablehq/plot';
import { extent } from 'd3-array';
import type { Label } from '../results/study-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { type LabelRegion, labelRegions } from './label-regions.ts';
import { symbolLegend } from './legend.ts';
import { type CategoryStyle, FONT_SIZE, INK, LABEL_STYLES, SOFT_INK, UNLABELLED } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { type Box, freeBox, type PlacedLabel, placeLabels } from './place-labels.ts';
import { componentName, formatCount, formatNumber, textWidth } from './text.ts';
import type { Component, Contrast } from '../terms.ts';

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
  points: readonly ScatterPoint[];
  /** Threshold of the labels; 0 draws no regions, for values that are not normalised. */
  tau: number;
  contrast: Contrast;
  axes: { noising: string; denoising: string };
  /** At most so many names are written. */
  names?: number;
  /** Points closer to 0 than this in both directions are left out and counted. */
  leaveOutBelow?: number;
}

const SIDE = 560;
/** Names avoid so many of the strongest points. */
const NEAR_POINTS = 400;
const MARGIN = { left: 76, right: 14, top: 12, bottom: 44 };

/** Draws the scatter. Axes have one scale, so that the line of equality is the diagonal. */
export function directionScatter(options: DirectionScatterOptions): Figure {
  const { points, tau, contrast, axes, names = 16, leaveOutBelow = 0, ...words } = options;
  checkSome('points', points);
  const size = (point: ScatterPoint) => Math.max(Math.abs(point.noising), Math.abs(point.denoising));
  const shown = points.filter((point) => size(point) >= leaveOutBelow).sort((a, b) => size(b) - size(a));
  const body = gridPanel([[scatterPanel(shown, { tau, contrast, axes, names }), legendOf(shown, tau)]], 10);
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
  const labels = (Object.keys(LABEL_STYLES) as Label[]).filter((label) =>
    points.some((p) => p.label === label),
  );
  const entry = (style: CategoryStyle, label?: Label): CategoryStyle => {
    const count = points.filter((point) => point.label === label).length;
    return { ...style, name: `${style.name} (${formatCount(count)})` };
  };
  return symbolLegend([...labels.map((label) => entry(LABEL_STYLES[label], label)), entry(UNLABELLED)]);
}

type ScatterParts = Required<Pick<DirectionScatterOptions, 'tau' | 'contrast' | 'axes' | 'names'>>;

/** The common domain of both axes, wide enough for all points and for the wedges of the regions. */
function domainOf(points: readonly ScatterPoint[], tau: number): [number, number] {
  const values = points.flatMap((point) => [point.noising, point.denoising]).filter(Number.isFinite);
  const [least, most] = extent([0, ...values]) as [number, number];
  const high = Math.max(4 * tau, 1.08 * most);
  const low = Math.min(-high / 3, -2.5 * tau, 1.08 * least);
  return high === 0 && low === 0 ? [-1, 1] : [low, high === 0 ? -low / 3 : high];
}

function scatterPanel(points: readonly ScatterPoint[], parts: ScatterParts): Panel {
  const { tau, contrast, axes, names } = parts;
  const domain = domainOf(points, tau);
  const regions = tau > 0 ? labelRegions(tau, domain, contrast) : [];
  const square = squareOf(domain);
  const regionNames = regions.map((region) => regionName(region, points, square));
  const style = (point: ScatterPoint) => (point.label ? LABEL_STYLES[point.label] : UNLABELLED);
  const [plain, labelled] = [points.filter((p) => !p.label), points.filter((p) => p.label)];
  const at = { x: 'noising', y: 'denoising', title: describe };
  return plotPanel({
    width: SIDE + MARGIN.left + MARGIN.right,
    height: SIDE + MARGIN.top + MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    x: { domain, ticks: 8, label: axes.noising, labelAnchor: 'center', labelArrow: 'none' },
    y: { domain, ticks: 8, label: axes.denoising, labelAnchor: 'center', labelArrow: 'none' },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      ...regions.flatMap(regionMarks),
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
        fill: (p: ScatterPoint) => style(p).color,
        symbol: (p: ScatterPoint) => style(p).symbol,
        stroke: '#ffffff',
        strokeWidth: 0.6,
      }),
      ...regionNames.map(({ mark }) => mark),
      nameMarks(
        points,
        (labelled.length > 0 ? labelled : points).slice(0, names),
        square,
        regionNames.map(({ box }) => box),
      ),
    ],
  });
}

function describe({ component, noising, denoising, label }: ScatterPoint): string {
  const name = label ? `, ${LABEL_STYLES[label].name}` : '';
  return `${componentName(component)}${name}: noising ${formatNumber(noising, 4)}, denoising ${formatNumber(denoising, 4)}`;
}

function regionMarks({ label, corners }: LabelRegion): Plot.Markish[] {
  const { color } = LABEL_STYLES[label];
  const closed = [...corners, corners[0]!].map(([x, y]) => ({ x, y }));
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

function squareOf([low, high]: readonly [number, number]): Square {
  const pixel = (value: number) => ((value - low) / (high - low)) * SIDE;
  const value = (x: number) => low + (x / SIDE) * (high - low);
  return {
    place: (noising, denoising) => ({ x: pixel(noising), y: SIDE - pixel(denoising) }),
    valueOfX: value,
    valueOfY: (y) => value(SIDE - y),
  };
}

const placeOf = (square: Square) => (point: ScatterPoint) => square.place(point.noising, point.denoising);

/** A halo that keeps text readable on lines. */
const HALO = { stroke: '#ffffff', strokeWidth: 3 };

function regionName(
  { label, namePlaces }: LabelRegion,
  points: readonly ScatterPoint[],
  square: Square,
): { mark: Plot.Markish; box: Box } {
  const { color, name } = LABEL_STYLES[label];
  const half = textWidth(name, FONT_SIZE) / 2;
  const boxes = namePlaces.map(([noising, denoising]) => {
    const { x, y } = square.place(noising, denoising);
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
  points: readonly ScatterPoint[],
  named: readonly ScatterPoint[],
  square: Square,
  occupied: readonly Box[],
): Plot.Markish {
  const labels = named.map((point) => {
    const text = componentName(point.component);
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
    ...placed.map((label) => nameMark(label, square)),
  ];
}

function nameMark(label: PlacedLabel, square: Square): Plot.Markish {
  return Plot.text([label], {
    x: () => square.valueOfX(label.x),
    y: () => square.valueOfY(label.y),
    text: 'text',
    textAnchor: 'start',
    dx: label.dx,
    dy: label.dy,
    fontSize: FONT_SIZE - 1,
    fill: INK,
    ...HALO,
  });
}
