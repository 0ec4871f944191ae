/**
 * The graph of each stage. A stage reads the residual stream as the input `resid` and gives it as the output `resid`;
 * the embedding reads looked-up rows instead, the unembedding gives `logits`.
 */
import type { Graph } from '../graph/graph.ts';
import * as gpt2 from './families/gpt2.ts';
import * as llama from './families/llama.ts';
import { type Blueprint, normalise, StageBuilder, type StageOptions } from './families/parts.ts';
import { blockSite, type Stage, stageName } from './sites.ts';

export { type Blueprint, type StageOptions, WHOLE } from './families/parts.ts';

const FAMILIES = { gpt2, llama } as const;

/** The name of the value between two stages. */
export const RESID = 'resid';

/** Graphs are pure and never change: each is built once for a model. */
const built = new WeakMap<Blueprint, Map<string, Graph>>();

/** The graph of one stage with all hook points named; prune it to what is asked. */
export function stageGraph(model: Blueprint, stage: Stage, options: StageOptions): Graph {
  const graphs = built.get(model) ?? new Map<string, Graph>();
  built.set(model, graphs);
  const key = `${stageName(stage)} ${JSON.stringify(options)}`;
  const graph = graphs.get(key) ?? build(model, stage, options);
  graphs.set(key, graph);
  return graph;
}

function build(model: Blueprint, stage: Stage, options: StageOptions): Graph {
  const g = new StageBuilder(model, options);
  const family = FAMILIES[model.config.family];
  if (stage.kind === 'embed') return g.build({ [RESID]: family.embed(g) });
  const line = g.lineInputs();
  const resid = line
    ? g.add(line.base, g.mul(line.amount, line.write))
    : g.input(RESID, g.residual(options.positions));
  switch (stage.kind) {
    case 'attn': {
      const pre = g.hook(blockSite(stage.layer, 'hook_resid_pre'), resid);
      const mid = family.attention(g, stage.layer, pre);
      return g.build({ [RESID]: g.hook(blockSite(stage.layer, 'hook_resid_mid'), mid) });
    }
    case 'mlp': {
      const post = family.mlp(g, stage.layer, resid);
      return g.build({ [RESID]: g.hook(blockSite(stage.layer, 'hook_resid_post'), post) });
    }
    case 'unembed':
      return unembed(g, resid);
  }
}

/** From the last residual stream to `logits`: [batch, pos, vocabulary], or [batch, tokens] at each prompt's last token. */
function unembed(g: StageBuilder, resid: number): Graph {
  const { dModel, vocabulary } = g.config;
  const { logits, tokens, positions } = g.options;
  const last = logits === 'last' && positions !== 1;
  const normalised = normalise(g, resid, 'ln_final');
  // One-hot rows pick each prompt's last token, so that batches of unequal prompts need no padding rule.
  const picked = last ? g.matmul(g.input('last', ['batch', 1, positions]), normalised) : normalised;
  const columns = tokens?.length ?? vocabulary;
  const weight = g.weight('unembed.W_U_T', [columns, dModel], tokens);
  const product = g.matmul(picked, weight, true);
  const all = g.model.has('unembed.b_U')
    ? g.add(product, g.weight('unembed.b_U', [columns], tokens))
    : product;
  return g.build({ logits: logits === 'last' ? g.reshape(all, ['batch', columns]) : all });
}
