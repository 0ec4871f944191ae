/**
 * Whether a tokenizer's ids are GPT-2's, which is what the `*_idx` columns of the field's files hold.
 *
 * Told by what it does: it must give the ids of GPT-2 for words from all over the vocabulary. The size is not asked for,
 * since models add tokens behind the vocabulary; tokenizers with GPT-2's pieces in another order give other ids.
 */
import type { Tokenizer } from '../model/tokenizer.ts';

const PROBES: ReadonlyMap<string, readonly number[]> = new Map([
  [',', [11]],
  [' the', [262]],
  [' he', [339]],
  [' she', [673]],
  [' John', [1757]],
  [' Mary', [5335]],
  [' pocket', [10_000]],
  [' Junior', [20_000]],
  [' Mineral', [30_000]],
  [' newfound', [40_000]],
  ['Murray', [49_998]],
  [' gazed', [50_255]],
  [" Reykjavik isn't", [24_448, 42_421, 615, 1_134, 2_125, 470]],
  [' 1732, 1066', [1_596, 2_624, 11, 838, 2_791]],
]);

export function hasGpt2Ids(tokenizer: Tokenizer): boolean {
  return [...PROBES].every(([text, ids]) => {
    const got = tokenizer.encode(text);
    return got.length === ids.length && ids.every((id, i) => id === got[i]);
  });
}
