/**
 * A checkpoint in a GGUF file of architecture `llama`, given in Hugging Face's names and layouts.
 * https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py (LlamaModel) is what is undone here.
 */
import { basename } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import {
  decodeGgml,
  type GgufHeader,
  type GgufTensor,
  type GgufValue,
  MoreBytesNeeded,
  parseGguf,
} from '../../tensor/gguf.ts';
import { shown } from '../../tensor/json.ts';
import { GGML_TYPES } from '../../tensor/quantised.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Checkpoint, once } from '../checkpoint.ts';
import type { ModelConfig } from '../config.ts';
import { RangeFile, sha256OfFile } from '../files.ts';
import { checkFinite, checkLayout } from '../layout.ts';
import { parseWith } from '../parse-with.ts';
import { ggufTokenizer } from '../tokenizers/gguf.ts';
import { checkHeads, headSize, MAX_CONTEXT, MAX_DIMENSION, MAX_LAYERS } from './config-json.ts';

const ARCHITECTURE = 'llama';
const FIRST_READ_BYTES = 1 << 22;
const MAX_GGUF_HEADER_BYTES = 1 << 28;

/** Names outside of the blocks. */
const OUTER_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

/** Names inside of `blk.{l}.` and `model.layers.{l}.`. */
const BLOCK_NAMES: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'input_layernorm.weight',
  'attn_q.weight': 'self_attn.q_proj.weight',
  'attn_k.weight': 'self_attn.k_proj.weight',
  'attn_v.weight': 'self_attn.v_proj.weight',
  'attn_output.weight': 'self_attn.o_proj.weight',
  'ffn_norm.weight': 'post_attention_layernorm.weight',
  'ffn_gate.weight': 'mlp.gate_proj.weight',
  'ffn_up.weight': 'mlp.up_proj.weight',
  'ffn_down.weight': 'mlp.down_proj.weight',
};

const dimension = z.int().min(1).max(MAX_DIMENSION);
const schema = z.object({
  'llama.block_count': z.int().min(1).max(MAX_LAYERS),
  'llama.context_length': z.int().min(1).max(MAX_CONTEXT),
  'llama.embedding_length': dimension,
  'llama.feed_forward_length': dimension,
  'llama.attention.head_count': dimension,
  'llama.attention.head_count_kv': dimension.optional(),
  'llama.attention.layer_norm_rms_epsilon': z.number().gt(0).max(0.1),
  'llama.attention.key_length': dimension.optional(),
  'llama.attention.value_length': dimension.optional(),
  'llama.rope.freq_base': z.number().gt(0).max(1e12).default(10_000),
  'llama.rope.dimension_count': dimension.optional(),
  'llama.rope.scaling.type': z.string().default('none'),
  'llama.rope.scale_linear': z.number().default(1),
  'llama.expert_count': z.int().default(0),
  'split.count': z.int().default(1),
  'tokenizer.ggml.bos_token_id': z.int().min(0).optional(),
});

/** Reads more and more of the beginning until the header is complete. */
async function readHeader(file: RangeFile): Promise<GgufHeader> {
  for (let length = FIRST_READ_BYTES; ; length *= 2) {
    const bytes = await file.read(0, Math.min(length, file.size));
    try {
      return parseGguf(bytes, file.size, file.label);
    } catch (error) {
      if (!(error instanceof MoreBytesNeeded)) throw error;
      if (length >= MAX_GGUF_HEADER_BYTES) {
        throw new InputError(
          `${file.label}: expected a header of at most ${MAX_GGUF_HEADER_BYTES} bytes, got more; the file is damaged`,
        );
      }
    }
  }
}

/** Hugging Face's name, or undefined for a tensor that no Llama model has. */
function hubName(name: string): string | undefined {
  const [, layer, rest] = /^blk\.(\d{1,5})\.(.*)$/.exec(name) ?? [];
  if (rest !== undefined && Object.hasOwn(BLOCK_NAMES, rest))
    return `model.layers.${layer}.${BLOCK_NAMES[rest]}`;
  return Object.hasOwn(OUTER_NAMES, name) ? OUTER_NAMES[name] : undefined;
}

function refuse(file: string, expected: string, got: string): never {
  throw new InputError(
    `${file}: expected ${expected}, got ${got}, which is not supported; use another model`,
  );
}

/** Tensors by Hugging Face's names. Any other would change the computation, so it is refused by name. */
function namedTensors({ tensors }: GgufHeader, file: string): Map<string, GgufTensor> {
  const named = new Map<string, GgufTensor>();
  for (const tensor of tensors.values()) {
    if (tensor.name === 'rope_freqs.weight') {
      refuse(file, 'plain rotary embeddings', 'rope_freqs.weight (llama3 rope scaling)');
    }
    const name =
      hubName(tensor.name) ?? refuse(file, "a Llama model's tensors", `tensor ${shown(tensor.name)}`);
    if (!GGML_TYPES.has(tensor.type))
      decodeGgml(tensor.type, new Uint8Array(), `${file}: tensor ${shown(tensor.name)}`);
    named.set(name, tensor);
  }
  return named;
}

