/**
 * The three ways in which a call can fail. The command line maps them to exit codes 2, 1 and 130.
 */

/** The caller's mistake: one line that says what was expected, what came, and how to mend it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A failure that is not the caller's mistake: the engine, the disk, a corrupt cache. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** The caller's signal was aborted; what was complete has been kept. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor(message = 'cancelled; what was complete has been kept, --resume goes on from there') {
    super(message);
  }
}

/** Throws CancelledError where the signal has been aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError();
}
