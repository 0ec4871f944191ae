import { expect, it } from 'vitest';
import { placeLabels } from '../../src/plots/place-labels.ts';
import { Random } from '../support/random.ts';

it.each([2, 3, 6])(
  'places names that neither overlap, nor cover points, nor leave the frame: draw %i',
  (seed) => {
    const random = new Random(seed);
    const points = Array.from({ length: 60 }, () => ({
      x: 400 * random.uniform(),
      y: 400 * random.uniform(),
    }));
    const labels = points.slice(0, 30).map((point, i) => ({ ...point, text: `0.${i}`, width: 30 }));
    const placed = placeLabels(labels, points, { width: 400, height: 400, line: 12, radius: 4 });
    const boxes = placed.map(({ x, y, dx, dy, width }) => ({
      left: x + dx,
      right: x + dx + width,
      top: y + dy - 6,
      bottom: y + dy + 6,
    }));
    expect(placed.length).toBeGreaterThan(10);
    boxes.forEach((a, i) => {
      expect(a.left >= 0 && a.right <= 400 && a.top >= 0 && a.bottom <= 400).toBe(true);
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart).toBe(true);
      }
      const covered = points.filter((p) => p.x > a.left && p.x < a.right && p.y > a.top && p.y < a.bottom);
      expect(covered).toEqual([]);
      // Nor do they hide the line to another name.
      for (const { x, y, leader } of placed.filter((_, other) => other !== i)) {
        for (let at = 0; leader && at < 0.9; at += 0.05) {
          const [lineX, lineY] = [x + at * leader.dx, y + at * leader.dy];
          expect(lineX > a.left && lineX < a.right && lineY > a.top && lineY < a.bottom).toBe(false);
        }
      }
    });
  },
);
