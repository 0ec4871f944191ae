/**
 * Partners: for each component with an effect of its own, the components that it works with, and how.
 *
 * From `via` and `interaction` (raw, in units of F) of all pairs, normalised as e is; relations.ts holds the rules.
 * A component is seen alone where max |e| >= tau over the directions computed: with both directions these are exactly the labelled
 * ones. A component that is not seen alone in either direction, but has an interaction of tau or more with some other,
 * or carries another's effect, is listed apart (`hidden`): backups are among them.
 * Where D is small nothing is claimed: both lists are empty. With one direction `hidden` is empty, since the other
 * direction might show what the one does not.
 */
import {
  type Directed,
  type Found,
  interactionRelation,
  inverse,
  type OrderedPair,
  viaRelation,
} from './relations.ts';
import {
  type Component,
  type Contrast,
  type Direction,
  DIRECTIONS,
  isSmallD,
  type Kind,
  type MetricValues,
  type Relation,
} from '../terms.ts';

/** At most so many partners of one relation are listed with a component, the strongest. */
export const LISTED_PER_RELATION = 8;

export interface PartnersInput {
  /** n components, all of one layer before those of the next within each kind. */
  readonly components: readonly { readonly kind: Kind; readonly component: Component }[];
  /** AP of each component, [n], in units of F, in the directions that were computed. */
  readonly ap: Partial<Record<Direction, ArrayLike<number>>>;
  /** [n, n], flat, in units of F: as in mediation.safetensors. */
  readonly pairs: Partial<
    Record<Direction, { readonly via: ArrayLike<number>; readonly interaction: ArrayLike<number> }>
  >;
  readonly metric: MetricValues;
  readonly contrast: Contrast;
  readonly tau: number;
}

/** One partner of a component, as written to study.json. Numbers are normalised by D. */
export interface Partner {
  kind: Kind;
  component: Component;
  relation: Relation;
  /** The direction of `value`: the weaker of two for relations that need both, so that both reach it. */
  direction: Direction;
  /** v for acts_through and carries, else i. */
  value: number;
  /** The same in each direction that was computed; absent where it is not a number. */
  noising?: number;
  denoising?: number;
  /** For backed_up_by, backs_up, compensated_by, compensates: v of the first through its backup, in `direction`. */
  via?: number;
}

/** A component with its partners, as written to study.json. */
export interface ComponentPartners {
  kind: Kind;
  component: Component;
  /** e in each direction that was computed. */
  effect: Directed;
  /** The strongest of each relation, all relations together by size; ties by relation, kind, layer, index. */
  partners: Partner[];
  /** How many there are, listed or not. */
  count: number;
}

export interface Partnerships {
  /** Components with an effect of their own, the largest max |e| first. Some may have no partner. */
  readonly partners: ComponentPartners[];
  /** Components that only pairs show, the strongest pair first. */
  readonly hidden: ComponentPartners[];
}

/** Finds all partners. Throws RangeError where tau is not above 0. */
export function findPartners(input: PartnersInput): Partnerships {
  if (!(input.tau > 0)) throw new RangeError(`expected tau above 0, got ${input.tau}`);
  const directions = DIRECTIONS.filter((direction) => input.pairs[direction] && input.ap[direction]);
  if (isSmallD(input.metric) || directions.length === 0) return { partners: [], hidden: [] };
  const effects = input.components.map((_, at) => effectOf(input, directions, at));
  const found = partnersOfAll(input, directions, effects);
  const entries = input.components.map(({ kind, component }, at): ComponentPartners => {
    const list = found[at]!.sort(byStrength);
    return { kind, component, effect: effects[at]!, partners: strongestOfEach(list), count: list.length };
  });
  const bothRan = directions.length === DIRECTIONS.length;
  const isHidden = ({ effect, count }: ComponentPartners): boolean =>
    bothRan && count > 0 && strengthOf(effect) < input.tau;
  return {
    partners: entries
      .filter(({ effect }) => strengthOf(effect) >= input.tau)
      .sort((a, b) => strengthOf(b.effect) - strengthOf(a.effect)),
    hidden: entries.filter(isHidden).sort((a, b) => bySize(a.partners[0]!, b.partners[0]!)),
  };
}

