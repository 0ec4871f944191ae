/**
 * How many points a scatter draws: a page of tens of thousands opens slowly, and most of them lie in one heap.
 */
import { formatCount } from './text.ts';

/** A panel draws so many points. */
export const MOST_POINTS = 700;

/** The points of largest size, the largest first. */
export function largestPoints<P>(points: readonly P[], size: (point: P) => number): P[] {
  return points.toSorted((a, b) => size(b) - size(a)).slice(0, MOST_POINTS);
}

/** A note where a panel of so many points leaves some out; `which` are drawn, such as "largest by either score". */
export function drawnNote(counts: readonly number[], which: string): string[] {
  const most = Math.max(...counts);
  return most > MOST_POINTS
    ? [`Each panel draws the ${formatCount(MOST_POINTS)} of ${formatCount(most)} points that are ${which}.`]
    : [];
}
