/**
 * The attention core that both families share: from queries, keys and values to `hook_attn_out`.
 *
 * Query heads of one group share their key and value head: they stand under one another as rows of one product.
 */
import { times, type Value } from '../../graph/graph.ts';
import { blockSite } from '../sites.ts';
import type { StageBuilder } from './parts.ts';

/**
 * Causal attention of queries [batch, pos, heads, d_head] over keys and values [batch, pos, kv heads, d_head]:
 * [batch, pos, d_model].
 */
export function attend(g: StageBuilder, layer: number, q: Value, k: Value, v: Value): Value {
  const mixed = g.options.past === 0 ? mix(g, layer, q, k, v) : mixAfterPast(g, q, k, v);
  const z = g.hook(blockSite(layer, 'attn.hook_z'), mixed);
  return g.hook(blockSite(layer, 'hook_attn_out'), output(g, layer, z));
}

/** Values mixed by attention, all positions being the stage's own: [batch, pos, heads, d_head]. */
function mix(g: StageBuilder, layer: number, q: Value, k: Value, v: Value): Value {
  const { nHeads, nKvHeads, dHead } = g.config;
  const rows = g.dims(q)[1]!;
  const columns = g.dims(k)[1]!;
  const groupRows = times(nHeads / nKvHeads, rows);
  const hook = (name: 'hook_attn_scores' | 'hook_pattern', value: Value) =>
    g.hook(blockSite(layer, `attn.${name}`), value);

  const grouped = g.reshape(g.transpose(q, [0, 2, 1, 3]), ['batch', nKvHeads, groupRows, dHead]);
  const products = g.matmul(grouped, g.transpose(k, [0, 2, 1, 3]), true);
  const scores = scaled(g, g.reshape(products, ['batch', nHeads, rows, columns]));
  const masked = hook('hook_attn_scores', g.add(scores, g.input('mask', [rows, columns])));
  const pattern = hook('hook_pattern', g.softmax(masked));
  const groupedPattern = g.reshape(pattern, ['batch', nKvHeads, groupRows, columns]);
  const mixed = g.matmul(groupedPattern, g.transpose(v, [0, 2, 1, 3]));
  return g.transpose(g.reshape(mixed, ['batch', nHeads, rows, dHead]), [0, 2, 1, 3]);
}

/**
 * The same behind earlier positions, whose keys and values (inputs [kv heads, past, d_head]) serve the whole batch:
 * for them the rows of all prompts are one product. Heads come first, so that no key or value is laid out twice.
 * Scores and patterns have no hook names here.
 */
function mixAfterPast(g: StageBuilder, q: Value, k: Value, v: Value): Value {
  const { nHeads, nKvHeads, dHead } = g.config;
  const past = g.options.past;
  const [rows, own] = [g.dims(q)[1] as number, g.dims(k)[1] as number];
  const group = nHeads / nKvHeads;
  const together = (x: Value, width: number) => g.reshape(x, [nKvHeads, times(group * rows, 'batch'), width]);
  const apart = (x: Value, width: number) => g.reshape(x, [nKvHeads, 'batch', group * rows, width]);
  const pastOf = (name: 'past_k' | 'past_v') => g.input(name, [nKvHeads, past, dHead]);

  const split = g.reshape(q, ['batch', rows, nKvHeads, group, dHead]);
  const queries = g.transpose(split, [2, 0, 3, 1, 4]);
  const toPast = apart(g.matmul(together(queries, dHead), pastOf('past_k'), true), past);
  const toOwn = g.matmul(apart(queries, dHead), g.transpose(k, [2, 0, 1, 3]), true);
  const scores = scaled(g, g.concat([toPast, toOwn], 3));
  const byRow = g.reshape(scores, [nKvHeads, 'batch', group, rows, past + own]);
  const masked = g.add(byRow, g.input('mask', [rows, past + own]));
  const pattern = apart(g.softmax(masked), past + own);
  const fromPast = g.matmul(together(g.slice(pattern, 3, 0, past), past), pastOf('past_v'));
  const fromOwn = g.matmul(g.slice(pattern, 3, past, past + own), g.transpose(v, [2, 0, 1, 3]));
  const mixed = g.add(apart(fromPast, dHead), fromOwn);
  const byHead = g.reshape(mixed, [nKvHeads, 'batch', group, rows, dHead]);
  return g.reshape(g.transpose(byHead, [1, 3, 0, 2, 4]), ['batch', rows, nHeads, dHead]);
}

function scaled(g: StageBuilder, scores: Value): Value {
  return g.scale(scores, 1 / Math.sqrt(g.config.dHead));
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
