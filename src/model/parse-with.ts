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

/**
 * Parses JSON data by a zod schema.
 * @throws InputError, one line, for the first thing that is wrong.
 */
export function parseWith<S extends z.ZodType>(schema: S, json: unknown, file: string): z.infer<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const expected = issue.message.replace(/^.*?expected /, '').replace(/, received .*$/, '');
  const field = issue.path.map(String).join('.').slice(0, 80);
  throw new InputError(
    `${file}: expected ${field || 'its content'} to be ${expected.replace(/^.* to be /, '')}, got ${shown(valueAt(json, issue.path))}; mend the file or download it again`,
  );
}
