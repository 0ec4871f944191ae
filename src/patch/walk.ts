/**
 * Walks a prompt batch through the stages: the one way in which whole prompts run. Hooked runs and gradients both
 * build on it. Consecutive stages go to the engine as one program; a callback ends a program.
 */
import { cutBefore, edit as editGraph } from '../compile/edit.ts';
import { prune } from '../compile/prune.ts';
import { InputError } from '../errors.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { embeddings, positional } from '../model/inputs.ts';
import type { LoadedModel, SessionInfo } from '../model/loaded.ts';
import { blockSite, parseSite, type Stage, stageName, stageOf, stagesOf } from '../model/sites.ts';
import { RESID, stageGraph, type StageOptions, WHOLE } from '../model/stages.ts';
import type { Step } from '../runtime/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { applyEdit, type Edit } from './edits.ts';

/** Sees a hook point's tensor; may give another of the same shape in its place. */
export type HookFunction = (value: Tensor, name: string) => Tensor | undefined | Promise<Tensor | undefined>;

export interface Callback {
  /** TransformerLens's hook name. */
  readonly at: string;
  readonly call: HookFunction;
}

export type Hook = Edit | Callback;

export interface WalkOptions {
  readonly hooks?: readonly Hook[];
  /** Hook points whose values come back. */
  readonly names?: readonly string[];
  /** The stages run up to this block, exclusive (TransformerLens's `stop_at_layer`); default all. */
  readonly stopAtLayer?: number;
  readonly logits?: StageOptions['logits'];
}

/** A stage as it is about to run. */
export interface PreparedStage {
  readonly stage: Stage;
  readonly graph: Graph;
  readonly key: string;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

export interface Batch {
  readonly prompts: readonly (readonly number[])[];
  /** Sizes of the named dims. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Inputs that every stage may read. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** Checks prompts and looks up what the stages read. Throws InputError for ids or lengths out of range. */
export function batchOf(model: LoadedModel, prompts: readonly (readonly number[])[]): Batch {
  const { vocabulary, context } = model.config;
  if (prompts.length === 0) throw new InputError('expected at least one prompt, got none');
  for (const ids of prompts) {
    if (ids.length === 0 || ids.length > context) {
      const mend = ids.length === 0 ? 'give at least one token' : 'shorten it';
      throw new InputError(`expected a prompt of 1 to ${context} tokens, got ${ids.length}; ${mend}`);
    }
    const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
    if (bad !== undefined) throw new InputError(`expected token ids from 0 to ${vocabulary - 1}, got ${bad}`);
  }
  const length = Math.max(...prompts.map((ids) => ids.length));
  return {
    prompts,
    sizes: { batch: prompts.length, pos: length },
    feeds: { ...embeddings(model, prompts), ...positional(model, { from: 0, to: length }) },
  };
}

/** A callback is the caller's code: what it gives may be anything. */
function checkGiven(given: Tensor, { shape, data }: Tensor, name: string): void {
  const isTensor = Array.isArray(given?.shape) && given.data instanceof Float32Array;
  if (isTensor && given.shape.join() === shape.join() && given.data.length === data.length) return;
  const got = isTensor ? `[${given.shape.join(', ')}] with ${given.data.length} values` : 'no tensor';
  throw new InputError(
    `expected the hook at ${name} to give a float32 tensor [${shape.join(', ')}] or nothing, got ${got}`,
  );
}

/** Whether some hook or name concerns the per-head results of a stage. */
function needsResults(stage: Stage, names: readonly string[]): boolean {
  return stage.kind === 'attn' && names.includes(blockSite(stage.layer, 'attn.hook_result'));
}

/** The stages up to a block; all for undefined. Throws InputError for a block that is not there. */
export function stagesUpTo(model: LoadedModel, stopAtLayer: number | undefined): Stage[] {
  const stages = stagesOf(model.config);
  if (stopAtLayer === undefined) return stages;
  const { nLayers } = model.config;
  const stop = stopAtLayer < 0 ? nLayers + stopAtLayer : stopAtLayer;
  if (!Number.isInteger(stop) || stop < 0 || stop > nLayers) {
    throw new InputError(`expected stopAtLayer from ${-nLayers} to ${nLayers}, got ${stopAtLayer}`);
  }
  return stages.filter((stage) => stage.kind === 'embed' || ('layer' in stage && stage.layer < stop));
}

/** Throws InputError for names that this model does not have. */
export function checkNames(model: LoadedModel, names: readonly string[], known: ReadonlySet<string>): void {
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new InputError(`expected a hook point of ${model.id}, got "${unknown}"; hookNames() lists them`);
  }
}

/** The graph of a stage with the data edits that belong to it. */
export function prepareStage(
  model: LoadedModel,
  stage: Stage,
  batch: Batch,
  edits: readonly Edit[],
  options: Partial<StageOptions> & { readonly differentiate?: readonly string[] } = {},
): PreparedStage {
  const { differentiate = [], ...stageOptions } = options;
  const own = edits.filter((edit) => isAt(edit.at, stage));
  const touched = [...own.map((edit) => edit.at), ...differentiate];
  const full = { ...WHOLE, ...stageOptions, perHead: needsResults(stage, touched) };
  let graph = stageGraph(model, stage, full);
  let feeds = {};
  let key = `${stageName(stage)} ${JSON.stringify(full)}`;
  own.forEach((edit, i) => {
    const applied = applyEdit(graph, edit, `${stageName(stage)}.edit${i}`, batch.sizes);
    graph = applied.graph;
    feeds = { ...feeds, ...applied.feeds };
    key += ` ${applied.key}`;
  });
  return { stage, graph, feeds, key };
}

/** Whether a hook point is computed in a stage. */
export function isAt(name: string, stage: Stage): boolean {
  const site = parseSite(name);
  return site !== undefined && stageName(stageOf(site)) === stageName(stage);
}

/** Hook points by the name of the stage that computes them. */
function byStage(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const site = parseSite(name);
    if (!site) continue;
    const stage = stageName(stageOf(site));
    groups.set(stage, [...(groups.get(stage) ?? []), name]);
  }
  return groups;
}

