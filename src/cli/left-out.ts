/**
 * What of a data set was left out, as commands over data sets print it.
 */
import { reasonCounts } from '../tasks/generate.ts';
import type { Skipped } from '../tasks/item.ts';
import { counted } from '../words.ts';

/** Reasons that are printed. */
const SHOWN = 5;

/** How many examples, and the commonest reasons; nothing where none was left out. */
export function leftOutLines(skipped: readonly Skipped[]): string[] {
  if (skipped.length === 0) return [];
  const reasons = reasonCounts(skipped).slice(0, SHOWN);
  return [
    `left out: ${counted(skipped.length, 'example')}`,
    ...reasons.map(({ reason, count }) => `  ${count} x ${reason}`),
  ];
}
