/**
 * One number against another for the same things, such as a method's scores against exact ones, with the least squares
 * line. Its 95% band takes points as independent of one another: it is drawn for pairs and clusters, never for the
 * components of one model.
 */
import * as Plot from '@observablehq/plot';
import { InputError } from '../errors.ts';
import { pearson, spearman } from '../stats/correlation.ts';
import { isConstant } from '../stats/moments.ts';
import { bandAt, type Line, regressionLine } from '../stats/regression.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { styleLegend } from './legend.ts';
import {
  frameMarks,
  frameNames,
  type FramePoint,
  LINE_ABOVE,
  linearAxis,
  type LinearFrame,
  linesAbove,
  roomyDomain,
} from './linear-frame.ts';
import { panelTitle } from './marks.ts';
import { drawnNote, largestPoints } from './most-points.ts';
import { FONT_SIZE, INK, SOFT_INK } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatCount, formatNumber, wrapText } from './text.ts';

/** What a point is. Pairs are given only where each is a cluster by itself; else clusters, by their means. */
export type PointUnit = 'components' | 'pairs' | 'clusters';

export interface MethodPanel {
  title: string;
  points: readonly FramePoint[];
}

export interface MethodScatterOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What each axis shows, with its unit. */
  axes: { x: string; y: string };
  unit: PointUnit;
  /** One, or two side by side with the same axes. */
  panels: readonly MethodPanel[];
  /** Both axes are in one unit: they have one scale, and a dashed line of equality. */
  sameUnit?: boolean;
}

const SIDE = 310;
const MARGIN = { left: 76, right: 12, bottom: 40 };
/** So many names of the points furthest from the line in a panel. */
const NAMES = 6;
/** Pieces of the line and its band. */
const PIECES = 60;
const BAND = '#0072b2';

/** Draws the panels. What is written above each is of all points that have both values. */
export function methodScatter(options: MethodScatterOptions): Figure {
  const { axes, unit, panels, sameUnit = false, ...words } = options;
  checkSome('panels', panels);
  if (panels.length > 2) throw new InputError(`invalid panels: ${panels.length}, expected 1 or 2`);
  const fitted = panels.map((panel) => fit(panel, unit));
  const all = fitted.flatMap(({ points }) => points);
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  const both = sameUnit ? roomyDomain([...xs, ...ys]) : undefined;
  const frame = { width: SIDE, height: SIDE, x: both ?? roomyDomain(xs), y: both ?? roomyDomain(ys) };
  const lines = Math.max(...fitted.map(({ said }) => said.length));
  const drawn = fitted.map((one) => scatterPanel(one, { frame, axes, lines, sameUnit, unit }));
  const banded = unit !== 'components' && fitted.some(({ line }) => line.n > 2 && hasLine(line));
  const notes = [
    ...(banded ? ['Blue: the 95% band for the mean of y at each x, points taken as independent.'] : []),
    ...drawnNote(
      fitted.map(({ points }) => points.length),
      'furthest from the middle; what is written above is of all',
    ),
  ];
  return figure({ ...words, body: gridPanel([...styleLegend(all), drawn], 14, 10), notes });
}

interface Fitted {
  readonly title: string;
  /** Those with two finite values. */
  readonly points: readonly FramePoint[];
  readonly line: Line;
  /** Above the frame. */
  readonly said: readonly string[];
}

function fit({ title, points: given }: MethodPanel, unit: PointUnit): Fitted {
  const points = given.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const line = regressionLine(xs, ys);
  const left = given.length - points.length;
  const numbers = [
    `n = ${formatCount(points.length)} ${unit}, slope ${formatNumber(line.slope)}`,
    `Pearson ${formatNumber(pearson(xs, ys))}, Spearman ${formatNumber(spearman(xs, ys))}`,
  ];
  const notes = [reasonOf(xs, ys), left > 0 ? `${formatCount(left)} without both values left out` : ''];
  const said = [...numbers, ...notes.filter((note) => note !== '')].flatMap((text) =>
    wrapText(text, SIDE + MARGIN.right, FONT_SIZE - 1),
  );
  return { title, points, line, said };
}

