/**
 * A mean-difference plot (Bland and Altman): two measurements of the same things in one unit, their difference against
 * their average. Lines: the mean difference, and the 2.5% and 97.5% quantiles of the differences; points outside have names.
 * Under 40 points no limits are drawn, as they would lie between the outermost two; those furthest from the mean have names.
 */
import * as Plot from '@observablehq/plot';
import { meanDifference, type MeanDifference } from '../stats/mean-difference.ts';
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
import { type CategoryStyle, FONT_SIZE, INK, SOFT_INK } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatCount, formatNumber, wrapText } from './text.ts';

/** Two measurements of one thing. */
export interface MeasuredPoint {
  name: string;
  first: number;
  second: number;
  style?: CategoryStyle | undefined;
}

export interface MeanDifferenceOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What was measured, in words: the difference is first less second. */
  first: string;
  second: string;
  /** The unit of both: measurements in two units have no difference. */
  unit: string;
  panels: readonly { title: string; points: readonly MeasuredPoint[] }[];
}

const WIDTH = 330;
const HEIGHT = 250;
const MARGIN = { left: 60, right: 12, bottom: 40 };
const IN_A_ROW = 2;
/** So many names of points outside the limits in a panel. */
const NAMES = 6;
/** And where there are no limits. */
const NAMES_OF_FEW = 3;
/** With fewer values the limits would lie between the outermost two differences. */
const ENOUGH = 40;

/** What a caption says of the names, and of limits, for so many points of these in a panel. */
export function limitsCaption(what: string, n: number): string {
  return n < ENOUGH
    ? `Under ${ENOUGH} ${what} no limits are claimed; those furthest from the mean difference have names.`
    : `Named ${what} lie outside the limits between which 95% of the differences are.`;
}

/** Draws the panels; all have one scale. */
export function meanDifferencePlot(options: MeanDifferenceOptions): Figure {
  const { panels, first, second, unit, ...words } = options;
  checkSome('panels', panels);
  const measured = panels.map(measure);
  const all = measured.flatMap(({ points }) => points);
  const frame: LinearFrame = {
    width: WIDTH,
    height: HEIGHT,
    x: roomyDomain(all.map(({ x }) => x)),
    y: roomyDomain([0, ...all.map(({ y }) => y)]),
  };
  const lines = Math.max(...measured.map(({ said }) => said.length));
  const axes = { x: `average of both, ${unit}`, y: `${first} − ${second}, ${unit}` };
  const drawn = measured.map((one) => differencePanel(one, { frame, axes, lines }));
  const rows = Array.from({ length: Math.ceil(drawn.length / IN_A_ROW) }, (_, row) =>
    drawn.slice(row * IN_A_ROW, (row + 1) * IN_A_ROW),
  );
  const notes = [
    measured.some(({ found }) => hasLimits(found))
      ? 'Line: mean difference. Dashed: the limits between which 95% of the differences lie (2.5% and 97.5% quantiles).'
      : 'Line: mean difference.',
    ...drawnNote(
      measured.map(({ points }) => points.length),
      'furthest from the mean difference; what is written above is of all',
    ),
  ];
  return figure({ ...words, body: gridPanel([...styleLegend(all), ...rows], 14, 12), notes });
}

interface Measured {
  readonly title: string;
  /** Average and difference. */
  readonly points: readonly FramePoint[];
  readonly found: MeanDifference;
  readonly said: readonly string[];
}

function measure({ title, points: given }: MeanDifferenceOptions['panels'][number]): Measured {
  const known = given.filter(({ first, second }) => Number.isFinite(first) && Number.isFinite(second));
  const found = meanDifference(
    known.map(({ first }) => first),
    known.map(({ second }) => second),
  );
  const points = known.map(({ name, style }, i) => ({
    name,
    style,
    x: found.averages[i]!,
    y: found.differences[i]!,
  }));
  const said = describe(points, found, given.length).flatMap((text) =>
    wrapText(text, WIDTH + MARGIN.right, FONT_SIZE - 1),
  );
  return { title, points, found, said };
}

/** What is written above a panel. */
function describe(points: readonly FramePoint[], found: MeanDifference, given: number): string[] {
  const { mean, low, high, n } = found;
  if (n === 0) return ['No differences: nothing has both values'];
  const left = given > n ? [`${formatCount(given - n)} without both values left out`] : [];
  const equal = found.differences.every((one) => one === found.differences[0]);
  const all = equal ? [`All differences are ${formatNumber(mean)}`] : [];
  if (!hasLimits(found))
    return [
      `n = ${formatCount(n)}, mean ${formatNumber(mean)}`,
      ...(equal ? all : [`n under ${ENOUGH}: no limits`]),
      ...left,
    ];
  const outside = points.filter((point) => isOutside(point, found)).length;
  return [
    `n = ${formatCount(n)}, ${formatCount(outside)} outside the limits`,
    `mean ${formatNumber(mean)}, limits ${formatNumber(low)} to ${formatNumber(high)}`,
    ...all,
    ...left,
  ];
}

function hasLimits({ n }: MeanDifference): boolean {
  return n >= ENOUGH;
}

function isOutside({ y }: FramePoint, { low, high }: MeanDifference): boolean {
  return y < low || y > high;
}

interface Parts {
  readonly frame: LinearFrame;
  readonly axes: { readonly x: string; readonly y: string };
  readonly lines: number;
}

function differencePanel({ title, points, found, said }: Measured, { frame, axes, lines }: Parts): Panel {
  const shown = largestPoints(points, ({ y }) => Math.abs(y - found.mean));
  const limited = hasLimits(found);
  const named = limited
    ? shown.filter((point) => isOutside(point, found)).slice(0, NAMES)
    : shown.filter(({ y }) => y !== found.mean).slice(0, NAMES_OF_FEW);
  const rule = (value: number, dash?: string): Plot.Markish =>
    Number.isFinite(value)
      ? Plot.ruleY([value], { stroke: dash ? SOFT_INK : INK, ...(dash && { strokeDasharray: dash }) })
      : [];
  return plotPanel({
    ...around(WIDTH, HEIGHT, { ...MARGIN, top: 26 + lines * LINE_ABOVE }),
    x: linearAxis(frame.x, axes.x),
    y: linearAxis(frame.y, axes.y),
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      ...frameMarks(frame, shown),
      rule(found.mean),
      ...(limited ? [rule(found.low, '5,4'), rule(found.high, '5,4')] : []),
      frameNames(frame, named, shown),
      panelTitle(title, -16 - lines * LINE_ABOVE),
      ...linesAbove(said, lines),
    ],
  });
}
