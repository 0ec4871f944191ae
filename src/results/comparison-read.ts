/**
 * Opens the folder of a comparison: `comparison.json` and `effects.safetensors`.
 */
import { join } from 'node:path';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Direction, Kind } from '../terms.ts';
import { COMPARISON_FILE, type ComparisonJson, parseComparisonJson } from './comparison-json.ts';
import { readResult } from './result-folder.ts';

export const EFFECTS_FILE = 'effects.safetensors';

/** What the page of a comparison reads. */
export interface ComparisonResults {
  comparison: ComparisonJson;
  /** Pooled effects by `comparedName`: [layers, heads or neurons]. */
  effects: ReadonlyMap<string, Tensor>;
}

/** The pooled effects of one survey. */
export function comparedName(side: 'a' | 'b', direction: Direction, kind: Kind): string {
  return `${side}.${direction}.${kind}`;
}

/** `comparison` stands in for a `comparison.json` that is not written yet. Throws InputError for what is missing. */
export async function openComparison(
  folder: string,
  comparison?: ComparisonJson,
): Promise<ComparisonResults> {
  const path = join(folder, COMPARISON_FILE);
  const described =
    comparison ?? parseComparisonJson((await readResult(path, 'comparison')).toString('utf8'), path);
  const arrays = join(folder, EFFECTS_FILE);
  const effects = new Map<string, Tensor>();
  for (const [name, { shape, data }] of decodeSafetensors(await readResult(arrays, 'comparison'), arrays)) {
    if (data instanceof Float32Array) effects.set(name, { shape, data });
  }
  return { comparison: described, effects };
}