/** max |e|. NaN, where a direction has no number, is neither above nor below a threshold: nothing is claimed. */
function strengthOf(effect: Directed): number {
  return Math.max(...Object.values(effect).map(Math.abs), 0);
}

function effectOf({ ap, metric }: PartnersInput, directions: readonly Direction[], at: number): Directed {
  return Object.fromEntries(directions.map((d) => [d, normalised(ap[d]![at]!, d, metric)]));
}

/** e or v of a score, with its sign such that 1 is the whole effect of the pair. */
function normalised(score: number, direction: Direction, { clean, corrupted }: MetricValues): number {
  return (direction === 'noising' ? -score : score) / (clean - corrupted);
}

/** The partners of each component, [n] lists. */
function partnersOfAll(
  input: PartnersInput,
  directions: readonly Direction[],
  effects: readonly Directed[],
): Partner[][] {
  const lists: Partner[][] = input.components.map(() => []);
  const order = input.components.map((_, at) => at).sort((a, b) => byPlace(input, a, b));
  for (const [rank, a] of order.entries()) {
    for (const b of order.slice(rank + 1)) {
      const pair = pairAt(input, directions, effects[a]!, a, b);
      const neutral = input.contrast === 'swap' || [a, b].some((at) => inhibits(effects[at]!, input.tau));
      for (const found of relationsOf(pair, neutral, input.tau)) {
        lists[a]!.push(partner(input, b, found.relation, found, pair));
        lists[b]!.push(partner(input, a, inverse(found.relation), found, pair));
      }
    }
  }
  return lists;
}

/** Earlier layers first, and in one layer heads before neurons: what comes first can act on what comes later. */
function byPlace({ components }: PartnersInput, a: number, b: number): number {
  const [first, second] = [components[a]!, components[b]!];
  return (
    first.component[0] - second.component[0] ||
    Number(first.kind === 'neurons') - Number(second.kind === 'neurons') ||
    first.component[1] - second.component[1]
  );
}

function pairAt(
  { components, pairs, metric }: PartnersInput,
  directions: readonly Direction[],
  effect: Directed,
  a: number,
  b: number,
): OrderedPair {
  const interaction: Directed = {};
  const via: Directed = {};
  const d = metric.clean - metric.corrupted;
  for (const direction of directions) {
    const at = a * components.length + b;
    interaction[direction] = pairs[direction]!.interaction[at]! / d;
    via[direction] = normalised(pairs[direction]!.via[at]!, direction, metric);
  }
  return { interaction, via, effect };
}

/** Whether a component works against the answer in some direction. */
function inhibits(effect: Directed, tau: number): boolean {
  return Object.values(effect).some((e) => e <= -tau);
}

function relationsOf(pair: OrderedPair, neutral: boolean, tau: number): Found[] {
  return [interactionRelation(pair, neutral, tau), viaRelation(pair, tau)].filter(
    (found) => found !== undefined,
  );
}

const COMPENSATION: readonly Relation[] = ['backed_up_by', 'backs_up', 'compensated_by', 'compensates'];

function partner(
  { components }: PartnersInput,
  at: number,
  relation: Relation,
  { direction }: Found,
  pair: OrderedPair,
): Partner {
  const { kind, component } = components[at]!;
  const values = relation === 'acts_through' || relation === 'carries' ? pair.via : pair.interaction;
  const numbers = Object.fromEntries(Object.entries(values).filter(([, value]) => !Number.isNaN(value)));
  const via = COMPENSATION.includes(relation) ? { via: pair.via[direction]! } : {};
  return { kind, component, relation, direction, value: values[direction]!, ...numbers, ...via };
}

const bySize = (a: Partner, b: Partner): number => Math.abs(b.value) - Math.abs(a.value);

function byStrength(a: Partner, b: Partner): number {
  return (
    bySize(a, b) ||
    compareText(a.relation, b.relation) ||
    compareText(a.kind, b.kind) ||
    a.component[0] - b.component[0] ||
    a.component[1] - b.component[1]
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Keeps the first LISTED_PER_RELATION of each relation of a sorted list. */
function strongestOfEach(list: readonly Partner[]): Partner[] {
  const listed = new Map<Relation, number>();
  return list.filter(({ relation }) => {
    const count = listed.get(relation) ?? 0;
    listed.set(relation, count + 1);
    return count < LISTED_PER_RELATION;
  });
}
