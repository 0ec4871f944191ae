/**
 * Pairs from a file: CSV with a row of names, or a JSON array of objects. Columns or fields: clean, corrupted, answer,
 * wrong, and contrast where it is declared. In JSON all four may be token ids in place of texts.
 */
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { parseJson, shown } from '../tensor/json.ts';
import { CONTRASTS } from '../terms.ts';
import { parseCsv, utf8Text } from './csv.ts';
import type { IdPair, TextPair } from './pair.ts';

const LIMITS = { maxBytes: 64e6, maxDepth: 8 };
const FIELDS = ['clean', 'corrupted', 'answer', 'wrong'] as const;

const text = z.string().min(1);
const id = z.number().int().nonnegative();
const contrast = z.enum(CONTRASTS).optional();
const onePair = z.union([
  z.object({ clean: text, corrupted: text, answer: text, wrong: text, contrast }),
  z.object({ clean: z.array(id), corrupted: z.array(id), answer: id, wrong: id, contrast }),
]);

/**
 * Reads the pairs of a file. `name` is its path: `.json` is JSON, all else CSV.
 * Throws InputError for a file without pairs, and naming the first row that is none.
 */
export function parsePairs(bytes: Uint8Array, name: string): (TextPair | IdPair)[] {
  const rows = /\.json$/i.test(name) ? parseJson(bytes, name, LIMITS) : csvRows(bytes, name);
  if (!Array.isArray(rows) || rows.length === 0)
    throw new InputError(
      `${name}: expected a list of pairs, got ${Array.isArray(rows) ? 'none' : shown(rows)}`,
    );
  return rows.map((row: unknown, i) => pairOf(row, `${name}, pair ${i + 1}`));
}

function pairOf(row: unknown, what: string): TextPair | IdPair {
  const result = onePair.safeParse(row);
  if (result.success) return result.data;
  const fields = typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {};
  const missing = FIELDS.filter((field) => fields[field] === undefined || fields[field] === '');
  if (missing.length > 0)
    throw new InputError(`${what}: expected ${FIELDS.join(', ')}, got no ${missing.join(', no ')}`);
  if (!contrast.safeParse(fields.contrast).success)
    throw new InputError(
      `${what}: expected contrast to be removal or swap, or left out, got ${shown(fields.contrast)}`,
    );
  throw new InputError(`${what}: expected four texts, or ids for all four, got something else; mend the row`);
}

function csvRows(bytes: Uint8Array, name: string): Record<string, string>[] {
  return parseCsv(utf8Text(bytes, name), name).map(({ contrast: declared, ...row }) => ({
    ...row,
    ...(declared ? { contrast: declared } : {}),
  }));
}
