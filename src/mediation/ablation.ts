/**
 * Ablation of any set of components at once: heads and neurons of any layers get other values at all positions, and
 * the run goes on from there.
 *
 *   effect = F(run with all of the set ablated) - F(base run)              in units of F
 *
 * | value | what a component gets |
 * |---|---|
 * | `other` | what it had in the pair's other run, as recorded, whatever earlier components of the set do |
 * | `zero` | 0: heads before W_O (so without value bias where that is folded), neurons after the activation |
 * | `{ mean }` | its mean over prompts: at each position where all are as long as the base prompt, else over all positions of all |
 * | `{ resample, seed }` | what it had on another prompt of the list, one prompt for the whole set, drawn at random |
 * | `{ scale }` | its present value times a factor: 0 removes, 2 amplifies |
 *
 * A set of one with `other` is activation patching. Effects of sets do not add up: that is what sets are for.
 */
import { InputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { blockSite } from '../model/sites.ts';
import type { Edit } from '../patch/edits.ts';
import type { Model } from '../patch/model.ts';
import { type MeasuredPair, metricFor } from '../patch/open-pair.ts';
import { seededRandom } from '../stats/random.ts';
import { evaluateMetric, type Metric } from '../tasks/metric.ts';
import { row, type Tensor, zeros } from '../tensor/tensor.ts';
import { type Component, type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { checkComponents, checkWord } from './source.ts';

/** Heads and neurons, each as [layer, index]. */
export type ComponentSet = { readonly [K in Kind]?: readonly Component[] };

/** A prompt as text or token ids. */
export type AblationPrompt = string | readonly number[];

/** What ablated components get; see the top of the file. */
export type AblationValue =
  | 'other'
  | 'zero'
  | { readonly mean: readonly AblationPrompt[] }
  | { readonly resample: readonly AblationPrompt[]; readonly seed?: number }
  | { readonly scale: number };

export interface AblationOptions {
  readonly value: AblationValue;
  /** Which prompt runs: the clean one for noising (default), the corrupted one for denoising. */
  readonly direction?: Direction;
  /** What F is; by default the metric of the pair, or the logit difference of its answers. */
  readonly metric?: Metric;
}

export interface Ablated {
  /** F of the ablated run. */
  readonly metric: number;
  /** F of the base run. */
  readonly base: number;
  /** metric - base. */
  readonly effect: number;
  /** Of the ablated run, at the last token: [vocabulary]. */
  readonly logits: Tensor;
}

/** So many prompts of a mean run at once. */
const MEAN_BATCH = 16;

/**
 * Runs a prompt of the pair with a set of components ablated, all at once.
 * Throws InputError for a pair or a metric that does not fit the model, components that it does not have, an empty set,
 * unknown values, and prompts of a resample that are not as long as the base prompt.
 */
export async function ablate(
  model: Model,
  pair: MeasuredPair,
  components: ComponentSet,
  { value, direction = 'noising', metric: given }: AblationOptions,
): Promise<Ablated> {
  const metric = metricFor(model, pair, given);
  checkWord('direction', direction, DIRECTIONS);
  const [base, other] = direction === 'noising' ? [pair.clean, pair.corrupted] : [pair.corrupted, pair.clean];
  const from = value === 'other' ? { recorded: other.ids } : value;
  const edits = await ablationEdits(model, base.ids, components, from);
  const logits = row(await model.lastLogits(base.ids, edits), 0);
  const plain = row(await model.lastLogits(base.ids), 0);
  const [after, before] = [evaluateMetric(metric, logits.data), evaluateMetric(metric, plain.data)];
  return { metric: after, base: before, effect: after - before, logits };
}

/** As `AblationValue`, with the prompt that gives recorded values in place of the pair's other run. */
export type EditValue = Exclude<AblationValue, 'other'> | { readonly recorded: AblationPrompt };

/**
 * The edits that ablate a set of components on a prompt: one for each layer and kind, for `runWithHooks` and
 * `runWithCache`. Throws InputError as `ablate`, and for a recorded prompt of another length.
 */
export async function ablationEdits(
  model: Model,
  prompt: AblationPrompt,
  components: ComponentSet,
  value: EditValue,
): Promise<Edit[]> {
  const places = placesOf(components, model.config);
  const edits = (values: (at: string) => Pick<Edit, 'value' | 'how'>): Edit[] =>
    [...places].map(([at, index]) => ({ at, index, ...values(at) }));
  if (value === 'zero') return edits(() => ({ value: 0 }));
  if (typeof value === 'object' && 'scale' in value) {
    if (!Number.isFinite(value.scale))
      throw new InputError(`expected a finite factor for scale, got ${value.scale}`);
    return edits(() => ({ value: value.scale, how: 'scale' }));
  }
  const ids = idsOf(model, prompt);
  const found = await valuesFor(model, ids, [...places.keys()], value);
  return edits((at) => ({ value: found.get(at)! }));
}

/** Values of hook points on other prompts, [1, pos or 1, ...]. */
async function valuesFor(
  model: Model,
  ids: readonly number[],
  names: readonly string[],
  value: EditValue,
): Promise<ReadonlyMap<string, Tensor>> {
  if (typeof value === 'object' && 'mean' in value) return meansOf(model, ids.length, names, value.mean);
  if (typeof value === 'object' && 'resample' in value) {
    const { resample, seed = 0 } = value;
    return recorded(model, ids.length, names, drawn(model, ids, resample, seed));
  }
  if (typeof value === 'object' && 'recorded' in value)
    return recorded(model, ids.length, names, idsOf(model, value.recorded));
  throw new InputError(
    `expected other, zero, { mean }, { resample } or { scale } for value, got ${JSON.stringify(value)}`,
  );
}

/** Members of each hook point that the set touches. Throws InputError for an empty set. */
function placesOf(components: ComponentSet, config: ModelConfig): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const kind of KINDS) {
    const members = components[kind] ?? [];
    checkComponents('components', kind, members, config);
    for (const [layer, index] of members) {
      const at = blockSite(layer, kind === 'heads' ? 'attn.hook_z' : 'mlp.hook_post');
      places.set(at, [...(places.get(at) ?? []), index]);
    }
  }
  if (places.size > 0) return places;
  throw new InputError('expected at least one head or neuron to ablate, got none');
}