/** The register in which a stage's result stands. */
export function residAfter(index: number): string {
  return `${RESID}.${index}`;
}

/** A step that runs a session: its inputs come from registers of the same name, the residual stream from `resid`. */
export function stepOf(info: SessionInfo, resid: string, outputs: Readonly<Record<string, string>>): Step {
  const inputs = Object.fromEntries(info.inputs.map((name) => [name, name === RESID ? resid : name]));
  return { session: info.key, inputs, outputs };
}

/** What a walk gives: the last stage's result and the values asked for. */
export interface WalkResult {
  readonly last: Tensor;
  readonly values: ReadonlyMap<string, Tensor>;
}

/** Runs the stages in order, with hooks, and collects the values of the named hook points. */
export async function walk(model: LoadedModel, batch: Batch, options: WalkOptions): Promise<WalkResult> {
  const hooks = options.hooks ?? [];
  const callbacks = hooks.filter((hook): hook is Callback => 'call' in hook);
  const edits = hooks.filter((hook): hook is Edit => !('call' in hook));
  const stages = stagesUpTo(model, options.stopAtLayer);
  const named = byStage(options.names ?? []);
  const steps: Step[] = [];
  let feeds: Record<string, Tensor> = { ...batch.feeds };
  const values = new Map<string, Tensor>();
  const pendingNames: string[] = [];

  const flush = async (last: string): Promise<Tensor> => {
    const results = await model.engine.run({ steps: [...steps], fetch: [...pendingNames, last] }, feeds);
    for (const name of pendingNames) values.set(name, results[name]!);
    steps.length = 0;
    pendingNames.length = 0;
    return results[last]!;
  };

  let last = '';
  for (const [index, stage] of stages.entries()) {
    const own = callbacks.filter((hook) => isAt(hook.at, stage));
    const captured = named.get(stageName(stage)) ?? [];
    const logits = stage.kind === 'unembed' ? { logits: options.logits ?? 'all' } : {};
    const edited = own.map((hook) => hook.at);
    let prepared = prepareStage(model, stage, batch, edits, { ...logits, differentiate: edited });
    if (own.length > 0) {
      const before: Record<string, Tensor> = index > 0 ? { [last]: await flush(last) } : {};
      feeds = { ...batch.feeds, ...before };
      prepared = await callBack(model, prepared, own, feeds, last);
    }
    feeds = { ...feeds, ...prepared.feeds };
    const result = stage.kind === 'unembed' ? 'logits' : RESID;
    const outputs = new Map<string, Value>([[result, prepared.graph.outputs.get(result)!]]);
    for (const name of captured) outputs.set(name, prepared.graph.sites.get(name)!);
    const key = `${prepared.key} -> ${[...outputs.keys()].join(' ')}`;
    const info = await model.sessions.ready(key, () => prune(prepared.graph, outputs));
    const register = residAfter(index);
    const registers = Object.fromEntries(captured.map((name) => [name, name]));
    steps.push(stepOf(info, last, { [result]: register, ...registers }));
    pendingNames.push(...captured);
    last = register;
  }
  return { last: await flush(last), values };
}

/** Cuts a stage at each callback's hook point, in the order of computation, and puts in what the callback gives. */
async function callBack(
  model: LoadedModel,
  prepared: PreparedStage,
  callbacks: readonly Callback[],
  feeds: Readonly<Record<string, Tensor>>,
  resid: string,
): Promise<PreparedStage> {
  const at = (hook: Callback): Value => prepared.graph.sites.get(hook.at) ?? -1;
  const ordered = [...callbacks].sort((a, b) => at(a) - at(b));
  let state = prepared;
  for (const [i, { at: name, call }] of ordered.entries()) {
    const { graph, key } = state;
    const info = await model.sessions.ready(`${key} before ${name}`, () => cutBefore(graph, name, 'value'));
    const step = stepOf(info, resid, { value: 'value' });
    const all = { ...feeds, ...state.feeds };
    const value = (await model.engine.run({ steps: [step], fetch: ['value'] }, all)).value!;
    const given = (await call(value, name)) ?? value;
    checkGiven(given, value, name);
    const input = `callback${i}.${name}`;
    state = {
      ...state,
      graph: editGraph(graph, name, (b, old) => b.input(input, b.dims(old))),
      feeds: { ...state.feeds, [input]: given },
      key: `${key} cut ${name}`,
    };
  }
  return state;
}
