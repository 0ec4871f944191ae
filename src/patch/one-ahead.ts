/**
 * Work in turns: while what the engine made of one item is reduced or written, it runs the next.
 */
import { throwIfCancelled } from '../errors.ts';

/** Items that the engine has before it while an earlier one is finished. */
const AHEAD = 1;

export interface Turns<T, Seen> {
  /** What the engine makes of an item. */
  readonly begin: (item: T) => Promise<Seen>;
  /** What becomes of it. One item after the other, in their order. */
  readonly finish: (item: T, seen: Seen) => Promise<void> | void;
}

/** Runs items in their order. CancelledError by the signal, between two of them. */
export async function oneAhead<T, Seen>(
  items: Iterable<T>,
  { begin, finish }: Turns<T, Seen>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const begun: { readonly item: T; readonly seen: Promise<Seen> }[] = [];
  const finishOne = async () => {
    const { item, seen } = begun[0]!;
    const given = await seen;
    begun.shift();
    await finish(item, given);
  };
  try {
    for (const item of items) {
      throwIfCancelled(signal);
      begun.push({ item, seen: begin(item) });
      if (begun.length > AHEAD) await finishOne();
    }
    while (begun.length > 0) await finishOne();
  } finally {
    // The engine is left idle, and no failure unheard.
    await Promise.allSettled(begun.map(({ seen }) => seen));
  }
}
