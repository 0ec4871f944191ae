/**
 * Comma-separated values (RFC 4180): fields with commas, line breaks or quotes stand in double quotes, and a quote
 * within is doubled. The first row names the columns. Spaces belong to fields.
 */
import { InputError } from '../errors.ts';

/** A row, and the line of the text on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** The rows below the first, by column. Throws InputError for an open quote and for a row of another length. */
export function parseCsv(text: string, what: string): Record<string, string>[] {
  const [head, ...rows] = csvRecords(text, what);
  if (!head) return [];
  return rows.map(({ fields }, i) => {
    if (fields.length !== head.fields.length)
      throw new InputError(
        `${what}: expected ${head.fields.length} fields in row ${i + 1} below the names, got ${fields.length}; put fields with commas in double quotes`,
      );
    return Object.fromEntries(head.fields.map((name, column) => [name.trim(), fields[column]!]));
  });
}

/** All rows, the names first. An empty line is none. Throws InputError for an open quote. */
export function csvRecords(source: string, what: string): CsvRecord[] {
  const text = source.replace(/^\uFEFF/, '');
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  let begin = 1;
  // A field in quotes or none, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text);
    if (!match)
      throw new InputError(
        `${what}: expected a closing quote and then a comma in row ${records.length}, which begins on line ${begin}, got something else; double quotes within quotes`,
      );
    const [all, quoted, plain = '', end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += all.split(/\r\n|\n|\r/).length - 1;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: begin, fields });
    fields = [];
    begin = line;
    if (end === '') break;
  }
  return records;
}

/** The text of a file in UTF-8. Throws InputError that names the first line with other bytes, or with a 0 (UTF-16 has them). */
export function utf8Text(bytes: Uint8Array, name: string): string {
  const decoded = decode(bytes);
  if (decoded !== undefined) return decoded;
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const next = end < 0 ? bytes.length : end + 1;
    if (decode(bytes.subarray(start, next)) === undefined) break;
    start = next;
  }
  throw new InputError(
    `${name}, line ${line}: expected UTF-8, got bytes that are none; save the file as UTF-8`,
  );
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
