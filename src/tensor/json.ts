/**
 * JSON from files that nobody vouches for: size and depth are checked before it is parsed.
 */
import { InputError } from '../errors.ts';

export interface JsonLimits {
  /** The largest size taken, in bytes. */
  readonly maxBytes: number;
  /** The deepest nesting of objects and arrays taken. */
  readonly maxDepth: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SHOWN_LENGTH = 60;

/** A value as an error shows it: JSON on one line, cut at 60 characters; `nothing` for undefined. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return cut(JSON.stringify(value.slice(0, SHOWN_LENGTH * 2)));
  if (Array.isArray(value))
    return value.length > 8 ? `${value.length} values` : `[${value.map(shown).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function cut(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH - 4)}..."` : text;
}

/** The deepest nesting of objects and arrays, counted outside of strings; it stops above `limit`. */
function nesting(bytes: Uint8Array, limit: number): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < bytes.length && deepest <= limit; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}

/**
 * Parses JSON in UTF-8.
 * @param what names the file in errors.
 * @throws InputError where it is too large, too deep, not UTF-8 or not JSON.
 */
export function parseJson(bytes: Uint8Array, what: string, limits: JsonLimits): unknown {
  if (bytes.length > limits.maxBytes) {
    throw new InputError(
      `${what}: expected at most ${limits.maxBytes} bytes of JSON, got ${bytes.length}; check the file`,
    );
  }
  if (nesting(bytes, limits.maxDepth) > limits.maxDepth) {
    throw new InputError(
      `${what}: expected JSON nested at most ${limits.maxDepth} deep, got more; check the file`,
    );
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 100) : 'unreadable';
    throw new InputError(`${what}: expected JSON, got something else (${reason}); download or save it again`);
  }
}
