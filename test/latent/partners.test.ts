import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { findPartners, LISTED_PER_RELATION, type PartnersInput } from '../../src/latent/partners.ts';
import { interactionRelation, viaRelation } from '../../src/latent/relations.ts';
import { type Component, DIRECTIONS, type Direction, type Kind } from '../../src/terms.ts';
import { writePlanted } from '../support/planted.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** The planted circuits' own truth as arrays: 24 heads, [24, 24] pairs. */
async function planted(seed: number): Promise<{ input: PartnersInput; role: (name: string) => Component }> {
  const { where, heads, edges, metric } = await writePlanted(out('planted'), seed);
  const components = Array.from({ length: 24 }, (_, i) => head([Math.floor(i / 8), i % 8]));
  const role = (name: string): Component => where.get(name)!;
  const flat = (name: string): number => role(name)[0] * 8 + role(name)[1];
  const pairs: PartnersInput['pairs'] = {};
  for (const direction of DIRECTIONS) {
    const via = new Float32Array(24 * 24);
    const interaction = new Float32Array(24 * 24);
    for (const { measure, source, target, ...value } of edges) {
      const [s, t] = [flat(source), flat(target)];
      (measure === 'via' ? via : interaction)[s * 24 + t] = value[direction];
      if (measure === 'interaction') interaction[t * 24 + s] = value[direction];
    }
    pairs[direction] = { via, interaction };
  }
  return { input: { components, ap: heads.ap, pairs, metric, contrast: 'removal', tau: 0.02 }, role };
}

const head = (component: Component): { kind: Kind; component: Component } => ({ kind: 'heads', component });

describe.each([0, 1, 2])('planted circuits, permutation %i', (seed) => {
  test('each gate names its other input, and the backup is found by the pair alone', async () => {
    const { input, role } = await planted(seed);
    const { partners, hidden } = findPartners(input);
    const of = (name: string) => {
      const found = partners.find(({ component }) => component.join() === role(name).join())!;
      return found.partners.map(({ relation, component }) => ({ relation, component }));
    };
    for (const gate of ['and', 'or'] as const) {
      for (const where of ['across', 'in one layer']) {
        const [a, b] = [`${gate} ${where}, first`, `${gate} ${where}, second`];
        expect(of(a)).toEqual([{ relation: gate, component: role(b) }]);
        expect(of(b)).toEqual([{ relation: gate, component: role(a) }]);
      }
    }
    expect(of('primary')).toEqual([{ relation: 'backed_up_by', component: role('backup') }]);
    expect(of('adder')).toEqual([]);
    expect(of('inhibitor')).toEqual([]);
    expect(partners).toHaveLength(11);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toMatchObject({ component: role('backup'), effect: { noising: 0, denoising: 0 } });
    const [backup] = hidden[0]!.partners;
    expect(backup).toMatchObject({ relation: 'backs_up', component: role('primary'), direction: 'noising' });
    expect([backup!.value, backup!.noising, backup!.denoising, backup!.via].map((x) => x! * 5.5)).toEqual([
      -1, -1, 0, -1,
    ]);
  });

  test('for a swap no word depends on which prompt one calls clean', async () => {
    const { input } = await planted(seed);
    const swap = findPartners({ ...input, contrast: 'swap' });
    const words = swap.partners.flatMap(({ partners }) => partners.map(({ relation }) => relation));
    expect(new Set(words)).toEqual(new Set(['more_in_denoising', 'more_in_noising', 'compensated_by']));
  });

  test('noising alone names no gate and calls nothing hidden', async () => {
    const { input } = await planted(seed);
    const { partners, hidden } = findPartners({ ...input, ap: { noising: input.ap.noising! } });
    expect(hidden).toEqual([]);
    const words = new Set(partners.flatMap((p) => p.partners.map(({ relation }) => relation)));
    expect(words).toEqual(new Set(['needs']));
    expect(partners.every((p) => p.effect.denoising === undefined)).toBe(true);
  });

  test('a small D claims nothing', async () => {
    const { input } = await planted(seed);
    const metric = { clean: 3.5, corrupted: 3.4 };
    expect(findPartners({ ...input, metric })).toEqual({ partners: [], hidden: [] });
  });
});

