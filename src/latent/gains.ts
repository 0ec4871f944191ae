/**
 * The gain of a source: how much it changes all others for each unit by which it changes itself.
 *
 *   gain(s) = sqrt(sum over reachable targets t of l2(s, t)^2) / own(s)
 *
 * l2(s, t): Euclidean norm of the change of t's write at the last token. The sum runs over heads and neurons (or the kept
 * kind) and leaves the source's own entry out. own(s): norm over all positions of the change of s's own write. Both are
 * in units of the residual stream, so a gain has none. A component that merely changed more does not win by it.
 */

/** Inputs for one kind and direction, each [layers, perLayer], flat. */
export interface GainParts {
  /** Sum over targets of l2 squared. */
  readonly sumSquares: ArrayLike<number>;
  /** Norm of the source's own change. */
  readonly own: ArrayLike<number>;
}

/**
 * Gains, float32 [layers, perLayer]. NaN where the source has no targets or did not change.
 * `hasTargets(layer)`: whether a source of that layer reaches any component of the kept kinds.
 * Throws RangeError where the inputs differ in length.
 */
export function gains(
  { sumSquares, own }: GainParts,
  perLayer: number,
  hasTargets: (layer: number) => boolean,
): Float32Array {
  if (sumSquares.length !== own.length) {
    throw new RangeError(`expected as many sums as own changes, got ${sumSquares.length} and ${own.length}`);
  }
  return Float32Array.from({ length: own.length }, (_, i) => {
    if (!hasTargets(Math.floor(i / perLayer))) return Number.NaN;
    return gainOf(sumSquares[i]!, own[i]!);
  });
}

/** One gain, float64. NaN where the source did not change. */
export function gainOf(sumSquares: number, own: number): number {
  return own > 0 ? Math.sqrt(sumSquares) / own : Number.NaN;
}

/**
 * Whether sources of a kind and layer reach anything, in a sequential block: later layers always; the own layer only
 * from a head to a neuron.
 */
export function reachesTargets(
  kind: 'heads' | 'neurons',
  layer: number,
  nLayers: number,
  targets: readonly ('heads' | 'neurons')[],
): boolean {
  if (targets.length === 0) return false;
  return layer < nLayers - 1 || (kind === 'heads' && targets.includes('neurons'));
}
