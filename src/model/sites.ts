/**
 * Hook points: the named values of a model, under TransformerLens's names.
 */
import type { ModelConfig } from './config.ts';

/** A piece of the model that runs as one graph; between two pieces there is only the residual stream. */
export type Stage =
  | { readonly kind: 'embed' }
  | { readonly kind: 'attn'; readonly layer: number }
  | { readonly kind: 'mlp'; readonly layer: number }
  | { readonly kind: 'unembed' };

/** Hook points of a block, in the order of computation, and the stage that computes each. */
const BLOCK_HOOKS = {
  hook_resid_pre: 'attn',
  hook_q_input: 'attn',
  hook_k_input: 'attn',
  hook_v_input: 'attn',
  'ln1.hook_scale': 'attn',
  'ln1.hook_normalized': 'attn',
  'attn.hook_q': 'attn',
  'attn.hook_k': 'attn',
  'attn.hook_v': 'attn',
  'attn.hook_rot_q': 'attn',
  'attn.hook_rot_k': 'attn',
  'attn.hook_attn_scores': 'attn',
  'attn.hook_pattern': 'attn',
  'attn.hook_z': 'attn',
  'attn.hook_result': 'attn',
  hook_attn_out: 'attn',
  hook_resid_mid: 'attn',
  hook_mlp_in: 'mlp',
  'ln2.hook_scale': 'mlp',
  'ln2.hook_normalized': 'mlp',
  'mlp.hook_pre': 'mlp',
  'mlp.hook_pre_linear': 'mlp',
  'mlp.hook_post': 'mlp',
  hook_mlp_out: 'mlp',
  hook_resid_post: 'mlp',
} as const;

/** Hook points outside the blocks. */
const MODEL_HOOKS = {
  hook_embed: 'embed',
  hook_pos_embed: 'embed',
  'ln_final.hook_scale': 'unembed',
  'ln_final.hook_normalized': 'unembed',
} as const;

export type BlockHook = keyof typeof BLOCK_HOOKS;
export type ModelHook = keyof typeof MODEL_HOOKS;

export type Site =
  | { readonly scope: 'model'; readonly hook: ModelHook }
  | { readonly scope: 'block'; readonly layer: number; readonly hook: BlockHook };

/** TransformerLens's name of a hook point, e.g. `blocks.3.attn.hook_z`. */
export function siteName(site: Site): string {
  return site.scope === 'model' ? site.hook : `blocks.${site.layer}.${site.hook}`;
}

/** The name of a hook point of one block. */
export function blockSite(layer: number, hook: BlockHook): string {
  return siteName({ scope: 'block', layer, hook });
}

/** The inverse of siteName; undefined for a name that is none. */
export function parseSite(name: string): Site | undefined {
  if (Object.hasOwn(MODEL_HOOKS, name)) return { scope: 'model', hook: name as ModelHook };
  const match = /^blocks\.(\d+)\.(.+)$/.exec(name);
  if (!match || !Object.hasOwn(BLOCK_HOOKS, match[2]!)) return undefined;
  return { scope: 'block', layer: Number(match[1]), hook: match[2] as BlockHook };
}

/** The stage in which a hook point is computed. */
export function stageOf(site: Site): Stage {
  return site.scope === 'model'
    ? { kind: MODEL_HOOKS[site.hook] }
    : { kind: BLOCK_HOOKS[site.hook], layer: site.layer };
}

/** A short name of a stage, unique in a model. */
export function stageName(stage: Stage): string {
  return 'layer' in stage ? `${stage.kind}.${stage.layer}` : stage.kind;
}

/** All stages in the order of computation. */
export function stagesOf(config: ModelConfig): Stage[] {
  const blocks = Array.from({ length: config.nLayers }, (_, layer): Stage[] => [
    { kind: 'attn', layer },
    { kind: 'mlp', layer },
  ]);
  return [{ kind: 'embed' }, ...blocks.flat(), { kind: 'unembed' }];
}

/** Hook points that stages have with `separateInputs` only, as in TransformerLens with `use_split_qkv_input`. */
const SEPARATE_INPUTS = ['hook_q_input', 'hook_k_input', 'hook_v_input'];

/** Every hook name that a model has in a plain run, in the order of computation. */
export function hookNames(config: ModelConfig): string[] {
  const absent = new Set<string>([
    ...SEPARATE_INPUTS,
    ...(config.family === 'gpt2'
      ? ['attn.hook_rot_q', 'attn.hook_rot_k', 'mlp.hook_pre_linear']
      : ['hook_pos_embed']),
  ]);
  const block = Object.keys(BLOCK_HOOKS).filter((hook) => !absent.has(hook)) as BlockHook[];
  const model = Object.keys(MODEL_HOOKS).filter((hook) => !absent.has(hook));
  return [
    ...model.filter((hook) => hook.startsWith('hook_')),
    ...Array.from({ length: config.nLayers }, (_, layer) =>
      block.map((hook) => blockSite(layer, hook)),
    ).flat(),
    ...model.filter((hook) => !hook.startsWith('hook_')),
  ];
}