/** F of two switches, 1 where a component has its clean value: everything that a pair can show, from F alone. */
function gate(f: (a: number, b: number) => number): PartnersInput {
  const metric = { clean: f(1, 1), corrupted: f(0, 0) };
  const pair = (base: number) => {
    const set = 1 - base;
    const ap = [f(set, base) - f(base, base), f(base, set) - f(base, base)];
    const i = f(set, set) - f(base, base) - ap[0]! - ap[1]!;
    return { ap, pairs: { via: [0, 0, 0, 0], interaction: [0, i, i, 0] } };
  };
  const [noising, denoising] = [pair(1), pair(0)];
  return {
    components: [head([0, 0]), head([1, 0])],
    ap: { noising: noising.ap, denoising: denoising.ap },
    pairs: { noising: noising.pairs, denoising: denoising.pairs },
    metric,
    contrast: 'removal',
    tau: 0.02,
  };
}

const relationOf = (input: PartnersInput): string | undefined =>
  findPartners(input).partners[0]?.partners[0]?.relation;

describe('relations', () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  it.each([
    ['and', (a: number, b: number) => a * b],
    ['or', (a: number, b: number) => a + b - a * b],
    ['and', (a: number, b: number) => sigmoid(3 * (a + b) - 4.5)],
    ['or', (a: number, b: number) => sigmoid(4 * (a + b) - 1.7)],
    [undefined, (a: number, b: number) => 0.7 * a + 0.3 * b],
    // F falls where the prompts are exchanged: the same gates by D's sign.
    ['and', (a: number, b: number) => -a * b],
  ])('%s', (relation, f) => {
    expect(relationOf(gate(f))).toBe(relation);
  });

  it('two inhibitors that need each other are called no OR', () => {
    const inhibitors: PartnersInput = {
      ...gate((a, b) => a * b),
      ap: { noising: [1, 1], denoising: [0, 0] },
      pairs: {
        noising: { via: [0, 0, 0, 0], interaction: [0, -1, -1, 0] },
        denoising: { via: [0, 0, 0, 0], interaction: [0, -1, -1, 0] },
      },
    };
    expect(relationOf(inhibitors)).toBe('more_in_noising');
  });

  it('a chain overlaps: it is no AND, though its noising looks like one', () => {
    const chain: PartnersInput = {
      ...gate((a) => a),
      ap: { noising: [-1, -1], denoising: [1, 1] },
      pairs: {
        noising: { via: [0, -1, 0, 0], interaction: [0, 1, 1, 0] },
        denoising: { via: [0, 1, 0, 0], interaction: [0, -1, -1, 0] },
      },
    };
    const { partners } = findPartners(chain);
    expect(partners[0]!.partners.map(({ relation }) => relation)).toEqual(['acts_through', 'overlaps']);
    expect(partners[1]!.partners.map(({ relation }) => relation)).toEqual(['carries', 'overlaps']);
    expect(partners[0]!.partners[0]).toMatchObject({ value: 1, noising: 1, denoising: 1 });
  });

  it('a backup is one only with both directions, and with via against the effect', () => {
    const pair = { interaction: { noising: -0.5, denoising: 0 }, effect: { noising: 0.1 } };
    const relation = (via: number, denoising: number | undefined) => {
      const found = interactionRelation(
        { ...pair, interaction: { noising: -0.5, denoising }, via: { noising: via } },
        false,
        0.02,
      );
      return found?.relation;
    };
    expect(relation(-0.5, 0)).toBe('backed_up_by');
    expect(relation(-0.5, undefined)).toBe('redundant_with');
    expect(relation(-0.5, Number.NaN)).toBe('redundant_with');
    expect(relation(0.5, 0)).toBe('redundant_with');
    expect(relation(0, 0)).toBe('redundant_with');
  });

  it('acts through only with the sign of an effect of its own', () => {
    const relation = (v: number, e: number) =>
      viaRelation({ interaction: {}, via: { noising: v }, effect: { noising: e } }, 0.02)?.relation;
    expect(relation(0.3, 0.5)).toBe('acts_through');
    expect(relation(-0.3, -0.5)).toBe('acts_through');
    expect(relation(-0.3, 0.5)).toBeUndefined();
    expect(relation(0.3, 0.01)).toBeUndefined();
    expect(relation(Number.NaN, 0.5)).toBeUndefined();
  });

  const value = fc.double({ min: -1, max: 1, noNaN: true });
  const directed = fc.record({ noising: value, denoising: value });

  it('exchanging prompts and answers of a swap exchanges the directions, and nothing else', () => {
    const EXCHANGED: Record<string, string> = {
      more_in_noising: 'more_in_denoising',
      more_in_denoising: 'more_in_noising',
    };
    fc.assert(
      fc.property(directed, directed, directed, (interaction, via, effect) => {
        const exchange = (d: Record<Direction, number>, sign: number) => ({
          noising: sign * d.denoising,
          denoising: sign * d.noising,
        });
        const one = interactionRelation({ interaction, via, effect }, true, 0.02);
        const two = interactionRelation(
          { interaction: exchange(interaction, -1), via: exchange(via, 1), effect: exchange(effect, 1) },
          true,
          0.02,
        );
        expect(two?.relation).toBe(one && (EXCHANGED[one.relation] ?? one.relation));
      }),
    );
  });

  it('claims nothing below tau, and is the same at every run', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 18, maxLength: 18 }), (values) => {
        const small = values.map((x) => 0.0199 * x);
        const input = {
          ...gate((a, b) => a * b),
          components: [head([0, 0]), head([0, 1]), head([1, 0])],
          ap: { noising: [-1, -1, -1], denoising: [0, 0, 0] },
          pairs: {
            noising: { via: small.slice(0, 9), interaction: small.slice(9) },
            denoising: { via: small.slice(9), interaction: small.slice(0, 9) },
          },
        };
        expect(findPartners(input).partners.every(({ count }) => count === 0)).toBe(true);
      }),
    );
  });
});

