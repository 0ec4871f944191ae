/**
 * What `--as-published` means for a study: what it needs of the pair, what its scores are, and the warning that goes
 * with it. What is patched is in `effects/published.ts`.
 */
import { publishedPosition } from '../effects/published.ts';
import { InputError } from '../errors.ts';
import type { ModelShape } from '../model/config.ts';
import type { Lint } from '../tasks/lint.ts';
import type { Pair } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StudyOptions } from './options.ts';

/** Throws InputError where the prompts are too short for the positions that stand for components. */
export function checkPublished(
  { nHeads }: Pick<ModelShape, 'nHeads'>,
  { clean }: Pair,
  { asPublished }: Pick<StudyOptions, 'asPublished'>,
): void {
  const { length } = clean.ids;
  const last = publishedPosition('heads', nHeads - 1, nHeads);
  if (!asPublished || last < length) return;
  throw new InputError(
    `expected prompts of at least ${last + 1} tokens for --as-published, as it takes the number of a head (up to ${last}) for a position, got ${length}; give longer prompts or leave it out`,
  );
}

/** The warning that such a study carries wherever it goes. */
export function publishedLint({ asPublished }: Pick<StudyOptions, 'asPublished'>): Lint[] {
  if (!asPublished) return [];
  const message =
    'as published: head h stands for position h of all heads of its layer, every neuron for the position of the last head; ' +
    'changes and scores are means; these are not effects of heads and neurons, and there are no labels';
  return [{ code: 'as_published', message }];
}

/**
 * Means in place of the sums of integrated gradients: over d_model (`width`) for heads, and over all positions of the
 * prompt for what is not kept by position. A neuron's score has no d_model.
 */
export function publishedMeans(sums: ReadonlyMap<string, Tensor>, width: number): Map<string, Tensor> {
  const lengths = [...sums].flatMap(([name, { shape }]) => (name.endsWith('.positions') ? [shape[1]!] : []));
  return new Map(
    [...sums].map(([name, { shape, data }]) => {
      const [, , kind, positions] = name.split('.');
      const terms = (kind === 'heads' ? width : 1) * (positions === undefined ? lengths[0]! : 1);
      return [name, { shape, data: data.map((sum) => sum / terms) }];
    }),
  );
}