/** The configuration, or an InputError naming what is not supported. */
function parseConfig(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: ReadonlyMap<string, GgufTensor>,
  file: string,
): ModelConfig {
  const m = parseWith(schema, Object.fromEntries(metadata), file);
  if (m['split.count'] > 1) refuse(file, 'a GGUF file in one piece', `one of ${m['split.count']} pieces`);
  if (m['llama.expert_count'] > 0) refuse(file, 'a dense model', `${m['llama.expert_count']} experts`);
  const scaling = m['llama.rope.scaling.type'];
  if (scaling !== 'none') refuse(file, 'rope scaling none', `rope scaling ${shown(scaling)}`);
  if (m['llama.rope.scale_linear'] !== 1) refuse(file, 'rope scaling none', 'linear rope scaling');
  const nHeads = m['llama.attention.head_count'];
  const dModel = m['llama.embedding_length'];
  const dHead = m['llama.attention.key_length'] ?? headSize(dModel, nHeads, file);
  for (const key of ['llama.attention.value_length', 'llama.rope.dimension_count'] as const) {
    if ((m[key] ?? dHead) !== dHead) refuse(file, `${key} to be the head size ${dHead}`, String(m[key]));
  }
  const bosTokenId = m['tokenizer.ggml.bos_token_id'];
  return checkHeads(
    {
      family: 'llama',
      architecture: ARCHITECTURE,
      nLayers: m['llama.block_count'],
      dModel,
      nHeads,
      nKvHeads: m['llama.attention.head_count_kv'] ?? nHeads,
      dHead,
      dMlp: m['llama.feed_forward_length'],
      vocabulary: tensors.get('model.embed_tokens.weight')?.shape[0] ?? 0,
      context: m['llama.context_length'],
      activation: 'silu',
      normEps: m['llama.attention.layer_norm_rms_epsilon'],
      tiedEmbeddings: !tensors.has('lm_head.weight'),
      rotary: { theta: m['llama.rope.freq_base'] },
      ...(bosTokenId === undefined ? {} : { bosTokenId }),
    },
    file,
  );
}

/**
 * Undoes the order of rows in query and key matrices: GGUF pairs rows (2i, 2i + 1) of a head for its rotary
 * embedding, Hugging Face rows (i, i + dHead / 2).
 */
function unpermuted(t: Tensor, dHead: number): Tensor {
  const [rows, width] = t.shape as [number, number];
  const data = new Float32Array(t.data.length);
  for (let row = 0; row < rows; row++) {
    const within = row % dHead;
    const half = dHead / 2;
    const source = row - within + 2 * (within % half) + (within < half ? 0 : 1);
    data.set(t.data.subarray(source * width, (source + 1) * width), row * width);
  }
  return { shape: t.shape, data };
}

async function readTensor(file: RangeFile, found: GgufTensor, name: string, dHead: number): Promise<Tensor> {
  const what = `${file.label}: tensor ${shown(found.name)}`;
  const data = decodeGgml(found.type, await file.read(found.start, found.end), what);
  checkFinite(data, found.name, file.label);
  const stored = { shape: found.shape, data };
  return /\.self_attn\.[qk]_proj\.weight$/.test(name) ? unpermuted(stored, dHead) : stored;
}

/**
 * Opens a GGUF file. Header, metadata, tensor names, shapes and types are checked here; weights are read later.
 * @throws InputError, one line, for anything missing, damaged or unsupported.
 */
export async function openGguf(path: string): Promise<Checkpoint> {
  const file = await RangeFile.open(path);
  try {
    const header = await readHeader(file);
    const architecture = header.metadata.get('general.architecture');
    if (architecture !== ARCHITECTURE) {
      refuse(file.label, `architecture ${ARCHITECTURE}`, `architecture ${shown(architecture)}`);
    }
    const tensors = namedTensors(header, file.label);
    const config = parseConfig(header.metadata, tensors, file.label);
    checkLayout(config, (name) => tensors.get(name)?.shape, file.label);
    return {
      id: basename(path),
      config,
      ...ggufTokenizer(header.metadata, file.label),
      has: (name) => tensors.has(name),
      read: async (name) => {
        const found = tensors.get(name);
        if (!found)
          throw new InputError(`expected tensor ${shown(name)}, got none of that name; check the checkpoint`);
        return readTensor(file, found, name, config.dHead);
      },
      sha256: once(() => sha256OfFile(path)),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
