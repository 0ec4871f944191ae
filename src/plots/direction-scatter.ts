/**
 * Every component as a point: its effect in noising against its effect in denoising, with the regions of
 * the labels.
 */
import * as Plot from '@observablehq/plot';
import type { Component, Contrast, Label } from '../results/study-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { type CategoryStyle, FONT_SIZE, LABEL_STYLES, SOFT_INK, UNLABELLED } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { placeLabels } from './place-labels.ts';
import { componentName, formatCount, formatNumber, textWidth } from './text.ts';

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
const MARGIN = { left: 58, right: 14, top: 12, bottom: 44 };

interface Region {
  label: Label;
  corners: readonly (readonly [number, number])[];
}

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
  const high = Math.max(4 * tau, 1.08 * Math.max(0, ...values));
  const low = Math.min(-high / 3, -2.5 * tau, 1.08 * Math.min(0, ...values));
  return high === 0 && low === 0 ? [-1, 1] : [low, high === 0 ? -low / 3 : high];
}

function regionsOf(tau: number, [low, high]: [number, number], contrast: Contrast): Region[] {
  const wedge: [number, number][] = [
    [tau, -tau / 3],
    [high, -high / 3],
    [high, high / 3],
    [tau, tau / 3],
  ];
  const adder: [number, number][] = [
    [tau, tau],
    [1.5 * tau, tau],
    [high, (2 * high) / 3],
    [high, high],
    [(2 * high) / 3, high],
    [tau, 1.5 * tau],
  ];
  const below: [number, number][] = [
    [-tau, -tau],
    [-tau, low],
    [low, low],
    [low, -tau],
  ];
  return [
    { label: contrast === 'swap' ? 'noising_only' : 'and', corners: wedge },
    { label: contrast === 'swap' ? 'denoising_only' : 'or', corners: wedge.map(([x, y]) => [y, x] as const) },
    { label: 'adder', corners: adder },
    { label: 'inhibitory', corners: below },
  ];
}

function scatterPanel(points: readonly ScatterPoint[], parts: ScatterParts): Panel {
  const { tau, contrast, axes, names } = parts;
  const domain = domainOf(points, tau);
  const regions = tau > 0 ? regionsOf(tau, domain, contrast) : [];
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
    x: { domain, label: axes.noising, labelAnchor: 'center', labelArrow: 'none' },
    y: { domain, label: axes.denoising, labelAnchor: 'center', labelArrow: 'none' },
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
      Plot.dot(labelled, {
        ...at,
        r: labelled.length > 200 ? 3 : 4.5,
        fill: (p: ScatterPoint) => style(p).color,
        symbol: (p: ScatterPoint) => style(p).symbol,
        stroke: '#ffffff',
        strokeWidth: 0.6,
      }),
      regionNames(regions, domain),
      nameMarks(points, labelled.length > 0 ? labelled : points, domain, names),
    ],
  });
}

function describe({ component, noising, denoising, label }: ScatterPoint): string {
  const name = label ? `, ${LABEL_STYLES[label].name}` : '';
  return `${componentName(component)}${name}: noising ${formatNumber(noising, 4)}, denoising ${formatNumber(denoising, 4)}`;
}

function regionMarks({ label, corners }: Region): Plot.Markish[] {
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

/** The name of each region, in its outer corner. */
function regionNames(regions: readonly Region[], [low, high]: [number, number]): Plot.Markish {
  const span = high - low;
  const places: Record<string, [number, number, 'start' | 'end']> = {
    and: [high - 0.01 * span, -high / 3 + 0.06 * span, 'end'],
    or: [-high / 3 + 0.03 * span, high - 0.025 * span, 'start'],
    adder: [high - 0.01 * span, high - 0.05 * span, 'end'],
    inhibitory: [low + 0.015 * span, low + 0.025 * span, 'start'],
  };
  const alias: Partial<Record<Label, string>> = { noising_only: 'and', denoising_only: 'or' };
  return regions.map(({ label }) => {
    const [x, y, textAnchor] = places[alias[label] ?? label]!;
    const { color, name } = LABEL_STYLES[label];
    return Plot.text([{ x, y }], {
      x: 'x',
      y: 'y',
      text: () => name,
      textAnchor,
      fill: color,
      fontWeight: 'bold',
    });
  });
}

function tauBox(tau: number): Plot.Markish[] {
  const box = [{ from: -tau, to: tau }];
  const edges = { x1: 'from', x2: 'to', y1: 'from', y2: 'to' };
  return [
    Plot.rect(box, { ...edges, fill: 'none', stroke: SOFT_INK, strokeDasharray: '2,2', strokeWidth: 0.9 }),
  ];
}

function nameMarks(
  points: readonly ScatterPoint[],
  candidates: readonly ScatterPoint[],
  [low, high]: [number, number],
  names: number,
): Plot.Markish {
  const pixel = (value: number) => ((value - low) / (high - low)) * SIDE;
  const place = (p: ScatterPoint) => ({ x: pixel(p.noising), y: SIDE - pixel(p.denoising) });
  const labels = candidates.slice(0, names).map((point) => {
    const text = componentName(point.component);
    return { ...place(point), text, width: textWidth(text, FONT_SIZE - 1) };
  });
  const bounds = { width: SIDE, height: SIDE, line: 13, radius: 5 };
  const placed = placeLabels(labels, points.slice(0, 400).map(place), bounds);
  const value = (x: number) => low + (x / SIDE) * (high - low);
  return placed.map((label) =>
    Plot.text([label], {
      x: () => value(label.x),
      y: () => value(SIDE - label.y),
      text: 'text',
      textAnchor: 'start',
      dx: label.dx,
      dy: label.dy,
      fontSize: FONT_SIZE - 1,
    }),
  );
}
