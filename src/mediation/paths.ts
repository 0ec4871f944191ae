/**
 * Everything of this folder that is said of one pair, by name: what `mediators paths` writes.
 */
import { throwIfCancelled } from '../errors.ts';
import type { ProbeSource } from '../effects/measures.ts';
import type { Model } from '../patch/model.ts';
import { withPair } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Pair } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Component, Direction, Kind, MetricValues } from '../terms.ts';
import { directScores, mediated, totalEffects } from './direct.ts';
import { checkReceivers, type MlpMode, pathScores, type ReceiverInput } from './path-patching.ts';
import { positionScores } from './positions.ts';
import { sourceOf } from './source.ts';

export interface PathsOptions {
  /** Direct effects by all definitions, with the total. */
  readonly direct: boolean;
  /** Heads by position. */
  readonly positions: boolean;
  /** Path patching: to each of these heads alone, and to all together; none for none. */
  readonly receivers: readonly Component[];
  readonly inputs: readonly ReceiverInput[];
  readonly mlps: MlpMode;
  /** Sources of direct effects, and senders. */
  readonly kinds: readonly Kind[];
  readonly directions: readonly Direction[];
}

export interface PathsHandlers {
  readonly signal?: AbortSignal;
  /** Is told how many arrays are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PathArrays {
  readonly metric: MetricValues;
  /** By name; see docs/definitions.md. */
  readonly arrays: ReadonlyMap<string, Tensor>;
}

/** In place of a receiver's name, for all of them at once. */
export const TOGETHER = 'together';

/** One array, or several that are computed together. */
type Task = (
  chain: SuffixChain,
  source: ProbeSource,
) => Promise<readonly (readonly [name: string, scores: Tensor])[]>;

/** Computes all arrays that are asked for. Throws as the methods do, and CancelledError between two arrays. */
export async function pathArrays(
  model: Model,
  pair: Pair,
  options: PathsOptions,
  { signal, onProgress }: PathsHandlers = {},
): Promise<PathArrays> {
  for (const input of options.receivers.length > 0 ? options.inputs : [])
    checkReceivers({ ...options, input }, model.config);
  const tasks = options.directions.flatMap((direction) =>
    tasksOf(direction, options).map((task) => ({ direction, task })),
  );
  return withPair(model, pair, async (open) => {
    const arrays = new Map<string, Tensor>();
    for (const [done, { direction, task }] of tasks.entries()) {
      throwIfCancelled(signal);
      onProgress?.(done, tasks.length);
      for (const [name, scores] of await task(open.chain, sourceOf(open, direction)))
        arrays.set(name, scores);
    }
    throwIfCancelled(signal);
    onProgress?.(tasks.length, tasks.length);
    return { metric: { clean: open.runs.clean.metric, corrupted: open.runs.corrupted.metric }, arrays };
  });
}

function tasksOf(direction: Direction, options: PathsOptions): Task[] {
  const tasks: Task[] = [];
  if (options.direct) tasks.push(...options.kinds.map((kind) => directTask(direction, kind)));
  for (const input of options.inputs) {
    for (const kind of options.kinds) tasks.push(...receiverTasks(direction, input, kind, options));
  }
  if (options.positions)
    tasks.push(async (chain, source) => [[positionsName(direction), await positionScores(chain, source)]]);
  return tasks;
}

function directTask(direction: Direction, kind: Kind): Task {
  return async (chain, source) => {
    const end = `${direction}.${kind}`;
    const total = await totalEffects(chain, source, kind);
    const frozenAll = await directScores(chain, source, kind, 'frozen-all');
    return [
      [`ap.${end}`, total],
      [`direct.frozen_norm.${end}`, await directScores(chain, source, kind, 'direct')],
      [`direct.frozen_all.${end}`, frozenAll],
      [`direct.frozen_heads.${end}`, await directScores(chain, source, kind, 'frozen-heads')],
      [`mediated.${end}`, mediated(total, frozenAll)],
    ];
  };
}

function receiverTasks(
  direction: Direction,
  input: ReceiverInput,
  kind: Kind,
  { receivers, mlps }: PathsOptions,
): Task[] {
  const sets = receivers.map((receiver) => ({ to: receiver.join('.'), set: [receiver] }));
  if (receivers.length > 1) sets.push({ to: TOGETHER, set: [...receivers] });
  return sets.map(
    ({ to, set }): Task =>
      async (chain, source) => {
        const scores = await pathScores(chain, source, kind, { receivers: set, input, mlps });
        return [[pathName(direction, input, to, kind), scores]];
      },
  );
}

/** The array of senders of one kind to a receiver, `layer.head` or `together`. */
export function pathName(direction: Direction, input: ReceiverInput, to: string, kind: Kind): string {
  return `path.${direction}.${input}.${to}${kind === 'heads' ? '' : `.${kind}`}`;
}

export function positionsName(direction: Direction): string {
  return `ap.${direction}.heads.positions`;
}
