/**
 * The questions that Node and the browser are both asked: logits, one edit, one gradient. Plain numbers come back.
 */
import { BUILT_IN_PAIRS, logitDifference, type Model } from '../../src/web.ts';

/** What a study patches: one head's output before W_O, taken from the other run. */
const PATCHED = { at: 'blocks.1.attn.hook_z', head: 3 };
const DIFFERENTIATED = 'blocks.2.mlp.hook_post';

export interface Answers {
  readonly provider: string;
  readonly sha256: string;
  readonly logits: number[];
  /** Logits of the clean run with the head's value of the corrupted run. */
  readonly patched: number[];
  /** dF/d hook_post, F the logit difference of the clean run. */
  readonly gradient: number[];
}

/** Asks, and disposes of the model. */
export async function probe(model: Model): Promise<Answers> {
  try {
    const pair = model.pair(BUILT_IN_PAIRS.notebook);
    const { logits } = await model.runWithCache(pair.clean.ids, { names: [] });
    const { cache } = await model.runWithCache(pair.corrupted.ids, { names: PATCHED.at });
    const { shape, data } = cache.get(PATCHED.at)!;
    const [heads, width] = [shape[2]!, shape[3]!];
    const start = PATCHED.head * width;
    const head = data.filter((_, i) => i % (heads * width) >= start && i % (heads * width) < start + width);
    const value = { shape: shape.with(2, 1), data: head };
    const patched = await model.runWithHooks(pair.clean.ids, [
      { at: PATCHED.at, index: [PATCHED.head], value },
    ]);
    const metric = logitDifference(pair.answer.id, pair.wrong.id);
    const { gradients } = await model.gradients(pair.clean.ids, { metric, names: DIFFERENTIATED });
    return {
      provider: model.loaded.engine.provider,
      sha256: await model.loaded.sha256(),
      logits: [...logits!.data],
      patched: [...patched.data],
      gradient: [...gradients.get(DIFFERENTIATED)!.data],
    };
  } finally {
    await model.dispose();
  }
}
