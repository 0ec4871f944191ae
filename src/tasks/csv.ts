/**
 * Comma-separated values (RFC 4180): fields with commas, line breaks or quotes stand in double quotes, and a quote
 * within is doubled. The first row names the columns. Spaces belong to fields.
 */
import { InputError } from '../errors.ts';

/** The rows below the first, by column. Throws InputError for an open quote and for a row of another length. */
export function parseCsv(text: string, what: string): Record<string, string>[] {
  const [head, ...rows] = recordsOf(text.replace(/^\uFEFF/, ''), what);
  if (!head) return [];
  return rows.map((row, i) => {
    if (row.length !== head.length)
      throw new InputError(
        `${what}: expected ${head.length} fields in row ${i + 1} below the names, got ${row.length}; put fields with commas in double quotes`,
      );
    return Object.fromEntries(head.map((name, column) => [name.trim(), row[column]!]));
  });
}

function recordsOf(text: string, what: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  // A field in quotes or none, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length || record.length > 0) {
    const match = field.exec(text);
    if (!match)
      throw new InputError(
        `${what}: expected a closing quote and then a comma in row ${records.length}, got something else; double quotes within quotes`,
      );
    const [, quoted, plain = '', end] = match;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    // An empty line is no record.
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
    if (end === '') break;
  }
  return records;
}
