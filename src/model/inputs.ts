/**
 * What a model's graphs read beside the residual stream: looked-up embeddings, the causal mask, rotary tables.
 */
import { tensor, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Rotary } from './config.ts';
import type { LoadedModel } from './loaded.ts';

/** Rows `from` to `to` of the positions that a stage computes. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Inputs of the embedding stage, `embed` and (GPT-2) `pos_embed`, each [batch, pos, d_model]. Shorter prompts are
 * filled up with token 0 behind their end: causal attention never looks there.
 */
export function embeddings(
  model: LoadedModel,
  prompts: readonly (readonly number[])[],
): Record<string, Tensor> {
  const { dModel, family } = model.config;
  const length = Math.max(...prompts.map((ids) => ids.length));
  const embed = zeros([prompts.length, length, dModel]);
  const table = model.parameters.get('embed.W_E')!;
  const pos = model.parameters.get('pos_embed.W_pos');
  const posEmbed = zeros([prompts.length, length, dModel]);
  prompts.forEach((ids, b) => {
    for (let p = 0; p < length; p++) {
      const at = (b * length + p) * dModel;
      const id = ids[p] ?? 0;
      embed.data.set(table.data.subarray(id * dModel, (id + 1) * dModel), at);
      if (pos) posEmbed.data.set(pos.data.subarray(p * dModel, (p + 1) * dModel), at);
    }
  });
  return family === 'gpt2' ? { embed, pos_embed: posEmbed } : { embed };
}

/** One-hot rows [batch, 1, pos] that pick each prompt's last token. */
export function lastTokens(prompts: readonly (readonly number[])[]): Tensor {
  const length = Math.max(...prompts.map((ids) => ids.length));
  const last = zeros([prompts.length, 1, length]);
  prompts.forEach((ids, b) => {
    last.data[b * length + ids.length - 1] = 1;
  });
  return last;
}

/** The additive causal mask [to - from, to]: 0 where a query may look, -Infinity behind it. */
export function causalMask({ from, to }: Range): Tensor {
  const mask = zeros([to - from, to]);
  for (let query = from; query < to; query++) {
    mask.data.fill(Number.NEGATIVE_INFINITY, (query - from) * to + query + 1, (query - from + 1) * to);
  }
  return mask;
}

/** Inputs that depend on positions alone: `mask`, and for rotary models `cos` and `sin` [pos, 1, d_head]. */
export function positional(model: LoadedModel, range: Range): Record<string, Tensor> {
  const { rotary, dHead } = model.config;
  const mask = causalMask(range);
  return rotary ? { mask, ...rotaryTables(rotary, dHead, range) } : { mask };
}

function rotaryTables(rotary: Rotary, dHead: number, { from, to }: Range): { cos: Tensor; sin: Tensor } {
  const frequencies = rotaryFrequencies(rotary, dHead);
  const cos = new Float32Array((to - from) * dHead);
  const sin = new Float32Array((to - from) * dHead);
  for (let p = from; p < to; p++) {
    for (let i = 0; i < dHead; i++) {
      const angle = p * frequencies[i % (dHead / 2)]!;
      cos[(p - from) * dHead + i] = Math.cos(angle);
      sin[(p - from) * dHead + i] = Math.sin(angle);
    }
  }
  const shape = [to - from, 1, dHead];
  return { cos: tensor(cos, shape), sin: tensor(sin, shape) };
}

/**
 * Angles per position [d_head / 2]: theta^(-2i / d_head); for Llama 3 long wavelengths are divided by `factor`, with
 * a smooth passage between (transformers `rope_type: "llama3"`).
 */
export function rotaryFrequencies({ theta, scaling }: Rotary, dHead: number): Float32Array {
  return Float32Array.from({ length: dHead / 2 }, (_, i) => {
    const frequency = theta ** ((-2 * i) / dHead);
    if (!scaling) return frequency;
    const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling;
    const turns = originalContext / ((2 * Math.PI) / frequency);
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    const share = Math.min(1, Math.max(0, smooth));
    return ((1 - share) * frequency) / factor + share * frequency;
  });
}
