/**
 * The field `schema` of a result file, `name@major`: files of another kind or of a newer major version are refused.
 */
import { InputError } from '../errors.ts';

/** Throws InputError where `value` is not an object of this schema. `file` is how messages call it. */
export function checkSchema(value: unknown, file: string, name: string, major: number): void {
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
