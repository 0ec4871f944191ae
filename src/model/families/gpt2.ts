/**
 * A block of GPT-2: LayerNorm, attention over learned positions, a plain MLP (Radford et al. 2019).
 */
import type { Value } from '../../graph/graph.ts';
import { blockSite } from '../sites.ts';
import { attend } from './attention.ts';
import { activate, projections, queryRows, reading, type StageBuilder } from './parts.ts';

/** Token embedding [batch, pos, d_model] plus position embedding [pos, d_model]. */
export function embed(g: StageBuilder): Value {
  const tokens = g.hook('hook_embed', g.input('embed', g.residual(g.options.positions)));
  // TransformerLens gives one row of position embeddings for each prompt.
  const rows = g.input('pos_embed', g.residual(g.options.positions));
  return g.add(tokens, g.hook('hook_pos_embed', rows));
}

/** From `hook_resid_pre` to `hook_resid_mid`. */
export function attention(g: StageBuilder, layer: number, resid: Value): Value {
  const { q, k, v } = projections(g, layer, resid);
  return g.add(queryRows(g, resid), attend(g, layer, q, k, v));
}

/** From `hook_resid_mid` to `hook_resid_post`. */
export function mlp(g: StageBuilder, layer: number, resid: Value): Value {
  const { dModel, dMlp } = g.config;
  const prefix = `blocks.${layer}.mlp`;
  // A copy: an edit of the MLP's input leaves the residual stream beside it alone.
  const copy = g.hook(blockSite(layer, 'hook_mlp_in'), g.unary('identity', resid));
  const read = reading(g, copy, `blocks.${layer}.ln2`);
  const pre = read(`${prefix}.W_in`, `${prefix}.b_in`, [dModel, dMlp]);
  const hooked = g.hook(blockSite(layer, 'mlp.hook_pre'), pre);
  const post = g.hook(blockSite(layer, 'mlp.hook_post'), activate(g, hooked));
  const out = g.linear(post, `${prefix}.W_out`, `${prefix}.b_out`, [dMlp, dModel]);
  return g.add(resid, g.hook(blockSite(layer, 'hook_mlp_out'), out));
}
