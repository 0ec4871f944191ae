/**
 * How two components stand to each other, from their exact interaction and via in the directions that were computed.
 *
 *   i_noising, i_denoising = interaction / D       e_noising = -ap_noising / D,  e_denoising = ap_denoising / D
 *   v_noising = -via_noising / D,  v_denoising = via_denoising / D:   the part of e of the source that needs the target
 *
 * i goes with the clean prompt's sense of AND and OR: above 0 in both directions for AND, below 0 for OR. How much
 * more two patches do together than one after the other is j_noising = -i_noising, j_denoising = i_denoising.
 * Exchanging the prompts and answers of a pair exchanges j_noising and j_denoising, and v likewise.
 *
 * With tau > 0, "small" below tau in size, and one row for each form of (i_noising, i_denoising):
 *
 *   form                          words            neutral words
 *   both >= tau                   and              more_in_denoising   (less than the sum in noising)
 *   both <= -tau                  or               more_in_noising     (less than the sum in denoising)
 *   >= tau and <= -tau            overlaps         overlaps            less than the sum in both directions
 *   <= -tau and >= tau            reinforces       reinforces          more than the sum in both directions
 *   one <= -tau, other small      redundant_with   by j: more_together, less_together
 *   or not computed
 *   one >= tau, other small       needs            by j: more_together, less_together
 *   or not computed
 *
 * Words are neutral for a swap, where AND and OR depend on which prompt one calls clean, and for a pair one of which
 * works against the answer (e <= -tau): two inhibitors that need each other have the interaction of an OR.
 *
 * Backup, in place of the fifth row: in noising i <= -tau, in denoising small, and the later component answers to the
 * patch of the earlier one, against the effect that the patch would otherwise have: v_noising <= -tau and
 * e_noising - v_noising >= tau. The earlier one is backed_up_by the later. In neutral words either direction can be the
 * one in which this shows (j >= tau): compensated_by and compensates.
 *
 * A chain, in which a acts on F only through b, has the form `overlaps`: it is no AND, though noising alone looks like one.
 * So words for one direction claim less than those for two.
 */
import {
  type Direction,
  DIRECTIONS,
  type InteractionRelation,
  type Relation,
  type ViaRelation,
} from '../terms.ts';

/** Values of the directions that were computed. NaN is never above or below a threshold. */
export type Directed = Partial<Record<Direction, number>>;

/** A pair whose first component lies before the second, or in the same layer. All values normalised. */
export interface OrderedPair {
  readonly interaction: Directed;
  /** Of the first through the second. */
  readonly via: Directed;
  /** e of the first. */
  readonly effect: Directed;
}

/** What one component of a pair is to the other, and the direction whose number tells it best. */
export interface Found<R extends Relation = Relation> {
  /** Read from the first component: it is `relation` the second. */
  readonly relation: R;
  readonly direction: Direction;
}

const both = (test: (direction: Direction) => boolean): boolean => DIRECTIONS.every(test);

/** How the first component of the pair stands to the second, in neutral words or not; undefined below tau. */
export function interactionRelation(
  pair: OrderedPair,
  neutral: boolean,
  tau: number,
): Found<InteractionRelation> | undefined {
  const i = (direction: Direction): number => pair.interaction[direction] ?? Number.NaN;
  const reaching = DIRECTIONS.filter((direction) => Math.abs(i(direction)) >= tau);
  const [direction] = reaching;
  if (!direction) return undefined;
  if (reaching.length === 1) return { relation: oneSided(pair, direction, neutral, tau), direction };
  const weaker = Math.abs(i('denoising')) < Math.abs(i('noising')) ? 'denoising' : 'noising';
  if (both((d) => i(d) > 0)) return { relation: neutral ? 'more_in_denoising' : 'and', direction: weaker };
  if (both((d) => i(d) < 0)) return { relation: neutral ? 'more_in_noising' : 'or', direction: weaker };
  return { relation: i('noising') > 0 ? 'overlaps' : 'reinforces', direction: weaker };
}

/** The relation of a pair that reaches tau in this direction only. */
function oneSided(
  pair: OrderedPair,
  direction: Direction,
  neutral: boolean,
  tau: number,
): InteractionRelation {
  const i = pair.interaction[direction]!;
  const more = direction === 'noising' ? i < 0 : i > 0;
  const compensated = more && isSmallIn(other(direction), pair, tau) && isAnswered(direction, pair, tau);
  if (neutral) return compensated ? 'compensated_by' : more ? 'more_together' : 'less_together';
  if (compensated && direction === 'noising') return 'backed_up_by';
  return i < 0 ? 'redundant_with' : 'needs';
}

const other = (direction: Direction): Direction => (direction === 'noising' ? 'denoising' : 'noising');

/** Computed, and below tau: a backup needs both directions. */
function isSmallIn(direction: Direction, { interaction }: OrderedPair, tau: number): boolean {
  const value = interaction[direction];
  return value !== undefined && Math.abs(value) < tau;
}

/** Whether the second component works against the patch of the first, which would otherwise have an effect. */
function isAnswered(direction: Direction, { via, effect }: OrderedPair, tau: number): boolean {
  const v = via[direction] ?? Number.NaN;
  return v <= -tau && (effect[direction] ?? Number.NaN) - v >= tau;
}

/**
 * Whether the first component acts through the second: v of the sign of its own effect e, both tau in size at least.
 * The direction is that with the larger v.
 */
export function viaRelation({ via, effect }: OrderedPair, tau: number): Found<ViaRelation> | undefined {
  const reaching = DIRECTIONS.filter((direction) => {
    const [v, e] = [via[direction] ?? Number.NaN, effect[direction] ?? Number.NaN];
    return Math.abs(v) >= tau && Math.abs(e) >= tau && v > 0 === e > 0;
  });
  const [direction] = reaching.sort((a, b) => Math.abs(via[b]!) - Math.abs(via[a]!));
  return direction && { relation: 'acts_through', direction };
}

const INVERSES: Partial<Record<Relation, Relation>> = {
  backed_up_by: 'backs_up',
  compensated_by: 'compensates',
  acts_through: 'carries',
};

/** The same relation, read from the second component. Most are symmetric. */
export function inverse(relation: Relation): Relation {
  return INVERSES[relation] ?? relation;
}
