/**
 * A block of Llama: RMSNorm, rotary grouped-query attention, a gated MLP (Touvron et al. 2023).
 */
import type { Value } from '../../graph/graph.ts';
import { blockSite } from '../sites.ts';
import { attend } from './attention.ts';
import { activate, projections, queryRows, reading, type StageBuilder } from './parts.ts';

/** Token embedding alone: positions enter by rotation. */
export function embed(g: StageBuilder): Value {
  return g.hook('hook_embed', g.input('embed', g.residual(g.options.positions)));
}

/** From `hook_resid_pre` to `hook_resid_mid`. */
export function attention(g: StageBuilder, layer: number, resid: Value): Value {
  const positions = g.options.positions;
  const cos = g.input('cos', [positions, 1, g.config.dHead]);
  const sin = g.input('sin', [positions, 1, g.config.dHead]);
  const { q, k, v } = projections(g, layer, resid);
  const rotatedQ = rotate(g, q, queryRows(g, cos, 0), queryRows(g, sin, 0));
  const rotQ = g.hook(blockSite(layer, 'attn.hook_rot_q'), rotatedQ);
  const rotK = g.hook(blockSite(layer, 'attn.hook_rot_k'), rotate(g, k, cos, sin));
  return g.add(queryRows(g, resid), attend(g, layer, rotQ, rotK, v));
}

/** Rotary embedding (Su et al. 2021), halves paired as in transformers: x cos + (-x2, x1) sin. */
function rotate(g: StageBuilder, x: Value, cos: Value, sin: Value): Value {
  const { dHead } = g.config;
  const first = g.slice(x, 3, 0, dHead / 2);
  const second = g.slice(x, 3, dHead / 2, dHead);
  const turned = g.concat([g.unary('neg', second), first], 3);
  return g.add(g.mul(x, cos), g.mul(turned, sin));
}

/** From `hook_resid_mid` to `hook_resid_post`. */
export function mlp(g: StageBuilder, layer: number, resid: Value): Value {
  const { dModel, dMlp } = g.config;
  const prefix = `blocks.${layer}.mlp`;
  // A copy: an edit of the MLP's input leaves the residual stream beside it alone.
  const copy = g.hook(blockSite(layer, 'hook_mlp_in'), g.unary('identity', resid));
  const read = reading(g, copy, `blocks.${layer}.ln2`);
  const pre = g.hook(
    blockSite(layer, 'mlp.hook_pre'),
    read(`${prefix}.W_gate`, `${prefix}.b_gate`, [dModel, dMlp]),
  );
  const linear = g.hook(
    blockSite(layer, 'mlp.hook_pre_linear'),
    read(`${prefix}.W_in`, `${prefix}.b_in`, [dModel, dMlp]),
  );
  const post = g.hook(blockSite(layer, 'mlp.hook_post'), g.mul(activate(g, pre), linear));
  const out = g.linear(post, `${prefix}.W_out`, `${prefix}.b_out`, [dMlp, dModel]);
  return g.add(resid, g.hook(blockSite(layer, 'hook_mlp_out'), out));
}
