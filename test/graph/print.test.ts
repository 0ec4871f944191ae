/**
 * The text form of graphs, on one stage of each family. A change of these snapshots is a change of what is computed.
 */
import { expect, test } from 'vitest';
import { prune } from '../../src/compile/prune.ts';
import { inputsOf, nodeOf, siteOf } from '../../src/graph/graph.ts';
import { printGraph } from '../../src/graph/print.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import type { Stage } from '../../src/model/sites.ts';
import { stageGraph, WHOLE } from '../../src/model/stages.ts';
import { Builder } from '../../src/ops/builder.ts';

const SIZES = {
  nLayers: 1,
  dModel: 4,
  dMlp: 6,
  vocabulary: 9,
  context: 8,
  normEps: 1e-5,
  tiedEmbeddings: false,
};
const GPT2: ModelConfig = {
  ...SIZES,
  family: 'gpt2',
  architecture: 'GPT2LMHeadModel',
  nHeads: 2,
  nKvHeads: 2,
  dHead: 2,
  activation: 'gelu_new',
};
const LLAMA: ModelConfig = {
  ...SIZES,
  family: 'llama',
  architecture: 'LlamaForCausalLM',
  nHeads: 2,
  nKvHeads: 1,
  dHead: 2,
  activation: 'silu',
  rotary: { theta: 10000 },
};

/** The plain forward graph of a stage, with processed weights: gains folded, no biases in Llama. */
function printed(config: ModelConfig, stage: Stage): string {
  const has = (name: string) => config.family === 'gpt2' && /\.b_|b_U/.test(name);
  return printGraph(prune(stageGraph({ config, has }, stage, WHOLE)));
}

test('an attention stage of GPT-2', () => {
  expect(printed(GPT2, { kind: 'attn', layer: 0 })).toMatchInlineSnapshot(`
    "%0 = input() name=resid : [batch, pos, 4]  # blocks.0.hook_resid_pre
    %1 = norm_scale(%0) kind=layer eps=0.00001 : [batch, pos, 1]  # blocks.0.ln1.hook_scale
    %2 = norm(%0, %1) kind=layer : [batch, pos, 4]  # blocks.0.ln1.hook_normalized
    %3 = weight() name=blocks.0.attn.W_Q : [4, 4]
    %4 = matmul(%2, %3) : [batch, pos, 4]
    %5 = weight() name=blocks.0.attn.b_Q : [4]
    %6 = add(%4, %5) : [batch, pos, 4]
    %7 = reshape(%6) dims=[batch,pos,2,2] : [batch, pos, 2, 2]  # blocks.0.attn.hook_q
    %8 = weight() name=blocks.0.attn.W_K : [4, 4]
    %9 = matmul(%2, %8) : [batch, pos, 4]
    %10 = weight() name=blocks.0.attn.b_K : [4]
    %11 = add(%9, %10) : [batch, pos, 4]
    %12 = reshape(%11) dims=[batch,pos,2,2] : [batch, pos, 2, 2]  # blocks.0.attn.hook_k
    %13 = weight() name=blocks.0.attn.W_V : [4, 4]
    %14 = matmul(%2, %13) : [batch, pos, 4]
    %15 = weight() name=blocks.0.attn.b_V : [4]
    %16 = add(%14, %15) : [batch, pos, 4]
    %17 = reshape(%16) dims=[batch,pos,2,2] : [batch, pos, 2, 2]  # blocks.0.attn.hook_v
    %18 = transpose(%7) perm=[0,2,1,3] : [batch, 2, pos, 2]
    %19 = reshape(%18) dims=[batch,2,pos,2] : [batch, 2, pos, 2]
    %20 = transpose(%12) perm=[0,2,1,3] : [batch, 2, pos, 2]
    %21 = matmul(%19, %20) transposeB=true : [batch, 2, pos, pos]
    %22 = reshape(%21) dims=[batch,2,pos,pos] : [batch, 2, pos, pos]
    %23 = constant() value=0.7071067811865475 : []
    %24 = mul(%22, %23) : [batch, 2, pos, pos]
    %25 = input() name=mask : [pos, pos]
    %26 = add(%24, %25) : [batch, 2, pos, pos]  # blocks.0.attn.hook_attn_scores
    %27 = softmax(%26) : [batch, 2, pos, pos]  # blocks.0.attn.hook_pattern
    %28 = reshape(%27) dims=[batch,2,pos,pos] : [batch, 2, pos, pos]
    %29 = transpose(%17) perm=[0,2,1,3] : [batch, 2, pos, 2]
    %30 = matmul(%28, %29) : [batch, 2, pos, 2]
    %31 = reshape(%30) dims=[batch,2,pos,2] : [batch, 2, pos, 2]
    %32 = transpose(%31) perm=[0,2,1,3] : [batch, pos, 2, 2]  # blocks.0.attn.hook_z
    %33 = weight() name=blocks.0.attn.W_O : [4, 4]
    %34 = reshape(%32) dims=[batch,pos,4] : [batch, pos, 4]
    %35 = matmul(%34, %33) : [batch, pos, 4]
    %36 = weight() name=blocks.0.attn.b_O : [4]
    %37 = add(%35, %36) : [batch, pos, 4]  # blocks.0.hook_attn_out
    %38 = add(%0, %37) : [batch, pos, 4]  # blocks.0.hook_resid_mid
    return resid=%38"
  `);
});

