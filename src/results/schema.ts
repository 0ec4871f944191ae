/**
 * Result files in JSON. Their field `schema` is `name@major`: files of another kind or of a newer major version are
 * refused.
 */
import type * as z from 'zod';
import { InputError } from '../errors.ts';

/** A kind of result file. */
export interface DocumentKind<T> {
  /** What it tells of, such as `study`. */
  readonly what: string;
  /** The name in `schema`, without the version. */
  readonly name: string;
  /** The newest major version that is read. */
  readonly major: number;
  readonly content: z.ZodType<T>;
}

/**
 * Reads the text of a result file; `file` is how messages call it.
 * Throws InputError for text that is not JSON, for a newer major version and for fields that do not fit.
 */
export function parseDocument<T>(source: string, file: string, kind: DocumentKind<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new InputError(`invalid ${kind.what}: ${file} is not JSON; run the ${kind.what} again`);
  }
  checkSchema(value, file, kind);
  const result = kind.content.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue && issue.path.length > 0 ? issue.path.join('.') : 'the document';
  throw new InputError(`invalid ${kind.what}: ${file}, at ${where}: ${issue?.message ?? 'unexpected value'}`);
}

function checkSchema(value: unknown, file: string, { name, major }: DocumentKind<unknown>): void {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  const match = typeof schema === 'string' ? /^(.+)@(\d+)(?:\.\d+)*$/.exec(schema) : null;
  if (match?.[1] !== name) {
    throw new InputError(`invalid schema: ${JSON.stringify(schema)} in ${file}; expected "${name}@${major}"`);
  }
  if (Number(match[2]) > major) {
    throw new InputError(
      `unknown schema: "${String(schema)}" in ${file}; this version reads up to "${name}@${major}": update mediators`,
    );
  }
}
