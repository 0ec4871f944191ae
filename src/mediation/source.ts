/**
 * What the methods of this folder are asked for, and what they give.
 */
import type { ProbeSource } from '../effects/measures.ts';
import { InputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { componentsPerLayer } from '../model/config.ts';
import { baseAndOther, type OpenPair } from '../patch/open-pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Component, type Direction, DIRECTIONS, type Kind } from '../terms.ts';

/** One score for each component: heads [layers, heads], neurons [layers, neurons]; kinds that were not asked for are absent. */
export type KindScores = { readonly [K in Kind]?: Tensor };

/** One direction of an opened pair. Throws InputError for a word that is no direction. */
export function sourceOf({ chain, metric, runs }: OpenPair, direction: Direction): ProbeSource {
  checkWord('direction', direction, DIRECTIONS);
  return { model: chain.model, metric, ...baseAndOther(runs, direction) };
}

/** Throws InputError for a word that is none of the known ones. `what` names it. */
export function checkWord(what: string, word: string, known: readonly string[]): void {
  if (!known.includes(word))
    throw new InputError(`expected ${known.join(' or ')} for ${what}, got ${JSON.stringify(word)}`);
}

/** Throws InputError for components that the model does not have, and for none at all. */
export function checkComponents(
  what: string,
  kind: Kind,
  components: readonly Component[],
  config: ModelConfig,
): void {
  const count = componentsPerLayer(config, kind);
  const isBelow = (value: unknown, limit: number) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit;
  for (const [layer, index] of components) {
    if (isBelow(layer, config.nLayers) && isBelow(index, count)) continue;
    throw new InputError(
      `expected ${what} of layers 0 to ${config.nLayers - 1} and ${kind} 0 to ${count - 1}, got ${layer}.${index}`,
    );
  }
}
