import { expect, it } from 'vitest';
import { type Box, type PlacedLabel, placeLabels } from '../../src/plots/place-labels.ts';
import { Random } from '../support/random.ts';

const SIDE = 400;
const BOUNDS = { width: SIDE, height: SIDE, line: 12, radius: 4 };

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Names of every second of 120 points, with boxes among them that are to stay free, small enough to lie before a name. */
function placedAtRandom(seed: number) {
  const random = new Random(seed);
  const place = (): Place => ({ x: SIDE * random.uniform(), y: SIDE * random.uniform() });
  const points = Array.from({ length: 120 }, place);
  const occupied = Array.from({ length: 60 }, (): Box => {
    const { x, y } = place();
    return { left: x, right: x + 12, top: y, bottom: y + 8 };
  });
  const labels = points.slice(0, 60).map((point, i) => ({ ...point, text: `0.${i}`, width: 30 }));
  return { points, occupied, placed: placeLabels(labels, points, BOUNDS, occupied) };
}

function boxOf({ x, y, dx, dy, width }: PlacedLabel): Box {
  return { left: x + dx, right: x + dx + width, top: y + dy - 6, bottom: y + dy + 6 };
}

const holds = ({ left, right, top, bottom }: Box, { x, y }: Place) =>
  x > left && x < right && y > top && y < bottom;

/** On which side of the line from a to b: above 0, below 0. */
const sideOf = (a: Place, b: Place, { x, y }: Place) => (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);

const isBetween = (a: Place, b: Place, one: Place, other: Place) =>
  sideOf(a, b, one) * sideOf(a, b, other) < 0 && sideOf(one, other, a) * sideOf(one, other, b) < 0;

/** A line that enters a box has an end in it, or crosses one of its diagonals. */
function isCrossed(box: Box, from: Place, to: Place): boolean {
  const { left, right, top, bottom } = box;
  const falling = isBetween(from, to, { x: left, y: top }, { x: right, y: bottom });
  const rising = isBetween(from, to, { x: left, y: bottom }, { x: right, y: top });
  return falling || rising || holds(box, from) || holds(box, to);
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

it.each(SEEDS)('names neither overlap, nor cover points, nor leave the frame: draw %i', (seed) => {
  const { points, occupied, placed } = placedAtRandom(seed);
  const boxes = placed.map(boxOf);
  expect(placed.length).toBeGreaterThan(10);
  boxes.forEach((a, i) => {
    expect(a.left >= 0 && a.right <= SIDE && a.top >= 0 && a.bottom <= SIDE).toBe(true);
    for (const b of [...boxes.slice(i + 1), ...occupied]) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      expect(apart).toBe(true);
    }
    expect(points.filter((point) => holds(a, point))).toEqual([]);
  });
});

it('lines from points to their names cross neither other names nor what is occupied', () => {
  let lines = 0;
  for (const { occupied, placed } of SEEDS.map(placedAtRandom)) {
    for (const { x, y, leader, text } of placed) {
      if (!leader) continue;
      lines++;
      const end = { x: x + leader.dx, y: y + leader.dy };
      const names = placed.filter((other) => other.text !== text).map(boxOf);
      const others = [...names, ...occupied].filter((box) => !holds(box, { x, y }));
      expect(others.filter((box) => isCrossed(box, { x, y }, end))).toEqual([]);
    }
  }
  expect(lines).toBeGreaterThan(30);
});

it('a line may leave what its point lies in', () => {
  const point = { x: 100, y: 100 };
  const around = [{ left: 90, right: 110, top: 90, bottom: 110 }];
  const [placed] = placeLabels([{ ...point, text: '0.1', width: 30 }], [point], BOUNDS, around);
  expect(placed?.leader).toBeDefined();
});
