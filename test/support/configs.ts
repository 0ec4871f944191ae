/**
 * Configs of models that do not exist: real shapes, and small ones at random.
 */
import * as fc from 'fast-check';
import type { ModelConfig } from '../../src/model/config.ts';

export const GPT2_SMALL: ModelConfig = {
  family: 'gpt2',
  architecture: 'GPT2LMHeadModel',
  nLayers: 12,
  dModel: 768,
  nHeads: 12,
  nKvHeads: 12,
  dHead: 64,
  dMlp: 3072,
  vocabulary: 50257,
  context: 1024,
  activation: 'gelu_new',
  normEps: 1e-5,
  tiedEmbeddings: true,
};

export const SMOLLM2: ModelConfig = {
  family: 'llama',
  architecture: 'llama',
  nLayers: 30,
  dModel: 576,
  nHeads: 9,
  nKvHeads: 3,
  dHead: 64,
  dMlp: 1536,
  vocabulary: 49152,
  context: 8192,
  activation: 'silu',
  normEps: 1e-5,
  tiedEmbeddings: true,
  rotary: { theta: 100000 },
};

const size = (min: number, max: number) => fc.integer({ min, max });

/** Small models of both families; llama with grouped heads whose vectors do not fill the residual stream. */
export const smallConfigs: fc.Arbitrary<ModelConfig> = fc
  .record({
    llama: fc.boolean(),
    nLayers: size(1, 4),
    nKvHeads: size(1, 3),
    group: size(1, 3),
    half: size(1, 4),
    dModel: size(3, 40),
    dMlp: size(2, 140),
    vocabulary: size(8, 30),
  })
  .map(({ llama, group, half, ...rest }) => {
    const nHeads = rest.nKvHeads * (llama ? group : 1);
    const dHead = 2 * half;
    return {
      ...GPT2_SMALL,
      ...rest,
      nHeads,
      dHead,
      nKvHeads: rest.nKvHeads,
      context: 32,
      ...(llama
        ? { family: 'llama' as const, activation: 'silu' as const, rotary: { theta: 10000 } }
        : { dModel: nHeads * dHead }),
    };
  });

/** Prompt lengths, and first differences within them. */
export const extents: fc.Arbitrary<{ length: number; first: number }> = size(1, 12).chain((length) =>
  size(0, length - 1).map((first) => ({ length, first })),
);
