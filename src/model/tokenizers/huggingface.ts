/**
 * Our Tokenizer over @huggingface/tokenizers, from the object in a tokenizer.json.
 */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { type BosFacts, bosRule } from './bos.ts';
import { tokenBytes } from './byte-level.ts';
import {
  checkTokenizerJson,
  exactPreTokenizer,
  flattened,
  leadingToken,
  type TokenizerJson,
} from './tokenizer-json.ts';

const ENCODER = new TextEncoder();
/** Byte order marks are text like any other here. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** What else is known about the beginning-of-sequence token: `BosFacts`, its own by name or id. */
export interface TokenizerFacts extends Omit<BosFacts, 'named'> {
  /** The tokenizer's `bos_token`, as text or id. */
  readonly named?: string | number;
}

/** What is used of the library; it gives undefined for tokens outside the vocabulary. */
interface Library {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** Whether tokens are written in the byte-level alphabet. */
function isByteLevel(parts: TokenizerJson): boolean {
  return [...flattened(parts.decoder, 'decoders'), ...flattened(parts.pre_tokenizer, 'pretokenizers')].some(
    ({ type }) => type === 'ByteLevel',
  );
}

/** Whether the bytes of the tokens must add up to those of the text. */
function isLossless(parts: TokenizerJson): boolean {
  const steps = flattened(parts.pre_tokenizer, 'pretokenizers');
  const keeps = steps.every((step) => step.add_prefix_space !== true && step.behavior !== 'Removed');
  return (
    isByteLevel(parts) && !parts.normalizer && keeps && !parts.added_tokens.some((t) => t.lstrip || t.rstrip)
  );
}

class HuggingFaceTokenizer implements Tokenizer {
  readonly size: number;
  readonly bosTokenId?: number;
  readonly prependsBos: boolean;
  readonly #library: Library;
  readonly #added: ReadonlyMap<number, string>;
  readonly #byteLevel: boolean;
  readonly #lossless: boolean;

  constructor(library: Library, parts: TokenizerJson, size: number, facts: TokenizerFacts) {
    this.#library = library;
    this.#added = new Map(parts.added_tokens.map((token) => [token.id, token.content]));
    this.#byteLevel = isByteLevel(parts);
    this.#lossless = isLossless(parts);
    this.size = size;
    const leading = leadingToken(parts.post_processor);
    const idOf = (token: string | number | undefined) =>
      typeof token === 'string' ? library.token_to_id(token) : token;
    const rule = bosRule({
      family: facts.family,
      named: idOf(facts.named),
      configured: facts.configured,
      prepended: facts.prepended ?? idOf(leading),
    });
    if (rule.bosTokenId !== undefined) this.bosTokenId = rule.bosTokenId;
    this.prependsBos = rule.prependsBos;
  }

  encode(text: string): number[] {
    const found = this.#library.encode(text, { add_special_tokens: false }).ids;
    const ids = found.filter((id) => id !== undefined);
    const bytes = ids.reduce((total, id) => total + this.#byteCount(id), 0);
    if (ids.length < found.length || (this.#lossless && bytes !== ENCODER.encode(text).length)) {
      throw new InputError(
        `expected text that this tokenizer can write, got ${shown(text)} with characters outside its vocabulary; change the text or give token ids`,
      );
    }
    return ids;
  }

  #byteCount(id: number): number {
    const added = this.#added.get(id);
    return added === undefined ? (this.#library.id_to_token(id)?.length ?? 0) : ENCODER.encode(added).length;
  }

  tokenText(id: number): string {
    const added = this.#added.get(id);
    if (added !== undefined) return added;
    const token = this.#library.id_to_token(id);
    if (token === undefined) return `<${id}>`;
    if (!this.#byteLevel) return spacedText(token);
    const bytes = tokenBytes(token);
    return bytes ? DECODER.decode(bytes) : token;
  }
}

/** Token text of SentencePiece-like vocabularies: `▁` is a space, `<0x0A>` a byte. */
function spacedText(token: string): string {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  if (byte) return DECODER.decode(Uint8Array.of(Number.parseInt(byte[1]!, 16)));
  return token.replaceAll('▁', ' ');
}

/**
 * Builds a tokenizer.
 * @param json parsed tokenizer.json, or an object like it.
 * @param what names the file in errors.
 * @throws InputError, one line, where it is damaged or of a kind that cannot be built.
 */
export function buildTokenizer(json: unknown, facts: TokenizerFacts, what: string): Tokenizer {
  const { parts, size } = checkTokenizerJson(json, what);
  try {
    const library: Library = new LibraryTokenizer(
      { ...parts, pre_tokenizer: exactPreTokenizer(parts.pre_tokenizer) },
      {},
    );
    return new HuggingFaceTokenizer(library, parts, size, facts);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 100) : String(error);
    throw new InputError(
      `${what}: expected a tokenizer that can be built, got: ${reason}; download it again`,
    );
  }
}
