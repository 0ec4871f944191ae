/**
 * One user of a model's engine at a time, for work that keeps tensors in it under fixed names.
 */
import { InputError } from '../errors.ts';
import type { LoadedModel } from '../model/loaded.ts';

/** Models that are in use: two users at once would take one another's kept tensors. */
const busy = new WeakSet<LoadedModel>();

/** Registers that such work keeps. */
const KEPT = ['suffix.', 'patch.', 'frozen.'];

/**
 * Runs on a model that no other such work uses; at the end, however it comes, nothing is left in the engine.
 * `scope` names the work's sessions. Throws InputError where the model is in use.
 */
export async function alone<T>(
  model: LoadedModel,
  scope: string,
  body: (scoped: LoadedModel) => Promise<T>,
): Promise<T> {
  if (busy.has(model)) {
    throw new InputError(
      'expected one study at a time on a model (or one method on a pair), got a second one; await the first, or load the model twice',
    );
  }
  busy.add(model);
  // Sessions of its own: other calls on the model go on beside it.
  const scoped = { ...model, sessions: model.sessions.scoped(scope) };
  try {
    return await body(scoped);
  } finally {
    await cleared(scoped);
    busy.delete(model);
  }
}

/** An engine that has failed has nothing left to clear, and its own error says more. */
async function cleared({ engine, sessions }: LoadedModel): Promise<void> {
  await Promise.allSettled([...KEPT.map((prefix) => engine.drop(prefix)), sessions.release()]);
}