describe('lists', () => {
  const many = (n: number, fill: number): PartnersInput => ({
    ...gate((a, b) => a * b),
    components: Array.from({ length: n }, (_, i) => head([i, 0])),
    ap: { noising: Array.from({ length: n }, () => -0.5), denoising: Array.from({ length: n }, () => 0) },
    pairs: Object.fromEntries(
      DIRECTIONS.map((d) => [
        d,
        {
          via: Array.from({ length: n * n }, () => 0),
          interaction: Array.from({ length: n * n }, () => fill),
        },
      ]),
    ),
  });

  it('hold the strongest, ties by place, and the number of all', () => {
    const { partners } = findPartners(many(12, 0.5));
    expect(partners.map(({ component }) => component[0])).toEqual([...Array(12).keys()]);
    expect(partners[11]!.count).toBe(11);
    expect(partners[11]!.partners).toHaveLength(LISTED_PER_RELATION);
    expect(partners[11]!.partners.map(({ component }) => component[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('are the same from both sides, whatever the order of the list', () => {
    const mixed: PartnersInput = {
      ...many(2, 0.5),
      components: [head([1, 0]), { kind: 'neurons', component: [0, 5] }],
      pairs: {
        noising: { via: [0, 0, -0.5, 0], interaction: [0, 0.5, 0.5, 0] },
        denoising: { via: [0, 0, 0, 0], interaction: [0, 0, 0, 0] },
      },
    };
    const [first, second] = findPartners(mixed).partners;
    expect(first!.partners[0]).toMatchObject({ kind: 'neurons', relation: 'carries', component: [0, 5] });
    expect(second!.partners[0]).toMatchObject({ kind: 'heads', relation: 'acts_through', component: [1, 0] });
  });

  it('are empty for nothing, and NaN is claimed nowhere', () => {
    expect(findPartners(many(0, 0))).toEqual({ partners: [], hidden: [] });
    expect(findPartners({ ...many(3, 0.5), ap: {} })).toEqual({ partners: [], hidden: [] });
    expect(findPartners({ ...many(3, 0.5), pairs: {} })).toEqual({ partners: [], hidden: [] });
    expect(findPartners(many(3, Number.NaN)).partners.every(({ count }) => count === 0)).toBe(true);
    const nan = [Number.NaN, 0, 0];
    expect(findPartners({ ...many(3, 0.5), ap: { noising: nan, denoising: nan } }).hidden).toHaveLength(2);
    expect(() => findPartners({ ...many(3, 0.5), tau: 0 })).toThrow(RangeError);
  });
});