test('an MLP stage of Llama', () => {
  expect(printed(LLAMA, { kind: 'mlp', layer: 0 })).toMatchInlineSnapshot(`
    "%0 = input() name=resid : [batch, pos, 4]
    %1 = identity(%0) : [batch, pos, 4]  # blocks.0.hook_mlp_in
    %2 = norm_scale(%1) kind=rms eps=0.00001 : [batch, pos, 1]  # blocks.0.ln2.hook_scale
    %3 = norm(%1, %2) kind=rms : [batch, pos, 4]  # blocks.0.ln2.hook_normalized
    %4 = weight() name=blocks.0.mlp.W_gate : [4, 6]
    %5 = matmul(%3, %4) : [batch, pos, 6]  # blocks.0.mlp.hook_pre
    %6 = weight() name=blocks.0.mlp.W_in : [4, 6]
    %7 = matmul(%3, %6) : [batch, pos, 6]  # blocks.0.mlp.hook_pre_linear
    %8 = silu(%5) : [batch, pos, 6]
    %9 = mul(%8, %7) : [batch, pos, 6]  # blocks.0.mlp.hook_post
    %10 = weight() name=blocks.0.mlp.W_out : [6, 4]
    %11 = matmul(%9, %10) : [batch, pos, 4]  # blocks.0.hook_mlp_out
    %12 = add(%0, %11) : [batch, pos, 4]  # blocks.0.hook_resid_post
    return resid=%12"
  `);
});

test('parameters, operands, several names of one value, and outputs', () => {
  const b = new Builder();
  const x = b.input('x', ['batch', 4]);
  const sum = b.sum(b.slice(x, 1, 0, 2), [1], true);
  const all = b.sum(x, [0]);
  b.rename('total', sum);
  b.rename('again', sum);
  expect(printGraph(b.build({ sum, all }))).toMatchInlineSnapshot(`
    "%0 = input() name=x : [batch, 4]
    %1 = slice(%0) axis=1 start=0 end=2 : [batch, 2]
    %2 = sum(%1) axes=[1] keep=true : [batch, 1]  # total, again
    %3 = sum(%0) axes=[0] : [4]
    return sum=%2, all=%3"
  `);
});

test('values, sites and inputs are found by name, and unknown ones refused', () => {
  const b = new Builder();
  const y = b.hook('y', b.unary('exp', b.input('x', ['batch', 4])));
  const graph = b.build({ y });
  expect(siteOf(graph, 'y')).toBe(y);
  expect(nodeOf(graph, y).op).toBe('exp');
  expect(inputsOf(graph)).toEqual([{ name: 'x', dims: ['batch', 4] }]);
  expect(() => siteOf(graph, 'z')).toThrow(/unknown site: z/);
  expect(() => nodeOf(graph, 2)).toThrow(/unknown value: %2/);
});
