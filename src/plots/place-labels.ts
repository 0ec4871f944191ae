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
 * its point. Names for which there is no free place are left out. `occupied` stays free of names.
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
    for (const [dx, dy] of offsets(label.width, bounds)) {
      const box = boxAt(label, dx, dy, bounds.line);
      if (!inside(box, bounds) || taken.some((other) => overlap(box, other))) continue;
      if (points.some((point) => covers(box, point, bounds.radius, label))) continue;
      taken.push(box);
      placed.push({ ...label, dx, dy });
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

function offsets(width: number, { line, radius }: LabelBounds): [number, number][] {
  const near = radius + 3;
  const rings = [0, 9, 18].flatMap((extra): [number, number][] => {
    const up = -(near + line / 2 + extra);
    return [
      [near + extra, 0],
      [-near - extra - width, 0],
      [-width / 2, up],
      [-width / 2, -up],
      [near + extra / 2, up * 0.8],
      [near + extra / 2, -up * 0.8],
      [-near - width - extra / 2, up * 0.8],
      [-near - width - extra / 2, -up * 0.8],
    ];
  });
  return rings;
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