function idsOf(model: Model, prompt: AblationPrompt): readonly number[] {
  return typeof prompt === 'string' ? model.toTokens(prompt) : prompt;
}

/** What a prompt has at hook points. */
async function recorded(
  model: Model,
  length: number,
  names: readonly string[],
  ids: readonly number[],
): Promise<ReadonlyMap<string, Tensor>> {
  if (ids.length !== length)
    throw new InputError(
      `expected a prompt of ${length} tokens to take values from, got ${ids.length}; its positions must align`,
    );
  return (await model.runWithCache(ids, { names })).cache;
}

/** A prompt of the list other than the base prompt, drawn at random. */
function drawn(
  model: Model,
  ids: readonly number[],
  prompts: readonly AblationPrompt[],
  seed: number,
): readonly number[] {
  const others = prompts.map((prompt) => idsOf(model, prompt)).filter((each) => each.join() !== ids.join());
  if (others.length === 0)
    throw new InputError('expected a prompt to resample from other than the base prompt, got none');
  return others[seededRandom(seed).below(others.length)]!;
}

/** Means over prompts, in float64: [1, pos, ...] where all have `length` tokens, else [1, 1, ...] over all positions. */
async function meansOf(
  model: Model,
  length: number,
  names: readonly string[],
  prompts: readonly AblationPrompt[],
): Promise<ReadonlyMap<string, Tensor>> {
  if (prompts.length === 0) throw new InputError('expected at least one prompt for a mean, got none');
  const ids = prompts.map((prompt) => idsOf(model, prompt));
  const aligned = ids.every((each) => each.length === length);
  const sums = new Map<string, { readonly shape: readonly number[]; readonly sum: Float64Array }>();
  for (let from = 0; from < ids.length; from += MEAN_BATCH) {
    const { cache, lengths } = await model.runWithCache(ids.slice(from, from + MEAN_BATCH), { names });
    for (const [name, value] of cache) {
      const shape = [1, aligned ? length : 1, ...value.shape.slice(2)];
      const size = shape.reduce((product, n) => product * n, 1);
      const { sum } = sums.get(name) ?? { sum: new Float64Array(size) };
      addPositions(sum, value, lengths);
      sums.set(name, { shape, sum });
    }
  }
  const count = aligned ? ids.length : ids.reduce((total, each) => total + each.length, 0);
  return new Map(
    [...sums].map(([name, { shape, sum }]) => {
      const mean = zeros(shape);
      mean.data.set(sum.map((value) => value / count));
      return [name, mean];
    }),
  );
}

/** Adds the positions of each prompt, up to its own length, to sums of one position or of all. */
function addPositions(sum: Float64Array, { shape, data }: Tensor, lengths: readonly number[]): void {
  const [batch, positions] = shape as [number, number];
  const width = data.length / (batch * positions);
  lengths.forEach((length, prompt) => {
    for (let i = 0; i < length * width; i++) {
      sum[i % sum.length]! += data[prompt * positions * width + i]!;
    }
  });
}