/** Why a number above is missing; nothing where none is. */
function reasonOf(xs: readonly number[], ys: readonly number[]): string {
  if (xs.length < 2) return 'No line: fewer than two points have both values';
  if (isConstant(xs)) return 'No line, no correlation: all x are equal';
  return isConstant(ys) ? 'No correlation: all y are equal' : '';
}

function hasLine({ slope }: Line): boolean {
  return Number.isFinite(slope);
}

interface Parts {
  readonly frame: LinearFrame;
  readonly axes: MethodScatterOptions['axes'];
  readonly lines: number;
  readonly sameUnit: boolean;
  readonly unit: PointUnit;
}

function scatterPanel({ title, points, line, said }: Fitted, parts: Parts): Panel {
  const { frame, axes, lines, sameUnit, unit } = parts;
  const off = ({ x, y }: FramePoint) => Math.abs(y - line.intercept - line.slope * x);
  const rounding = 1e-9 * (frame.y[1] - frame.y[0]);
  const named = largestPoints(points, off)
    .slice(0, NAMES)
    .filter((point) => off(point) > rounding);
  const shown = [...new Set([...named, ...largestPoints(points, distanceIn(frame, line))])];
  return plotPanel({
    ...around(SIDE, SIDE, { ...MARGIN, top: 26 + lines * LINE_ABOVE }),
    x: linearAxis(frame.x, axes.x),
    y: linearAxis(frame.y, axes.y),
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      sameUnit ? equality(frame) : [],
      unit !== 'components' ? bandMark(points, line, frame) : [],
      ...frameMarks(frame, shown),
      lineMark(points, line, frame),
      frameNames(frame, named, shown),
      panelTitle(title, -16 - lines * LINE_ABOVE),
      ...linesAbove(said, lines),
    ],
  });
}

/** How far a point is from the middle of the line, as a share of the frame. */
function distanceIn({ x, y }: LinearFrame, line: Line): (point: FramePoint) => number {
  const meanY = line.intercept + line.slope * line.meanX;
  const centre = Number.isFinite(meanY) ? { x: line.meanX, y: meanY } : { x: x[0], y: y[0] };
  return (point) => Math.hypot((point.x - centre.x) / (x[1] - x[0]), (point.y - centre.y) / (y[1] - y[0]));
}

function equality({ x, y }: LinearFrame): Plot.Markish {
  const [low, high] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
  return Plot.line(
    [low, high].map((value) => ({ value })),
    { x: 'value', y: 'value', stroke: SOFT_INK, strokeDasharray: '5,4' },
  );
}

/** Places from the least to the most x of the points. */
function placesOf(points: readonly FramePoint[]): number[] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x } of points) [least, most] = [Math.min(least, x), Math.max(most, x)];
  return Array.from({ length: PIECES + 1 }, (_, i) => least + (i / PIECES) * (most - least));
}

/** The line as far as there are points, within the frame. */
function lineMark(points: readonly FramePoint[], line: Line, { y: [low, high] }: LinearFrame): Plot.Markish {
  if (!hasLine(line)) return [];
  const at = placesOf(points).map((x) => ({ x, y: line.intercept + line.slope * x }));
  return Plot.line(
    at.filter(({ y }) => y >= low && y <= high),
    { x: 'x', y: 'y', stroke: INK, strokeWidth: 1.5 },
  );
}

function bandMark(points: readonly FramePoint[], line: Line, { y: [low, high] }: LinearFrame): Plot.Markish {
  if (!hasLine(line) || line.n < 3) return [];
  const inside = (value: number) => Math.min(high, Math.max(low, value));
  const at = placesOf(points).map((x) => {
    const band = bandAt(line, x);
    return { x, low: inside(band.low), high: inside(band.high) };
  });
  return Plot.areaY(at, { x: 'x', y1: 'low', y2: 'high', fill: BAND, fillOpacity: 0.16 });
}
