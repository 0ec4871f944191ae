import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clustersOf } from '../../src/stats/clusters.ts';
import { foldsOf } from '../../src/stats/folds.ts';

const made = (template: string, ...values: string[]) => ({
  template,
  fillers: Object.fromEntries(values.map((value, i) => [`slot.${i}`, value])),
});

describe('clustersOf', () => {
  it('takes templates where there are eight', () => {
    const items = Array.from({ length: 24 }, (_, i) => made(`t${i % 8}`, `filler ${i}`));
    const { of, count, rule } = clustersOf(items);
    expect([...of]).toEqual(items.map((_, i) => i % 8));
    expect(count).toBe(8);
    expect(rule).toBe('each template is one');
  });

  it('takes template and first filler where there are fewer', () => {
    const items = [made('a', 'x', '1'), made('a', 'y', '1'), made('b', 'x', '1'), made('a', 'x', '2')];
    const { of, count, rule } = clustersOf(items);
    expect([...of]).toEqual([0, 1, 2, 0]);
    expect(count).toBe(3);
    expect(rule).toContain('template with one first filler');
    expect(rule).toContain('fewer than 8');
  });

  it('keeps templates without slots together', () => {
    expect([...clustersOf([made('a'), made('b'), made('a')]).of]).toEqual([0, 1, 0]);
  });

  it('does not join a template and a filler that read alike', () => {
    expect(clustersOf([made('a', 'b'), made('a","b'), made('', 'a')]).count).toBe(3);
  });

  it('takes items of a file one by one, beside others too', () => {
    const file = Array.from({ length: 20 }, () => made(''));
    expect([...clustersOf(file).of]).toEqual(file.map((_, i) => i));
    expect(clustersOf(file).rule).toBe('each pair is one: none names a template or a filler');
    const both = clustersOf([made('a', 'x'), made(''), made('a', 'x'), made('')]);
    expect([...both.of]).toEqual([0, 1, 0, 2]);
    expect(both.rule).toContain('one each');
  });

  it('keeps a pair of a file and the same one exchanged together', () => {
    const pair = (clean: string, corrupted: string) => ({ ...made(''), clean, corrupted });
    const { of, count, rule } = clustersOf([pair('a', 'b'), pair('c', 'd'), pair('b', 'a')]);
    expect([...of]).toEqual([0, 1, 0]);
    expect(count).toBe(2);
    expect(rule).toBe('each pair is one: none names a template or a filler');
  });

  it('gives nothing for nothing', () => expect(clustersOf([])).toMatchObject({ count: 0 }));

  it('numbers clusters from 0 in order, one for each key, whatever the order of items', () => {
    const item = fc.record({
      template: fc.constantFrom('', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      fillers: fc.constantFrom<Record<string, string>>({}, { who: 'x' }, { who: 'y' }),
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const { of, count } = clustersOf(items);
        expect(of).toHaveLength(items.length);
        expect([...new Set(of)]).toEqual(Array.from({ length: count }, (_, k) => k));
        const back = [...clustersOf([...items].reverse()).of].reverse();
        // The same groups, under other numbers.
        expect(new Set(back.map((other, i) => `${other} ${of[i]}`)).size).toBe(count);
      }),
    );
  });
});

describe('foldsOf', () => {
  it('fills every fold, with sizes that differ by one at most, each cluster by itself where folds suffice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.nat(),
        (n, k, seed) => {
          const of = foldsOf(n, k, seed);
          const sizes = Array.from(
            { length: Math.min(n, k) },
            (_, f) => of.filter((own) => own === f).length,
          );
          expect(of).toHaveLength(n);
          expect(sizes.reduce((a, b) => a + b, 0)).toBe(n);
          expect(Math.min(...sizes)).toBe(Math.floor(n / Math.min(n, k)));
          expect(Math.max(...sizes)).toBe(Math.ceil(n / Math.min(n, k)));
          expect(foldsOf(n, k, seed)).toEqual(of);
        },
      ),
    );
  });

  it('depends on the seed', () => expect(foldsOf(40, 10, 1)).not.toEqual(foldsOf(40, 10, 2)));
  it('keeps a pair of a file and the same one exchanged together', () => {
    const pair = (clean: string, corrupted: string) => ({ ...made(''), clean, corrupted });
    const { of, count, rule } = clustersOf([pair('a', 'b'), pair('c', 'd'), pair('b', 'a')]);
    expect([...of]).toEqual([0, 1, 0]);
    expect(count).toBe(2);
    expect(rule).toBe('each pair is one: none names a template or a filler');
  });

  it('gives nothing for nothing', () => expect(foldsOf(0, 10, 0)).toHaveLength(0));
});
