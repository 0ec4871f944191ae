/** Where to write names beside points so that they cover neither each other nor the points. */

export interface LabelledPoint {
  /** Pixels. */
  x: number;
  y: number;
  text: string;
  width: number;
}

export interface PlacedLabel extends LabelledPoint {
  /** Pixels from the point to the middle of the text's left edge. */
  dx: number;
  dy: number;
  /** Where a line from the point to its name ends, for names that stand apart; pixels from the point. */
  leader?: { dx: number; dy: number };
}

export interface LabelBounds {
  width: number;
  height: number;
  /** Height of a line of text. */
  line: number;
  /** Radius that is kept free around points. */
  radius: number;
}

/** A rectangle of pixels. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Places names in the order given, the most important first, each at the first free of several places around
 * its point. Names for which there is no free place are left out. `occupied` stays free of names and of their lines; a
 * line may leave one that its point lies in.
 */
export function placeLabels(
  labels: readonly LabelledPoint[],
  points: readonly { x: number; y: number }[],
  bounds: LabelBounds,
  occupied: readonly Box[] = [],
): PlacedLabel[] {
  const taken = [...occupied];
  const placed: PlacedLabel[] = [];
  for (const label of labels) {
    for (const { dx, dy, apart } of offsets(label.width, bounds)) {
      const box = boxAt(label, dx, dy, bounds.line);
      if (!inside(box, bounds) || taken.some((other) => overlap(box, other))) continue;
      if (points.some((point) => covers(box, point, bounds.radius, label))) continue;
      if (placed.some((other) => other.leader && isCrossed(box, other, other.leader))) continue;
      const leader = apart ? leaderTo(dx, dy, label.width) : undefined;
      if (leader && points.some((point) => isOnLeader(label, leader, point, bounds.radius))) continue;
      if (leader && taken.some((other) => !holds(other, label, 0) && isCrossed(other, label, leader)))
        continue;
      taken.push(box);
      placed.push({ ...label, dx, dy, ...(leader ? { leader } : {}) });
      break;
    }
  }
  return placed;
}

/** The first of several boxes that holds no point; the first of all where none is free. */
export function freeBox(
  boxes: readonly Box[],
  points: readonly { x: number; y: number }[],
  radius: number,
): Box {
  const free = boxes.find((box) => !points.some((point) => holds(box, point, radius)));
  return free ?? boxes[0]!;
}

interface Offset {
  dx: number;
  dy: number;
  /** So far from its point that a line is needed. */
  apart: boolean;
}

/** Places around a point: right, left, above, below, the corners; then the same further away. */
function offsets(width: number, { line, radius }: LabelBounds): Offset[] {
  const near = radius + 3;
  return [0, 10, 20].flatMap((extra) => {
    const up = -(near + line / 2 + extra);
    const places: [number, number][] = [
      [near + extra, 0],
      [-near - extra - width, 0],
      [-width / 2, up],
      [-width / 2, -up],
      [near + extra / 2, up * 0.8],
      [near + extra / 2, -up * 0.8],
      [-near - width - extra / 2, up * 0.8],
      [-near - width - extra / 2, -up * 0.8],
    ];
    return places.map(([dx, dy]) => ({ dx, dy, apart: extra > 0 }));
  });
}

/** The point of a name's left, right or middle that is nearest to its point. */
function leaderTo(dx: number, dy: number, width: number): { dx: number; dy: number } {
  if (dx >= 0) return { dx: dx - 1, dy };
  return dx + width <= 0 ? { dx: dx + width + 1, dy } : { dx: 0, dy: dy - 5 * Math.sign(dy) };
}

/** Whether a line from a point to its name passes another point so closely that it could belong to it. */
function isOnLeader(
  from: { x: number; y: number },
  { dx, dy }: { dx: number; dy: number },
  { x, y }: { x: number; y: number },
  radius: number,
): boolean {
  if (x === from.x && y === from.y) return false;
  const along = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy);
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(x - from.x - at * dx, y - from.y - at * dy) < radius;
}

/** Whether a line from a point to its name passes through a box, which would hide it. */
function isCrossed(
  box: Box,
  from: { x: number; y: number },
  { dx, dy }: { dx: number; dy: number },
): boolean {
  const [startX, endX] = sharesBetween(box.left - from.x, box.right - from.x, dx);
  const [startY, endY] = sharesBetween(box.top - from.y, box.bottom - from.y, dy);
  return Math.max(0, startX, startY) < Math.min(1, endX, endY);
}

/** From which share of a way to which it is between two places; the end is before the start where it never is. */
function sharesBetween(low: number, high: number, way: number): [start: number, end: number] {
  if (way === 0) return low < 0 && high > 0 ? [-Infinity, Infinity] : [Infinity, -Infinity];
  return way > 0 ? [low / way, high / way] : [high / way, low / way];
}

function boxAt({ x, y, width }: LabelledPoint, dx: number, dy: number, line: number): Box {
  return { left: x + dx, right: x + dx + width, top: y + dy - line / 2, bottom: y + dy + line / 2 };
}

function inside(box: Box, { width, height }: LabelBounds): boolean {
  return box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function covers(box: Box, point: { x: number; y: number }, radius: number, own: LabelledPoint): boolean {
  return !(point.x === own.x && point.y === own.y) && holds(box, point, radius);
}

function holds(
  { left, right, top, bottom }: Box,
  { x, y }: { x: number; y: number },
  radius: number,
): boolean {
  return x > left - radius && x < right + radius && y > top - radius && y < bottom + radius;
}
