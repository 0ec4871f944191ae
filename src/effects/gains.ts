/**
 * The gain of a source: how much it changes all others for each unit by which it changes itself.
 *
 *   gain(s) = sqrt(sum over reachable targets t of l2(s, t)^2) / own(s)
 *
 * l2(s, t): Euclidean norm of the change of t's write at the last token. The sum runs over heads and neurons (or the kept
 * kind) and leaves the source's own entry out. own(s): norm over all positions of the change of s's own write. Both are
 * in units of the residual stream, so a gain has none. A component that merely changed more does not win by it.
 */
import type { Kind } from '../terms.ts';
import { reaches } from './unit.ts';

/**
 * One gain, from the sum over targets of l2 squared and the norm of the own change. NaN where the source did not change;
 * a source without targets has none either, see `reachesTargets`.
 */
export function gainOf(sumSquares: number, own: number): number {
  return own > 0 ? Math.sqrt(sumSquares) / own : Number.NaN;
}

/** Whether sources of a kind and layer reach any of these targets: the last layer reaches most. */
export function reachesTargets(
  kind: Kind,
  layer: number,
  nLayers: number,
  targets: readonly Kind[],
): boolean {
  return targets.some((target) => reaches({ kind, layer }, target, nLayers - 1));
}
