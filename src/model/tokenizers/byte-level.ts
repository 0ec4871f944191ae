/**
 * GPT-2's byte-level alphabet: each byte is written as one printable character.
 * https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode)
 */

/** Bytes that stand for themselves: printable Latin-1 without the space and the soft hyphen. */
function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

function alphabet(): Map<string, number> {
  const bytes = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte < 256; byte++) {
    bytes.set(String.fromCharCode(isPrintable(byte) ? byte : 256 + others++), byte);
  }
  return bytes;
}

const BYTE_OF: ReadonlyMap<string, number> = alphabet();

/** The bytes of a token written in the byte-level alphabet; undefined where it is not. */
export function tokenBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
