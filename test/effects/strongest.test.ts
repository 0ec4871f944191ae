import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ranked, TOP } from '../../src/effects/strongest.ts';

const SIZE = 40;
/** Few different values, so that there are ties. */
const rows = fc.array(
  fc.integer({ min: 0, max: 5 }).map((n) => n / 4),
  { minLength: 2 * SIZE, maxLength: 2 * SIZE },
);

describe('the strongest', () => {
  test('lists the largest first, ties to the lower layer, then index; zeros too', () => {
    fc.assert(
      fc.property(fc.array(rows, { minLength: 0, maxLength: 4 }), (values) => {
        const layers = values.map((row, i) => ({ layer: i + 3, l2: Float32Array.from(row) }));
        const ranked = new Ranked();
        for (let source = 0; source < 2; source++) {
          ranked.clear();
          for (const { layer, l2 } of layers) {
            for (let t = 0; t < SIZE; t++) ranked.offer(l2[source * SIZE + t]!, layer, t);
          }
          const index = new Int32Array(2 * TOP).fill(-1);
          const value = new Float32Array(TOP);
          ranked.write(index, value);
          const all = layers.flatMap(({ layer, l2 }) =>
            Array.from({ length: SIZE }, (_, t) => ({ layer, t, l2: l2[source * SIZE + t]! })),
          );
          all.sort((a, b) => b.l2 - a.l2 || a.layer - b.layer || a.t - b.t);
          const listed = Array.from({ length: TOP }, (_, rank) => all[rank] ?? { layer: -1, t: -1, l2: 0 });
          expect([...index]).toEqual(listed.flatMap(({ layer, t }) => [layer, t]));
          expect([...value]).toEqual(listed.map(({ l2 }) => l2));
        }
      }),
    );
  });
});
