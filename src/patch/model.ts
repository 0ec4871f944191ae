/**
 * The public model: loading, hooked runs, gradients, tokens. Each method is a thin call of one file here.
 */
import { InputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { type LoadedModel, Sessions } from '../model/loaded.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { loadParameters } from '../model/processing.ts';
import { promptIds } from '../model/tokenizers/bos.ts';
import { hookNames } from '../model/sites.ts';
import { lastTokens } from '../model/inputs.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import { type IdPair, type Pair, pairFor, type TextOptions, type TextPair } from '../tasks/pair.ts';
import type { Edit } from './edits.ts';
import { type GradientResult, gradientsAt } from './gradients.ts';
import { type NamesFilter, selectNames } from './names.ts';
import { batchOf, checkNames, type Hook, walk } from './walk.ts';

/** Text (a BOS token is put in front where the model's rule says so) or token ids, taken as they are; or several. */
export type Prompts = string | readonly number[] | readonly string[] | readonly (readonly number[])[];

export interface RunOptions {
  /** Which hook points to keep: exact names, a glob with `*`, a list, or a predicate. Default: all. */
  readonly names?: NamesFilter;
  /** Edits and callbacks of this run alone. */
  readonly hooks?: readonly Hook[];
  /** Stop before this block; negative counts from the end. Then `logits` is absent. */
  readonly stopAtLayer?: number;
}

export interface CacheResult {
  /** [batch, pos, vocabulary]; rows behind a shorter prompt's end mean nothing. Absent with `stopAtLayer`. */
  readonly logits?: Tensor;
  /** [batch, pos, d_model] where the run stopped. Present with `stopAtLayer`. */
  readonly residual?: Tensor;
  /** Values by TransformerLens's hook names and in its shapes, batch axis first. */
  readonly cache: ReadonlyMap<string, Tensor>;
  /** Length of each prompt. */
  readonly lengths: readonly number[];
}

export class Model {
  constructor(
    /** What the engine room needs; not part of the stable interface. */
    readonly loaded: LoadedModel,
  ) {}

  get config(): ModelConfig {
    return this.loaded.config;
  }

  /** Every hook name of this model, in the order of computation. */
  hookNames(): string[] {
    return hookNames(this.config);
  }

  /** Runs prompts and keeps the values of hook points. Nothing is toggled or left behind. */
  async runWithCache(prompts: Prompts, options: RunOptions = {}): Promise<CacheResult> {
    const ids = this.promptIds(prompts);
    const names = selectNames(hookNames(this.config), options.names);
    checkNames(
      this.loaded,
      (options.hooks ?? []).map(({ at }) => at),
      new Set(hookNames(this.config)),
    );
    const { last, values } = await walk(this.loaded, batchOf(this.loaded, ids), { ...options, names });
    const end = options.stopAtLayer === undefined ? { logits: last } : { residual: last };
    return { ...end, cache: values, lengths: ids.map((prompt) => prompt.length) };
  }

  /** Runs prompts under edits and callbacks: the logits [batch, pos, vocabulary]. */
  async runWithHooks(prompts: Prompts, hooks: readonly Hook[]): Promise<Tensor> {
    return (await this.runWithCache(prompts, { hooks, names: [] })).logits!;
  }

  /** Logits at each prompt's own last token: [batch, vocabulary]. */
  async lastLogits(prompts: Prompts, hooks: readonly Hook[] = []): Promise<Tensor> {
    const ids = this.promptIds(prompts);
    const batch = batchOf(this.loaded, ids);
    const withLast = { ...batch, feeds: { ...batch.feeds, last: lastTokens(ids) } };
    return (await walk(this.loaded, withLast, { hooks, logits: 'last' })).last;
  }

  /** F at each prompt's own last token and its gradients at hook points. */
  gradients(
    prompts: Prompts,
    options: { readonly metric: Metric; readonly names: NamesFilter; readonly hooks?: readonly Edit[] },
  ): Promise<GradientResult> {
    const names = selectNames(hookNames(this.config), options.names);
    return gradientsAt(this.loaded, this.promptIds(prompts), options.metric, names, options.hooks);
  }

  /** Token ids of a text; `bos` overrides the model's own rule. */
  toTokens(text: string, options: { readonly bos?: boolean } = {}): number[] {
    return promptIds(this.tokenizer(), text, options.bos, this.config.bosTokenId);
  }

  /** The text of each token of a prompt. */
  toStrTokens(prompt: string | readonly number[], options: { readonly bos?: boolean } = {}): string[] {
    const ids = typeof prompt === 'string' ? this.toTokens(prompt, options) : prompt;
    return ids.map((id) => this.tokenizer().tokenText(id));
  }

  /** The id of a text that is one token. Throws InputError where it is not. */
  toSingleToken(text: string): number {
    const ids = this.tokenizer().encode(text);
    if (ids.length === 1) return ids[0]!;
    const shown = ids.map((id) => JSON.stringify(this.tokenizer().tokenText(id))).join(' ');
    throw new InputError(
      `expected one token, got ${ids.length} for ${JSON.stringify(text)}: ${shown}; mind the leading space`,
    );
  }

  /** A checked pair of prompts, from texts or ids. Throws InputError for prompts or answers that do not fit. */
  pair(pair: TextPair | IdPair, options: TextOptions = {}): Pair {
    return pairFor(this.loaded, pair, options);
  }

  /** Frees what earlier calls made in the engine; the next call makes its own again. */
  async release(): Promise<void> {
    await this.loaded.sessions.release();
  }

  /** Stops the engine, frees its memory and closes the checkpoint. */
  async dispose(): Promise<void> {
    await this.loaded.engine.dispose();
    await this.loaded.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private tokenizer(): NonNullable<LoadedModel['tokenizer']> {
    const { tokenizer, tokenizerProblem, id } = this.loaded;
    if (tokenizer) return tokenizer;
    throw new InputError(`expected token ids, got text: ${tokenizerProblem ?? `${id} has no tokenizer`}`);
  }

  private promptIds(prompts: Prompts): readonly (readonly number[])[] {
    if (typeof prompts === 'string') return [this.toTokens(prompts)];
    const [first] = prompts;
    if (first === undefined || typeof first === 'number') return [prompts as readonly number[]];
    return (prompts as readonly (string | readonly number[])[]).map((prompt) =>
      typeof prompt === 'string' ? this.toTokens(prompt) : prompt,
    );
  }
}

export interface AssembleOptions {
  /** Keep weights as they are: no folding of norms, no centring. */
  readonly raw?: boolean;
  /** Stops before the next tensor; the call then rejects with CancelledError. */
  readonly signal?: AbortSignal;
  /** Bytes of weights read, counted as float32, and of all of them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Reads a checkpoint's weights and joins them with an engine. The checkpoint stays open for its hash. */
export async function assembleModel(
  checkpoint: Checkpoint,
  engine: Engine,
  options: AssembleOptions = {},
): Promise<Model> {
  const parameters = await loadParameters(checkpoint, { ...options, raw: options.raw ?? false });
  return new Model({
    id: checkpoint.id,
    config: checkpoint.config,
    parameters,
    engine,
    sessions: new Sessions(engine, parameters, 'calls'),
    raw: options.raw ?? false,
    has: (name) => parameters.has(name),
    sha256: () => checkpoint.sha256(),
    close: () => checkpoint.close(),
    ...(checkpoint.tokenizer && { tokenizer: checkpoint.tokenizer }),
    ...(checkpoint.tokenizerProblem && { tokenizerProblem: checkpoint.tokenizerProblem }),
  });
}
