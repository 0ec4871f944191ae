/**
 * What both families share: a linear map, a norm under its hook names, and projections to heads.
 */
import { type Dim, type Dims, type NormKind, times, type Value } from '../../graph/graph.ts';
import { alignedWidth } from '../../ops/alignment.ts';
import { Builder } from '../../ops/builder.ts';
import type { ModelConfig } from '../config.ts';
import { blockSite } from '../sites.ts';

/** How a stage is to be built. Everything else follows from the model. */
export interface StageOptions {
  /** Positions that the stage computes: a number, or a name for any. */
  readonly positions: Dim;
  /** Earlier positions whose keys and values come as inputs (0: none). Needs a number for `positions`. */
  readonly past: number;
  /** Attention only: queries, and so all that follows, of the last position alone. Needs a number for `positions`. */
  readonly lastOnly: boolean;
  /** Attention only: attn_out as the sum of `hook_result`, so that results can be edited. */
  readonly perHead: boolean;
  /**
   * Block stages only: the residual stream enters as a line, `resid` + `amount` x `write`, where every row of the batch
   * has a write of its own ([batch, 1, d_model], amounts by position), or all share one ([1, pos, d_model], amounts by
   * row). `resid` is [1, pos, d_model]: what the rows share is projected once. Needs a number for `positions`.
   */
  readonly line?: 'own' | 'shared';
  /**
   * Attention only: each query head and each key-value head reads a copy of the residual stream of its own, under
   * TransformerLens's names for `use_split_qkv_input` (`hook_q_input` and so on: [batch, pos, heads, d_model]). Needs a
   * number for `positions`; not with `line`.
   */
  readonly separateInputs?: boolean;
  /** Unembedding only: all positions, or each prompt's last (one-hot input `last`). */
  readonly logits: 'all' | 'last';
  /** Unembedding only: these columns alone. */
  readonly tokens?: readonly number[];
}

export const WHOLE: StageOptions = {
  positions: 'pos',
  past: 0,
  lastOnly: false,
  perHead: false,
  logits: 'all',
};

/** Builds the graphs of one model: its config, and which parameters it has. */
export interface Blueprint {
  readonly config: ModelConfig;
  /** Whether a parameter exists, by its TransformerLens name. */
  readonly has: (parameter: string) => boolean;
}

/** A line in the residual stream: base + amount x write. */
export interface Line {
  readonly base: Value;
  readonly amount: Value;
  readonly write: Value;
}

/** A builder that knows the model. */
export class StageBuilder extends Builder {
  constructor(
    readonly model: Blueprint,
    readonly options: StageOptions,
  ) {
    super();
  }

  /** The inputs of a stage that the stream enters as a line. */
  lineInputs(): Line | undefined {
    const { line, positions } = this.options;
    if (line === undefined) return undefined;
    const { dModel } = this.config;
    return {
      base: this.input('resid', [1, positions, dModel]),
      amount: this.input('amount', line === 'own' ? ['batch', positions, 1] : ['batch', 1, 1]),
      write: this.input('write', line === 'own' ? ['batch', 1, dModel] : [1, positions, dModel]),
    };
  }

  get config(): ModelConfig {
    return this.model.config;
  }

  /** Dims of the residual stream for some positions. */
  residual(positions: Dim): Dims {
    return ['batch', positions, this.config.dModel];
  }

  /** x W + b, with b only where the model has it. */
  linear(x: Value, weight: string, bias: string, dims: readonly [number, number]): Value {
    return this.plusBias(this.matmul(x, this.weight(weight, dims)), bias, dims[1]);
  }

  plusBias(x: Value, name: string, size: number): Value {
    return this.model.has(name) ? this.add(x, this.weight(name, [size])) : x;
  }
}

/**
 * A norm under the hook names `<prefix>.hook_scale` and `.hook_normalized`. With raw weights TransformerLens
 * hooks LayerNorm behind its gain and RMSNorm before it.
 */
export function normalise(g: StageBuilder, x: Value, prefix: string): Value {
  return norm(g, x, prefix, (name, value) => g.hook(`${prefix}.${name}`, value));
}

function norm(
  g: StageBuilder,
  x: Value,
  prefix: string,
  named: (name: string, value: Value) => Value,
): Value {
  const { family, normEps, dModel } = g.config;
  const kind: NormKind = family === 'gpt2' ? 'layer' : 'rms';
  const scale = named('hook_scale', g.normScale(x, kind, normEps));
  const plain = g.norm(x, scale, kind);
  const gain = (value: Value) =>
    g.model.has(`${prefix}.w`) ? g.mul(value, g.weight(`${prefix}.w`, [dModel])) : value;
  const hook = (value: Value) => named('hook_normalized', value);
  return kind === 'layer' ? hook(g.plusBias(gain(plain), `${prefix}.b`, dModel)) : gain(hook(plain));
}

/** A linear map of a stage's normalised input, of all positions or of the rows that its queries are for. */
export type Read = (
  weight: string,
  bias: string,
  dims: readonly [number, number],
  queries?: boolean,
) => Value;

/** Normalises what enters a stage, for the linear maps that read it. */
export function reading(g: StageBuilder, x: Value, prefix: string): Read {
  const line = g.lineInputs();
  // A gain of the norm's own would have to enter both products.
  if (line && !g.model.has(`${prefix}.w`)) return readingLine(g, x, line, prefix);
  const normalised = normalise(g, x, prefix);
  return (weight, bias, dims, queries = false) =>
    g.linear(queries ? queryRows(g, normalised) : normalised, weight, bias, dims);
}

