/**
 * What both families share: a linear map, a norm under its hook names, and projections to heads.
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
