/**
 * Zod schemas with our errors: one line that says what was expected, what came and how to mend it.
 */
import type { z } from 'zod';
import { InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';

/** The value at a path of parsed JSON, or undefined. */
function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    json,
  );
}

/** Zod's names of types, in words. */
const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What an issue would have wanted, in words. */
function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  if (issue.code === 'unrecognized_keys') return `without ${issue.keys.join(', ')}`;
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return 'of another kind';
  const small = issue.code === 'too_small';
  const limit = small ? issue.minimum : issue.maximum;
  const isNumber = issue.origin === 'number' || issue.origin === 'int';
  if (!isNumber) return `${small ? 'at least' : 'at most'} ${limit} long`;
  if (issue.inclusive) return `${small ? 'at least' : 'at most'} ${limit}`;
  return `${small ? 'above' : 'below'} ${limit}`;
}

/**
 * Parses JSON data by a zod schema.
 * @throws InputError, one line, for the first thing that is wrong.
 */
export function parseWith<S extends z.ZodType>(schema: S, json: unknown, file: string): z.infer<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = shown(issue.path.map(String).join('.')).slice(1, -1);
  throw new InputError(
    `${file}: expected ${field || 'its content'} to be ${wanted(issue)}, got ${shown(valueAt(json, issue.path))}; mend the file or download it again`,
  );
}
