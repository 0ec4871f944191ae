import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { parseConfig } from '../../src/model/loaders/config-json.ts';

type Json = Record<string, unknown>;

const GPT2 = readConfig('gpt2-plain');
const LLAMA = readConfig('llama-gqa');

function readConfig(fixture: string): Json {
  const path = join(import.meta.dirname, '../fixtures', fixture, 'config.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Json;
}

test('GPT-2, with its defaults', () => {
  expect(parseConfig({ ...GPT2, n_embd: 32, n_head: 4, n_inner: null }, 'c')).toMatchObject({
    family: 'gpt2',
    architecture: 'GPT2LMHeadModel',
    dHead: 8,
    nKvHeads: 4,
    dMlp: 128,
    tiedEmbeddings: true,
  });
});

test('Llama as transformers 4 and as 5 writes it', () => {
  const scaling = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 64,
  };
  const { rope_theta: _, rope_scaling: __, ...bare } = LLAMA;
  const four = { ...bare, rope_theta: 500, rope_scaling: { ...scaling, rope_type: 'llama3' } };
  const five = { ...bare, rope_parameters: { ...scaling, rope_type: 'llama3', rope_theta: 500 } };
  const config = parseConfig(four, 'c');
  expect(config.rotary).toEqual({
    theta: 500,
    scaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64 },
  });
  expect(parseConfig(five, 'c')).toEqual(config);
  const oldName = { ...bare, rope_theta: 500, rope_scaling: { ...scaling, type: 'llama3' } };
  expect(parseConfig(oldName, 'c')).toEqual(config);
});

test('Llama, with its defaults', () => {
  const config = {
    model_type: 'llama',
    vocab_size: 9,
    hidden_size: 8,
    intermediate_size: 5,
    num_hidden_layers: 1,
    num_attention_heads: 2,
  };
  expect(parseConfig(config, 'c')).toEqual({
    family: 'llama',
    architecture: 'LlamaForCausalLM',
    nLayers: 1,
    dModel: 8,
    nHeads: 2,
    nKvHeads: 2,
    dHead: 4,
    dMlp: 5,
    vocabulary: 9,
    context: 2048,
    activation: 'silu',
    normEps: 1e-6,
    tiedEmbeddings: false,
    rotary: { theta: 10_000 },
  });
});

const rope = (more: Json) => ({ ...LLAMA, rope_scaling: more, rope_parameters: undefined });

describe('refused', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', [], /config\.json/],
    ['nothing in it', {}, /GPT2LMHeadModel or LlamaForCausalLM, got architecture nothing/],
    [
      'another architecture',
      { ...LLAMA, architectures: ['MistralForCausalLM'] },
      /"MistralForCausalLM", which is not supported/,
    ],
    [
      'another kind of head',
      { ...GPT2, architectures: ['GPT2ForSequenceClassification'] },
      /GPT2ForSequenceClassification/,
    ],
    ['a class and a type that differ', { ...LLAMA, model_type: 'gpt2' }, /architecture "gpt2"/],
    ['a prototype property', { ...LLAMA, architectures: ['constructor'] }, /"constructor"/],
    ['another activation', { ...GPT2, activation_function: 'mish' }, /activation "mish"/],
    ['unscaled attention', { ...GPT2, scale_attn_weights: false }, /scale_attn_weights false/],
    [
      'scaling by layer',
      { ...GPT2, scale_attn_by_inverse_layer_idx: true },
      /scale_attn_by_inverse_layer_idx true/,
    ],
    ['reordered attention', { ...GPT2, reorder_and_upcast_attn: true }, /reorder_and_upcast_attn true/],
    ['attention biases', { ...LLAMA, attention_bias: true }, /attention_bias true/],
    ['MLP biases', { ...LLAMA, mlp_bias: true }, /mlp_bias true/],
    ['rope type linear', rope({ type: 'linear', factor: 2 }), /rope type "linear"/],
    ['rope type yarn', { ...LLAMA, rope_parameters: { rope_type: 'yarn' } }, /rope type "yarn"/],
    ['llama3 without its numbers', rope({ rope_type: 'llama3', factor: 8 }), /low_freq_factor/],
    ['partial rotary', { ...LLAMA, partial_rotary_factor: 0.5 }, /partial_rotary_factor 0.5/],
    ['no layers', { ...GPT2, n_layer: 0 }, /n_layer to be at least 1, got 0/],
    ['half a layer', { ...GPT2, n_layer: 1.5 }, /n_layer to be a whole number, got 1.5/],
    ['a width of 1e9', { ...GPT2, n_embd: 1e9 }, /n_embd to be at most 1000000, got 1000000000/],
    ['a width as text', { ...GPT2, n_embd: '32' }, /n_embd to be a number, got "32"/],
    ['no width', { ...GPT2, n_embd: undefined }, /n_embd to be a number, got nothing/],
    [
      'heads that do not divide the width',
      { ...GPT2, n_embd: 32, n_head: 5 },
      /divisible by its 5 heads, got 32/,
    ],
    ['heads that do not divide', { ...LLAMA, num_attention_heads: 4, num_key_value_heads: 3 }, /got 4 and 3/],
    ['odd heads with rotary', { ...LLAMA, head_dim: 7 }, /even head size for rotary embeddings, got 7/],
    ['a negative epsilon', { ...LLAMA, rms_norm_eps: -1 }, /rms_norm_eps to be above 0, got -1/],
  ])('%s', (_, json, message) => {
    const parse = () => parseConfig(json, 'config.json');
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('\n');
  });
});

test('any value of any setting gives a configuration or an InputError', () => {
  const setting = fc.constantFrom(...Object.keys(LLAMA), 'rope_parameters', 'rope_scaling');
  fc.assert(
    fc.property(setting, fc.jsonValue(), (name, value) => {
      try {
        parseConfig({ ...LLAMA, [name]: value }, 'config.json');
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect(String(error)).not.toContain('\n');
      }
    }),
    { numRuns: 1000 },
  );
});
