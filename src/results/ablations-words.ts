/** What the sets of ablations are called for people. */
import type { SetControlJson, SetName } from './ablations-json.ts';

const LABELS: Readonly<Partial<Record<SetName, string>>> = {
  and: 'AND',
  or: 'OR',
  noising_only: 'noising only',
  denoising_only: 'denoising only',
};

/** `OR`, `both labels`, `ap and ig`, `ap, not ig`. */
export function setLabel(set: SetName, method: string | null): string {
  if (set === 'labelled') return 'both labels';
  if (set === 'shared') return `ap and ${method}`;
  if (set === 'union') return `ap or ${method}`;
  if (set === 'exact_own') return `ap, not ${method}`;
  if (set === 'method_own') return `${method}, not ap`;
  return LABELS[set] ?? set;
}

/** From here on a random set is more than half the set itself: a difference from it would say little. */
const MOSTLY_ITSELF = 0.5;

/** Whether random sets differ enough from the set for a difference and a p to be told. */
export function isComparable({ within }: SetControlJson): boolean {
  return within < MOSTLY_ITSELF;
}

/** `random`; with the share of its members that lie in the set itself, where that is not 0: `matched, 80% in it`. */
export function controlLabel(rule: 'random' | 'matched', { within }: SetControlJson): string {
  const share = Math.round(100 * within);
  return share > 0 ? `${rule}, ${share}% in it` : rule;
}
