/**
 * Data sets as commands over them take and remember them.
 */
import { createHash } from 'node:crypto';
import { InputError } from '../errors.ts';
import type { Model } from '../patch/model.ts';
import type { Identity } from '../study/folder.ts';
import { checkPrompts } from '../tasks/check.ts';
import type { Shard } from '../study/shard.ts';
import type { DataSet } from '../tasks/item.ts';
import { labelMetric } from '../tasks/metric.ts';

/** Throws InputError for no pairs, and for pairs that do not fit the model. */
export function checkData({ config }: Pick<Model, 'config'>, { items, task }: DataSet): void {
  if (items.length === 0)
    throw new InputError(
      `expected one valid pair of ${task} at least, got none; give other pairs, or more of them`,
    );
  for (const { clean, corrupted } of items) checkPrompts(clean, corrupted, config);
}

/** Whether labels need runs by a metric of their own. */
export function hasTwin({ items }: DataSet): boolean {
  return items.some(({ metric }) => labelMetric(metric) !== metric);
}

/** The pairs of a shard: all, where there is one. */
export function pairsOf({ items }: DataSet, { index, count }: Shard): number[] {
  return [...items.keys()].filter((pair) => pair % count === index);
}

/**
 * What `--resume` compares of a data set, and the options of what is computed over it. The hash, of all pairs in their
 * order with their metrics, comes last: it is told only where nothing that a user knows tells.
 */
export function dataIdentity({ task, contrast, file, items }: DataSet, options: Identity): Identity {
  const all = items.map(({ clean, corrupted, metric }) => [clean.ids, corrupted.ids, metric]);
  const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
  return { pairs: items.length, task, contrast, file: file ?? null, ...options, pairs_hash: hash };
}
