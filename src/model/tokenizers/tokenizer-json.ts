/**
 * The parts of `tokenizer.json` that this project looks into, checked, and two of them made exact.
 * https://github.com/huggingface/tokenizers
 */
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';
import { parseWith } from '../parse-with.ts';

/** Ids above this are implausible. */
export const MAX_TOKEN_ID = 10_000_000;

/** GPT-2's split of a text into pieces, as the reference implementation has it. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const id = z.int().min(0).max(MAX_TOKEN_ID);

const addedToken = z.looseObject({
  id,
  content: z.string().min(1),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});

const component = z.looseObject({ type: z.string() });

const schema = z.looseObject({
  added_tokens: z.array(addedToken).max(MAX_TOKEN_ID).default([]),
  normalizer: component.nullish().transform((part) => part ?? null),
  pre_tokenizer: component.nullish().transform((part) => part ?? null),
  post_processor: component.nullish().transform((part) => part ?? null),
  decoder: component.nullish().transform((part) => part ?? null),
  model: z.looseObject({ type: z.string().default('BPE') }),
});

/** One step of a pipeline: its type, and settings that nobody has checked. */
export interface Component {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** The checked parts of tokenizer.json; the vocabulary and the merges are in `model`. */
export interface TokenizerJson {
  readonly added_tokens: readonly { id: number; content: string; lstrip: boolean; rstrip: boolean }[];
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component | null;
  readonly post_processor: Component | null;
  readonly decoder: Component | null;
  readonly model: { readonly type: string; readonly vocab?: unknown; readonly merges?: unknown };
}

function checkMerges(merges: unknown, what: string): void {
  const isMerge = (merge: unknown) =>
    typeof merge === 'string' ? merge.includes(' ') : Array.isArray(merge) && merge.length === 2;
  if (!Array.isArray(merges) || !merges.every((merge) => isMerge(merge))) {
    throw new InputError(
      `${what}: expected model.merges to be a list of pairs, got others; download it again`,
    );
  }
}

/** Patterns of Split and Replace are `{Regex: text}` or `{String: text}`. */
function checkPatterns(parts: TokenizerJson, what: string): void {
  const steps = [
    ...flattened(parts.pre_tokenizer, 'pretokenizers'),
    ...flattened(parts.normalizer, 'normalizers'),
  ];
  for (const { type, pattern } of steps.filter((step) => step.type === 'Split' || step.type === 'Replace')) {
    const text: unknown =
      typeof pattern === 'object' && pattern !== null
        ? (Reflect.get(pattern, 'Regex') ?? Reflect.get(pattern, 'String'))
        : undefined;
    if (typeof text !== 'string') {
      throw new InputError(
        `${what}: expected a pattern for ${type}, got ${shown(text ?? pattern)}; download it again`,
      );
    }
  }
}

/** Checks ids of a vocabulary {token: id}; gives one more than the highest. */
function vocabularySize(vocab: unknown, what: string): number {
  if (Array.isArray(vocab)) return vocab.length;
  if (typeof vocab !== 'object' || vocab === null) {
    throw new InputError(
      `${what}: expected model.vocab to map tokens to ids, got ${shown(vocab)}; download it again`,
    );
  }
  let size = 0;
  for (const [token, tokenId] of Object.entries(vocab)) {
    if (!Number.isInteger(tokenId) || Number(tokenId) < 0 || Number(tokenId) > MAX_TOKEN_ID) {
      throw new InputError(
        `${what}: expected an id from 0 to ${MAX_TOKEN_ID} for token ${shown(token)}, got ${shown(tokenId)}; download it again`,
      );
    }
    size = Math.max(size, Number(tokenId) + 1);
  }
  return size;
}

/**
 * Checks parsed tokenizer.json. The vocabulary and merges stay as they are, all else gets its defaults.
 * @returns the checked parts, and one more than the highest token id.
 * @throws InputError, one line, for what is not as the format has it.
 */
export function checkTokenizerJson(json: unknown, what: string): { parts: TokenizerJson; size: number } {
  const parts: TokenizerJson = parseWith(schema, json, what);
  let size = vocabularySize(parts.model.vocab, what);
  checkPatterns(parts, what);
  if (parts.model.type === 'BPE') checkMerges(parts.model.merges, what);
  for (const token of parts.added_tokens) size = Math.max(size, token.id + 1);
  return { parts, size };
}

function isComponent(value: unknown): value is Component {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** A component and, for a Sequence, its members under `key`, outermost first. */
export function flattened(part: Component | null | undefined, key: string): Component[] {
  if (!part) return [];
  const members: unknown = part[key];
  if (part.type !== 'Sequence' || !Array.isArray(members)) return [part];
  return members.filter(isComponent).flatMap((member) => flattened(member, key));
}

function split(pattern: string): Component {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/**
 * The same pre-tokenizer with two components spelled out as Split patterns. The JavaScript library takes
 * JavaScript's white space and ASCII digits for them, the reference implementation Unicode's.
 */
export function exactPreTokenizer(part: Component | null | undefined): Component | null {
  if (!part) return null;
  if (part.type === 'ByteLevel' && part.use_regex !== false && part.add_prefix_space !== true) {
    return { type: 'Sequence', pretokenizers: [split(GPT2_PATTERN), { ...part, use_regex: false }] };
  }
  if (part.type === 'Digits') return split(part.individual_digits === true ? '\\p{N}' : '\\p{N}+');
  if (part.type === 'Sequence' && Array.isArray(part.pretokenizers)) {
    return { ...part, pretokenizers: part.pretokenizers.filter(isComponent).map(exactPreTokenizer) };
  }
  return part;
}

/** The special token that a post-processor puts in front of a text, if any. */
export function leadingToken(postProcessor: Component | null | undefined): string | undefined {
  let leading: string | undefined;
  for (const part of flattened(postProcessor, 'processors')) {
    const single: unknown = part.single;
    const first: unknown = Array.isArray(single) ? single[0] : undefined;
    if (
      part.type === 'TemplateProcessing' &&
      typeof first === 'object' &&
      first !== null &&
      'SpecialToken' in first
    ) {
      const special: unknown = first.SpecialToken;
      if (typeof special === 'object' && special !== null && 'id' in special) leading = String(special.id);
    } else if (/^(Bert|Roberta)Processing$/.test(part.type) && Array.isArray(part.cls)) {
      leading = String(part.cls[0]);
    }
  }
  return leading;
}