/**
 * The norm of a line before a linear map W: a norm only centres (LayerNorm) and divides by a scale, so that
 *
 *   norm(base + amount write) W = (centred(base) W + amount centred(write) W) / scale
 *
 * and the two products have far fewer rows than the line has.
 */
function readingLine(g: StageBuilder, x: Value, { base, amount, write }: Line, prefix: string): Read {
  const { family, normEps } = g.config;
  const kind: NormKind = family === 'gpt2' ? 'layer' : 'rms';
  const scale = g.hook(`${prefix}.hook_scale`, g.normScale(x, kind, normEps));
  const [centredBase, centredWrite] = kind === 'rms' ? [base, write] : [centred(g, base), centred(g, write)];
  return (weight, bias, dims, queries = false) => {
    const picked = (value: Value) => (queries && g.dims(value)[1] !== 1 ? queryRows(g, value) : value);
    const w = g.weight(weight, dims);
    const ofWrite = g.mul(picked(amount), g.matmul(picked(centredWrite), w));
    const product = g.add(g.matmul(picked(centredBase), w), ofWrite);
    return g.plusBias(g.div(product, picked(scale)), bias, dims[1]);
  };
}

/** Rows [., ., d_model] less their mean. */
function centred(g: StageBuilder, rows: Value): Value {
  const { dModel } = g.config;
  const spare = alignedWidth(dModel) - dModel;
  const aligned = spare === 0 ? rows : g.pad(rows, 2, 0, spare);
  return g.sub(rows, g.scale(g.sum(aligned, [2], true), 1 / dModel));
}

const ACTIVATION = { gelu_new: 'gelu_tanh', gelu: 'gelu_erf', relu: 'relu', silu: 'silu' } as const;

/** The model's activation function. */
export function activate(g: StageBuilder, x: Value): Value {
  return g.unary(ACTIVATION[g.config.activation], x);
}

type Projection = 'q' | 'k' | 'v';

/** Queries, keys and values of what enters a block, split into heads: [batch, pos, heads, d_head]. */
export function projections(
  g: StageBuilder,
  layer: number,
  resid: Value,
): Readonly<Record<Projection, Value>> {
  const read = g.options.separateInputs ? undefined : reading(g, resid, `blocks.${layer}.ln1`);
  const project = (which: Projection) => {
    const flat = read ? projectShared(g, read, layer, which) : projectApart(g, resid, layer, which);
    const split = g.reshape(flat, [...g.dims(flat).slice(0, 2), headsOf(g, which), g.config.dHead]);
    return g.hook(blockSite(layer, `attn.hook_${which}`), split);
  };
  return { q: project('q'), k: project('k'), v: project('v') };
}

function headsOf({ config }: StageBuilder, which: Projection): number {
  return which === 'q' ? config.nHeads : config.nKvHeads;
}

function parametersOf(layer: number, which: Projection): [weight: string, bias: string] {
  const prefix = `blocks.${layer}.attn`;
  return [`${prefix}.W_${which.toUpperCase()}`, `${prefix}.b_${which.toUpperCase()}`];
}

/** All heads read one stream: [batch, pos, heads * d_head]. */
function projectShared(g: StageBuilder, read: Read, layer: number, which: Projection): Value {
  const { dModel, dHead } = g.config;
  return read(...parametersOf(layer, which), [dModel, headsOf(g, which) * dHead], which === 'q');
}

/** Every head reads a stream of its own: [batch, pos, heads * d_head]. */
function projectApart(g: StageBuilder, resid: Value, layer: number, which: Projection): Value {
  const { dModel, dHead } = g.config;
  const heads = headsOf(g, which);
  const [weight, bias] = parametersOf(layer, which);
  const stream = which === 'q' ? queryRows(g, resid) : resid;
  const positions = g.dims(stream)[1] as number;
  const one = g.reshape(stream, ['batch', positions, 1, dModel]);
  // An identity: queries, keys and values are edited apart.
  const copies = g.unary('identity', g.concat(new Array<Value>(heads).fill(one), 2));
  const hooked = g.hook(blockSite(layer, `hook_${which}_input`), copies);
  const normalised = norm(g, hooked, `blocks.${layer}.ln1`, (_name, value) => value);
  // Heads first: the rows of all prompts are one product.
  const rows = g.reshape(g.transpose(normalised, [2, 0, 1, 3]), [heads, times(positions, 'batch'), dModel]);
  const w = g.transpose(
    g.reshape(g.weight(weight, [dModel, heads * dHead]), [dModel, heads, dHead]),
    [1, 0, 2],
  );
  const product = g.reshape(g.matmul(rows, w), [heads, 'batch', positions, dHead]);
  const flat = g.reshape(g.transpose(product, [1, 2, 0, 3]), ['batch', positions, heads * dHead]);
  return g.plusBias(flat, bias, heads * dHead);
}

/** The rows of x that the stage's queries are for: all, or the last alone. Axis 1 holds the positions. */
export function queryRows(g: StageBuilder, x: Value, axis = 1): Value {
  const positions = g.options.positions;
  return g.options.lastOnly ? g.slice(x, axis, (positions as number) - 1, positions as number) : x;
}
