/**
 * What a method is: it scores every component (node) of a model on one pair and direction. All methods estimate the
 * same number, so that they can be compared with it: ap = F(patched run) - F(base run), in units of F.
 */
import { throwIfCancelled } from '../errors.ts';
import { componentsPerLayer } from '../model/config.ts';
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';

export interface MethodInput {
  readonly chain: SuffixChain;
  /** The edited run: clean in noising, corrupted in denoising. */
  readonly base: Run;
  /** The run that gives the values. */
  readonly other: Run;
  readonly kinds: readonly Kind[];
  /** Points of a path, for methods that have one; the method's own number by default. */
  readonly steps?: number;
  /** Rows of one program at most, for methods with many; it bounds their memory. */
  readonly rows?: number;
  readonly signal?: AbortSignal;
}

/** Per kind asked for: [layers, heads or neurons], raw, in units of F. */
export type Scores = Readonly<Partial<Record<Kind, Tensor>>>;

export interface Method {
  /** The word by which it is asked for. */
  readonly name: string;
  readonly title: string;
  /** What a score means, in one sentence. */
  readonly meaning: string;
  /** What all scores together sum to. */
  readonly sumsTo: string;
  /** `as ap`: below 0 where patching lowers F. `none`: sizes alone, never below 0. */
  readonly sign: 'as ap' | 'none';
  /** Its runs, beside both runs of the pair forward and back. */
  readonly cost: string;
  /**
   * Where all of that goes along paths of layers: rows of each pass, per layer and kind, so that a plan can count it.
   * `steps`: points of the path; the method's own number by default.
   */
  readonly passes?: (steps?: number) => readonly number[];
  readonly source: string;
  /** Throws CancelledError where the signal has been aborted. */
  readonly run: (input: MethodInput) => Promise<Scores>;
}

/** Scores of a method that takes one layer and kind after the other: `positionsOf` gives [pos, components]. */
export async function layerByLayer(
  { chain, kinds, signal }: MethodInput,
  positionsOf: (kind: Kind, layer: number) => Tensor | Promise<Tensor>,
): Promise<Scores> {
  const { config } = chain.model;
  const scores: Partial<Record<Kind, Tensor>> = {};
  for (const kind of kinds) {
    const size = componentsPerLayer(config, kind);
    const data = new Float32Array(config.nLayers * size);
    for (let layer = 0; layer < config.nLayers; layer++) {
      throwIfCancelled(signal);
      data.set(overPositions(await positionsOf(kind, layer)), layer * size);
    }
    scores[kind] = tensor(data, [config.nLayers, size]);
  }
  return scores;
}

/** [pos, components] summed over positions: [components]. */
export function overPositions({ data, shape }: Tensor): Float64Array {
  const sums = new Float64Array(shape[1]!);
  data.forEach((score, i) => {
    sums[i % sums.length]! += score;
  });
  return sums;
}
