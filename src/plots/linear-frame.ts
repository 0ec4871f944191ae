/**
 * The frame of a scatter with linear axes: domains, points and the names beside them.
 */
import * as Plot from '@observablehq/plot';
import { nameMark } from './marks.ts';
import { type CategoryStyle, FONT_SIZE, RULE, UNLABELLED } from './palette.ts';
import { placeLabels } from './place-labels.ts';
import { formatNumber, textWidth } from './text.ts';

export interface FramePoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly style?: CategoryStyle | undefined;
}

export interface LinearFrame {
  /** Pixels within the frame. */
  readonly width: number;
  readonly height: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

const NAME_SIZE = FONT_SIZE - 1;
/** Names avoid so many points. */
const NEAR_POINTS = 300;

/** From the least to the most of these, with some room; around a single value, or from -1 to 1 where there is none. */
export function roomyDomain(values: readonly number[]): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) return [-1, 1];
  const room = 0.06 * (most - least || 2 * Math.abs(most) || 2);
  return [least - room, most + room];
}

/** An axis over a domain, with its label in the middle. Ticks have the digits that tell them apart. */
export function linearAxis(domain: readonly [number, number], label: string): Plot.ScaleOptions {
  const [low, high] = domain;
  const steps = Math.max(Math.abs(low), Math.abs(high)) / ((high - low) / 5);
  const digits = Math.max(3, Math.ceil(Math.log10(steps)) + 1);
  return {
    domain: [...domain],
    label,
    labelAnchor: 'center',
    labelArrow: 'none',
    ticks: 5,
    tickFormat: (value: number) => formatNumber(value, digits),
  };
}

/** A frame, lines at 0 where it holds 0, and the points: the first ones on top. */
export function frameMarks({ x, y }: LinearFrame, points: readonly FramePoint[]): Plot.Markish[] {
  const holdsZero = ([low, high]: readonly [number, number]) => low < 0 && high > 0;
  const styleOf = ({ style }: FramePoint) => style ?? UNLABELLED;
  return [
    Plot.frame({ stroke: '#d0d0d0' }),
    holdsZero(x) ? Plot.ruleX([0], { stroke: RULE }) : [],
    holdsZero(y) ? Plot.ruleY([0], { stroke: RULE }) : [],
    Plot.dot(points.toReversed(), {
      x: 'x',
      y: 'y',
      r: points.length > 300 ? 2.2 : 3.2,
      fill: (point: FramePoint) => styleOf(point).color,
      fillOpacity: 0.7,
      symbol: (point: FramePoint) => styleOf(point).symbol,
      title: ({ name, x: across, y: up }: FramePoint) =>
        `${name}: ${formatNumber(across, 4)}, ${formatNumber(up, 4)}`,
    }),
  ];
}

/** Names beside some of the points, the most important first. */
export function frameNames(
  { width, height, x, y }: LinearFrame,
  named: readonly FramePoint[],
  points: readonly FramePoint[],
): Plot.Markish {
  const place = (point: FramePoint) => ({
    x: (width * (point.x - x[0])) / (x[1] - x[0]),
    y: height - (height * (point.y - y[0])) / (y[1] - y[0]),
  });
  const labels = named.map((point) => ({
    ...place(point),
    text: point.name,
    width: textWidth(point.name, NAME_SIZE),
    point,
  }));
  const bounds = { width, height, line: 12, radius: 4 };
  return placeLabels(labels, points.slice(0, NEAR_POINTS).map(place), bounds).map((label) =>
    nameMark(
      label,
      {
        x: x[0] + (label.x / width) * (x[1] - x[0]),
        y: y[0] + (1 - label.y / height) * (y[1] - y[0]),
      },
      NAME_SIZE,
    ),
  );
}

/** Small lines of text above a frame, below the panel's title; `lines` of them have room. */
export const LINE_ABOVE = 14;
export function linesAbove(texts: readonly string[], lines: number): Plot.Markish[] {
  return texts.map((text, i) =>
    Plot.text([text], {
      frameAnchor: 'top-left',
      dy: -8 - (lines - i) * LINE_ABOVE + LINE_ABOVE / 2,
      textAnchor: 'start',
      fontSize: NAME_SIZE,
    }),
  );
}
