/**
 * A tokenizer from GGUF metadata: the tokenizer.json that its tokens and merges came from, built again.
 *
 * Only byte-level BPE (`tokenizer.ggml.model` = gpt2) with a pre-tokenizer listed below. Names are llama.cpp's
 * (llama-vocab.cpp): its "gpt-2" is GPT-2's own; "gpt2" it does not know; "default", or none, is another
 * split that llama.cpp itself warns of: all these are refused by name rather than guessed.
 */
import type { GgufValue } from '../../tensor/gguf.ts';
import { shown } from '../../tensor/json.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { buildTokenizer } from './huggingface.ts';
import type { Component } from './tokenizer-json.ts';

type Metadata = ReadonlyMap<string, GgufValue>;

/** ggml's token types that are found in a text before it is split. */
const CONTROL = 3;
const USER_DEFINED = 4;

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const REST = '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** How one kind of byte-level BPE splits a text. */
interface PreType {
  readonly pattern?: string;
  /** Each digit is a piece of its own, before GPT-2's split. */
  readonly singleDigits?: boolean;
  /** Pieces that are a token are taken as such, without merging. */
  readonly ignoreMerges?: boolean;
}

/**
 * By `tokenizer.ggml.pre`; the patterns are those of the models' own tokenizer.json. Qwen 2's also normalises to
 * NFC, which llama.cpp does not, and so neither do we.
 */
const PRE_TYPES: ReadonlyMap<GgufValue | undefined, PreType> = new Map<GgufValue | undefined, PreType>([
  ['gpt-2', {}],
  ['smollm', { singleDigits: true }],
  ['llama-bpe', { pattern: `${CONTRACTIONS}|\\p{N}{1,3}${REST}`, ignoreMerges: true }],
  ['qwen2', { pattern: `${CONTRACTIONS}|\\p{N}${REST}` }],
]);

function preTokenizer(pre: PreType): Component {
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: !pre.pattern };
  const steps: Component[] = [bytes];
  if (pre.singleDigits) steps.unshift({ type: 'Digits', individual_digits: true });
  if (pre.pattern) {
    const pattern = { Regex: pre.pattern };
    steps.unshift({ type: 'Split', pattern, behavior: 'Isolated', invert: false });
  }
  return { type: 'Sequence', pretokenizers: steps };
}

function isTexts(value: GgufValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

/** The object of a tokenizer.json. */
function tokenizerJson(
  tokens: readonly string[],
  merges: readonly string[],
  types: GgufValue | undefined,
  pre: PreType,
): unknown {
  const vocab: Record<string, number> = Object.create(null) as Record<string, number>;
  tokens.forEach((token, id) => (vocab[token] ??= id));
  const added = tokens.flatMap((content, id) => {
    const type = Array.isArray(types) ? (types as readonly GgufValue[])[id] : undefined;
    if (content === '' || (type !== CONTROL && type !== USER_DEFINED)) return [];
    return [{ id, content, special: type === CONTROL, normalized: false, lstrip: false, rstrip: false }];
  });
  return {
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: preTokenizer(pre),
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges, ignore_merges: pre.ignoreMerges ?? false },
  };
}

function problem(file: string, what: string, got: string): { tokenizerProblem: string } {
  return {
    tokenizerProblem: `${file}: expected ${what}, got ${got}; give token ids (--clean-ids ...) instead of text`,
  };
}

/**
 * The tokenizer of a GGUF file, or in one line why there is none that can be used.
 * @throws InputError where its lists are damaged.
 */
export function ggufTokenizer(
  metadata: Metadata,
  file: string,
): Pick<Checkpoint, 'tokenizer' | 'tokenizerProblem'> {
  const model = metadata.get('tokenizer.ggml.model');
  if (model !== 'gpt2') {
    return problem(
      file,
      'a tokenizer of type gpt2 (byte-level BPE)',
      model === undefined ? 'none' : `type ${shown(model)}`,
    );
  }
  const name = metadata.get('tokenizer.ggml.pre');
  const pre = PRE_TYPES.get(name);
  if (!pre) {
    return problem(
      file,
      `a tokenizer with pre type ${[...PRE_TYPES.keys()].join(', ')}`,
      `pre type ${shown(name)}`,
    );
  }
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const merges = metadata.get('tokenizer.ggml.merges');
  if (!isTexts(tokens) || !isTexts(merges)) {
    return problem(file, 'lists of tokens and merges in tokenizer.ggml', 'others');
  }
  const bos = metadata.get('tokenizer.ggml.bos_token_id');
  const facts = typeof bos === 'number' && bos < tokens.length ? { named: bos } : {};
  const prepended = metadata.get('tokenizer.ggml.add_bos_token') === true ? { prepended: facts.named } : {};
  const json = tokenizerJson(tokens, merges, metadata.get('tokenizer.ggml.token_type'), pre);
  return { tokenizer: buildTokenizer(json, { family: 'llama', ...facts, ...prepended }, file) };
}
