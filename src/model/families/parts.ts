/**
 * What both families share: a linear map, a norm under its hook names, and the attention core.
 */
import type { Dim, Dims, NormKind, Value } from '../../graph/graph.ts';
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

/** A builder that knows the model. */
export class StageBuilder extends Builder {
  constructor(
    readonly model: Blueprint,
    readonly options: StageOptions,
  ) {
    super();
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
  const { family, normEps, dModel } = g.config;
  const kind: NormKind = family === 'gpt2' ? 'layer' : 'rms';
  const scale = g.hook(`${prefix}.hook_scale`, g.normScale(x, kind, normEps));
  const plain = g.norm(x, scale, kind);
  const gain = (value: Value) =>
    g.model.has(`${prefix}.w`) ? g.mul(value, g.weight(`${prefix}.w`, [dModel])) : value;
  const hook = (value: Value) => g.hook(`${prefix}.hook_normalized`, value);
  return kind === 'layer' ? hook(g.plusBias(gain(plain), `${prefix}.b`, dModel)) : gain(hook(plain));
}

const ACTIVATION = { gelu_new: 'gelu_tanh', gelu: 'gelu_erf', relu: 'relu', silu: 'silu' } as const;

/** The model's activation function. */
export function activate(g: StageBuilder, x: Value): Value {
  return g.unary(ACTIVATION[g.config.activation], x);
}

/** Queries, keys or values of some positions, split into heads: [batch, pos, heads, d_head]. */
export function project(g: StageBuilder, x: Value, layer: number, which: 'q' | 'k' | 'v'): Value {
  const { dModel, dHead, nHeads, nKvHeads } = g.config;
  const heads = which === 'q' ? nHeads : nKvHeads;
  const prefix = `blocks.${layer}.attn`;
  const upper = which.toUpperCase();
  const flat = g.linear(x, `${prefix}.W_${upper}`, `${prefix}.b_${upper}`, [dModel, heads * dHead]);
  const split = g.reshape(flat, [...g.dims(flat).slice(0, 2), heads, dHead]);
  return g.hook(blockSite(layer, `attn.hook_${which}`), split);
}

/** The rows of x that the stage's queries are for: all, or the last alone. Axis 1 holds the positions. */
export function queryRows(g: StageBuilder, x: Value, axis = 1): Value {
  const positions = g.options.positions;
  return g.options.lastOnly ? g.slice(x, axis, (positions as number) - 1, positions as number) : x;
}

/** Keys or values of earlier positions before those of the stage's own. */
function withPast(g: StageBuilder, own: Value, name: 'past_k' | 'past_v'): Value {
  const { nKvHeads, dHead } = g.config;
  const past = g.options.past;
  return past === 0 ? own : g.concat([g.input(name, ['batch', past, nKvHeads, dHead]), own], 1);
}

/** n times a dim that may be a name. */
function times(n: number, dim: Dim): Dim {
  return typeof dim === 'number' ? n * dim : n === 1 ? dim : `${n}*${dim}`;
}

/**
 * Causal attention of queries [batch, pos, heads, d_head] over keys and values [batch, pos, kv heads, d_head],
 * from scores to `hook_attn_out` [batch, pos, d_model]. Query heads of one group share their key and value head:
 * they stand under one another as rows of one product.
 */
export function attend(g: StageBuilder, layer: number, q: Value, k: Value, v: Value): Value {
  const { nHeads, nKvHeads, dHead } = g.config;
  const [keys, values] = [withPast(g, k, 'past_k'), withPast(g, v, 'past_v')];
  const rows = g.dims(q)[1]!;
  const columns = g.dims(keys)[1]!;
  const groupRows = times(nHeads / nKvHeads, rows);
  const hook = (name: 'hook_attn_scores' | 'hook_pattern' | 'hook_z', value: Value) =>
    g.hook(blockSite(layer, `attn.${name}`), value);

  const grouped = g.reshape(g.transpose(q, [0, 2, 1, 3]), ['batch', nKvHeads, groupRows, dHead]);
  const products = g.matmul(grouped, g.transpose(keys, [0, 2, 3, 1]));
  const scores = g.scale(g.reshape(products, ['batch', nHeads, rows, columns]), 1 / Math.sqrt(dHead));
  const masked = hook('hook_attn_scores', g.add(scores, g.input('mask', [rows, columns])));
  const pattern = hook('hook_pattern', g.softmax(masked));
  const groupedPattern = g.reshape(pattern, ['batch', nKvHeads, groupRows, columns]);
  const mixed = g.matmul(groupedPattern, g.transpose(values, [0, 2, 1, 3]));
  const byHead = g.reshape(mixed, ['batch', nHeads, rows, dHead]);
  const z = hook('hook_z', g.transpose(byHead, [0, 2, 1, 3]));
  return g.hook(blockSite(layer, 'hook_attn_out'), output(g, layer, z));
}

/** z [batch, pos, heads, d_head] through W_O and b_O to [batch, pos, d_model]. */
function output(g: StageBuilder, layer: number, z: Value): Value {
  const { nHeads, dHead, dModel } = g.config;
  const prefix = `blocks.${layer}.attn`;
  const weight = g.weight(`${prefix}.W_O`, [nHeads * dHead, dModel]);
  const perHead = g.matmul(g.transpose(z, [0, 2, 1, 3]), g.reshape(weight, [nHeads, dHead, dModel]));
  const result = g.hook(blockSite(layer, 'attn.hook_result'), g.transpose(perHead, [0, 2, 1, 3]));
  const flat = g.reshape(z, [...g.dims(z).slice(0, 2), nHeads * dHead]);
  const sum = g.options.perHead ? g.sum(result, [2]) : g.matmul(flat, weight);
  return g.plusBias(sum, `${prefix}.b_O`, dModel);
}
