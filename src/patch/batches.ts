/**
 * Runs in batches: what one program patches at once.
 */

import type { PromptPair } from '../tasks/pair.ts';

/** Rows of a batch: 32 and 128 are slower (docs/performance.md). */
export const BATCH = 64;

/** 0 to count - 1 in batches. */
export function batchesOf(count: number): number[][] {
  return evenParts(
    Array.from({ length: count }, (_, i) => i),
    BATCH,
  );
}

/** As few parts as possible of at most `most`, of nearly equal size. */
export function evenParts<T>(all: readonly T[], most: number): T[][] {
  const count = Math.ceil(all.length / most);
  const at = (part: number) => Math.floor((part * all.length) / count);
  return Array.from({ length: count }, (_, part) => all.slice(at(part), at(part + 1)));
}

/** ONNX Runtime rounds products of one row differently: a run alone runs twice, so that bits do not depend on the batch. */
export function twiceIfAlone<T>(all: readonly T[]): readonly T[] {
  return all.length === 1 ? [all[0]!, all[0]!] : all;
}

/** Pairs whose runs are in memory at once: sessions are made once for all of them. */
const BLOCK = 16;

/** Pairs whose prompts have equal lengths and first differences, at most `BLOCK` together, in an order that is fixed. */
export function blocksOf(all: readonly PromptPair[], pairs: Iterable<number> = all.keys()): number[][] {
  const shapes = new Map<string, number[]>();
  for (const pair of pairs) {
    const { clean, firstDifference } = all[pair]!;
    const shape = `${clean.ids.length} ${firstDifference}`;
    shapes.set(shape, [...(shapes.get(shape) ?? []), pair]);
  }
  return [...shapes.values()].flatMap((alike) => evenParts(alike, BLOCK));
}
