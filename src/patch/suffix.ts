/**
 * Runs that can differ from the base run only behind a pair's first difference. Everything before it is the same in
 * every run of the pair (attention is causal), so it is computed once: its keys and values are inputs of the
 * attention stages, and only the suffix is computed. In the last layer only the last position counts, keys and
 * values aside.
 *
 * A chain is the list of stages from the first block to the metric. State `i` is the residual stream that enters
 * stage `i`: [batch, suffix, d_model], or [batch, 1, d_model] behind the last attention (unless it runs `whole`).
 */
import type { Graph } from '../graph/graph.ts';
import { embeddings, positional, type Range } from '../model/inputs.ts';
import type { LoadedModel, SessionInfo } from '../model/loaded.ts';
import { blockSite, type Stage, stagesOf } from '../model/sites.ts';
import { RESID, stageGraph, type StageOptions, WHOLE } from '../model/stages.ts';
import type { Feeds, Step } from '../runtime/engine.ts';
import { slice, tensor, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import { metricFeeds, metricGraph, metricKey } from './metric-graph.ts';
import { batchOf, walk } from './walk.ts';

/** A way of running a stage: how its graph is made from the plain one. */
export interface Variant {
  readonly key: string;
  readonly build: (graph: Graph, stage: Stage) => Graph;
  /** Its sessions run many times: they keep the memory of a run for the next. */
  readonly arena?: boolean;
}

/** How a stage of the chain runs. */
export interface StageForm {
  /** All positions in the last layer too. */
  readonly whole?: boolean;
  /** The stream enters as a line: see `StageOptions`. */
  readonly line?: 'own' | 'shared' | undefined;
  /** Attention: each head reads a copy of the stream of its own: see `StageOptions`. */
  readonly separateInputs?: boolean;
}

/** One step of a chain: which stage, read from which register, giving what. */
export interface ChainStep extends StageForm {
  readonly index: number;
  readonly variant: Variant;
  readonly from: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Inputs of the variant's own, by register. */
  readonly inputs?: Readonly<Record<string, string>>;
}

/** From this many positions on, a line is projected in fewer rows than it has, by more than its own work. */
export const LINE_POSITIONS = 3;

/** Stages whose lines stay: that of the run under way, and of the one begun after it. */
const LINES_KEPT = 2;

export class SuffixChain {
  /** Stages from the first attention to the metric (`unembed`). */
  readonly stages: readonly Stage[];
  readonly range: Range;
  /** State 0 of each run: [1, suffix, d_model]. */
  readonly starts: readonly Tensor[];
  /** Sessions that take a line, by stage. */
  private readonly lines = new Map<number, Set<string>>();

  private constructor(
    readonly model: LoadedModel,
    readonly metric: Metric,
    prompts: readonly (readonly number[])[],
    first: number,
    /** Keys and values of what all prompts share. */
    private readonly prefix: Feeds,
  ) {
    this.range = { from: first, to: prompts[0]!.length };
    this.stages = stagesOf(model.config).slice(1);
    this.starts = prompts.map((ids) => startOf(model, ids, this.range));
  }

  /**
   * Runs what all prompts share, before `first`, and keeps its keys and values. `keepSessions`: chains of equal shape
   * follow one another, and find the sessions of the one before.
   */
  static async create(
    model: LoadedModel,
    metric: Metric,
    prompts: readonly (readonly number[])[],
    first: number,
    keepSessions = false,
  ): Promise<SuffixChain> {
    const prefix = first > 0 ? await prefixOf(model, prompts[0]!.slice(0, first)) : {};
    if (!keepSessions) await model.sessions.release();
    const chain = new SuffixChain(model, metric, prompts, first, prefix);
    await chain.activate();
    return chain;
  }

  /** Makes it the chain that runs, after another one of the same model did. */
  async activate(): Promise<void> {
    await this.model.engine.put({ ...this.prefix, ...this.inputs() });
  }

  /** Positions of the suffix. */
  get size(): number {
    return this.range.to - this.range.from;
  }

  /** Index of a block's attention or MLP stage. */
  indexOf(kind: 'attn' | 'mlp', layer: number): number {
    return 2 * layer + (kind === 'mlp' ? 1 : 0);
  }

  /** Positions of the state that enters a stage. */
  positionsAt(index: number, whole = false): number {
    return index > this.lastAttention && !whole ? 1 : this.size;
  }

  /** Whether to enter a stage on a line: where fewer rows are projected, and no norm has a gain of its own. */
  takesLine(index: number): boolean {
    const stage = this.stages[index]!;
    if (stage.kind !== 'attn' && stage.kind !== 'mlp') return false;
    const norm = `blocks.${stage.layer}.${stage.kind === 'attn' ? 'ln1' : 'ln2'}.w`;
    return this.positionsAt(index) >= LINE_POSITIONS && !this.model.has(norm);
  }

  /** The plain graph of a stage, all hook points named. */
  graphOf(index: number, { whole = false, line, separateInputs }: StageForm = {}): Graph {
    const stage = this.stages[index]!;
    const positions = this.positionsAt(index, whole);
    if (stage.kind === 'unembed') return metricGraph(this.model, this.metric, positions);
    const options = suffixOptions(stage.kind, this.range, index >= this.lastAttention && !whole);
    const entered = line === undefined ? options : { ...options, line };
    return stageGraph(this.model, stage, separateInputs ? { ...entered, separateInputs } : entered);
  }

  /** The session of a stage, made on first use. */
  async session(index: number, variant: Variant, form: StageForm = {}): Promise<SessionInfo> {
    const stage = this.stages[index]!;
    const info = await this.model.sessions.ready(
      `suffix ${this.placeOf(index, form)} ${index} ${variant.key}`,
      () => variant.build(this.graphOf(index, form), stage),
      variant.arena,
    );
    if (form.line) await this.keepLine(index, info.key);
    return info;
  }

  /** What the graph of a stage depends on: the metric in the last alone, which knows positions only by their number. */
  private placeOf(index: number, form: StageForm): string {
    if (this.stages[index]!.kind === 'unembed')
      return `${metricKey(this.metric)} of ${this.positionsAt(index, form.whole)}`;
    const whole = form.whole && index >= this.lastAttention ? ' whole' : '';
    const apart = form.separateInputs ? ' separate inputs' : '';
    return `${this.range.from}-${this.range.to}${whole}${form.line ? ` ${form.line} line` : ''}${apart}`;
  }

  /** Every layer's sources take a line of their own, one layer after the other: those left behind are released. */
  private async keepLine(index: number, key: string): Promise<void> {
    this.lines.set(index, (this.lines.get(index) ?? new Set()).add(key));
    if (this.lines.size <= LINES_KEPT) return;
    const [oldest, keys] = [...this.lines][0]!;
    this.lines.delete(oldest);
    await this.model.sessions.release([...keys]);
  }

  private get lastAttention(): number {
    return this.indexOf('attn', this.model.config.nLayers - 1);
  }

  /** Makes the session ready and binds its inputs. */
  async step({ index, variant, from, outputs, inputs = {}, ...form }: ChainStep): Promise<Step> {
    const info = await this.session(index, variant, form);
    const bound = info.inputs.map((name) => {
      if (inputs[name] !== undefined) return [name, inputs[name]];
      const lastRow = name === 'mask' && index === this.lastAttention && !form.whole;
      return [name, lastRow ? 'suffix.mask_last' : this.register(name, index, from)];
    });
    return { session: info.key, inputs: Object.fromEntries(bound), outputs };
  }

  run(steps: readonly Step[], feeds: Feeds, fetch: readonly string[]): Promise<Record<string, Tensor>> {
    return this.model.engine.run({ steps, fetch }, feeds);
  }

  /** Releases the chain's sessions; the next step makes those it needs again. */
  async release(): Promise<void> {
    this.lines.clear();
    await this.model.sessions.release();
  }

  private register(name: string, index: number, from: string): string {
    const stage = this.stages[index]!;
    if (name === RESID) return from;
    // Of a line: fed with every run.
    if (name === 'amount' || name === 'write') return name;
    if (name === 'past_k' || name === 'past_v') return pastRegister(name, (stage as BlockStage).layer);
    return `suffix.${name}`;
  }

  /** What stages read beside the stream, in all runs alike. */
  private inputs(): Feeds {
    const inputs = positional(this.model, this.range);
    const all = { ...inputs, ...metricFeeds(this.metric, this.model.config.vocabulary) };
    const kept = Object.entries(all).map(([name, value]) => [`suffix.${name}`, value]);
    const lastRow = slice(inputs.mask!, 0, this.size - 1, this.size);
    return { ...Object.fromEntries(kept), 'suffix.mask_last': lastRow };
  }
}

/** How the graph of a block's stage is made on a suffix. `last`: of the last layer only the last position counts. */
export function suffixOptions(kind: Stage['kind'], { from, to }: Range, last: boolean): StageOptions {
  const positions = kind === 'mlp' && last ? 1 : to - from;
  return { ...WHOLE, positions, past: from, lastOnly: kind === 'attn' && last };
}

type BlockStage = Stage & { readonly layer: number };

/** The register of a layer's keys (rotated, where the model rotates) or values before the suffix: [kv heads, past, d_head]. */
export function pastRegister(name: 'past_k' | 'past_v', layer: number): string {
  return `suffix.${name} ${layer}`;
}

/** The residual stream that enters the first block, at the suffix's positions. */
function startOf(model: LoadedModel, ids: readonly number[], { from, to }: Range): Tensor {
  const { embed, pos_embed: positions } = embeddings(model, [ids]);
  const sum = positions ? embed!.data.map((value, i) => value + positions.data[i]!) : embed!.data;
  return slice(tensor(sum, embed!.shape), 1, from, to);
}

/** Keys (rotated, where the model rotates) and values of a prompt, by register: [kv heads, pos, d_head]. */
async function prefixOf(model: LoadedModel, ids: readonly number[]): Promise<Feeds> {
  const keyHook = model.config.rotary ? 'attn.hook_rot_k' : 'attn.hook_k';
  const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
  const names = layers.flatMap((layer) => [blockSite(layer, keyHook), blockSite(layer, 'attn.hook_v')]);
  // The last block's MLP and the unembedding read nothing that is needed here.
  const { values } = await walk(model, batchOf(model, [ids]), { names, stopAtLayer: model.config.nLayers });
  const entries = layers.flatMap((layer) => [
    [pastRegister('past_k', layer), headsFirst(values.get(blockSite(layer, keyHook))!)],
    [pastRegister('past_v', layer), headsFirst(values.get(blockSite(layer, 'attn.hook_v'))!)],
  ]);
  return Object.fromEntries(entries);
}

/** [1, pos, heads, d_head] to [heads, pos, d_head]. */
function headsFirst({ shape, data }: Tensor): Tensor {
  const [, positions, heads, width] = shape as [number, number, number, number];
  const moved = zeros([heads, positions, width]);
  for (let p = 0; p < positions; p++) {
    for (let h = 0; h < heads; h++) {
      const from = (p * heads + h) * width;
      moved.data.set(data.subarray(from, from + width), (h * positions + p) * width);
    }
  }
  return moved;
}
