/**
 * A user's task: a JSON file of the same shape as the built-in tasks (docs/tasks.md).
 */
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { parseWith } from '../model/parse-with.ts';
import { parseJson } from '../tensor/json.ts';
import { isTaskName } from './builtin/index.ts';
import { contrastsOf, templatesOf } from './generate.ts';
import { METRIC_WORDS } from '../terms.ts';
import type { Filler, TaskSpec } from './spec.ts';

const LIMITS = { maxBytes: 4_000_000, maxDepth: 8 };
/** Longer texts and lists are no sentences and words. */
const MOST = { text: 2_000, templates: 1_000, fillers: 20_000, lists: 100, fields: 20, answers: 1_000 };

const text = z.string().min(1).max(MOST.text);
/** Names of lists and fields, as placeholders can name them. */
const name = z
  .string()
  .regex(/^[a-z]\w*$/i)
  .max(100);
const template = z.strictObject({ name: text, clean: text, corrupted: text, answer: text, wrong: text });
const templates = z.array(template).min(1).max(MOST.templates).optional();
const fields = z
  .record(name, z.union([text, z.array(text).min(1).max(MOST.answers)]))
  .refine((all) => Object.keys(all).length <= MOST.fields);
const list = z
  .array(z.union([text, fields]))
  .min(1)
  .max(MOST.fillers);

const schema = z.strictObject({
  name,
  title: text,
  about: text,
  metric: z.enum(METRIC_WORDS),
  severalTokens: z.boolean().optional(),
  digits: z.enum(['pairs', 'single']).optional(),
  templates: z.strictObject({ removal: templates, swap: templates }),
  fillers: z.record(name, list).refine((all) => Object.keys(all).length <= MOST.lists),
});

/**
 * Reads a task file. `file` is its path, for messages.
 * Throws InputError, one line, for what is not JSON, not of this shape, or does not fit together: a placeholder without a
 * list, prompts that differ in more than placeholders, a name that a built-in task has.
 */
export function parseTask(bytes: Uint8Array, file: string): TaskSpec {
  const spec = parseWith(schema, parseJson(bytes, file, LIMITS), file) as TaskSpec;
  if (isTaskName(spec.name))
    throw new InputError(
      `${file}: expected a name of its own, got ${spec.name}, a built-in task; choose another`,
    );
  for (const [list, entries] of Object.entries(spec.fillers))
    checkDifferent(entries, `${file}: fillers.${list}`);
  const contrasts = contrastsOf(spec);
  if (contrasts.length === 0)
    throw new InputError(`${file}: expected templates for removal, swap or both, got none; add some`);
  for (const contrast of contrasts) {
    try {
      templatesOf(spec, contrast);
    } catch (error) {
      throw error instanceof InputError ? new InputError(`${file}: ${error.message}`) : error;
    }
  }
  return spec;
}

/** Different draws must be different words. */
function checkDifferent(entries: readonly Filler[], what: string): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    if (seen.has(text))
      throw new InputError(
        `${what}: expected every entry once, got ${text.slice(0, 60)} twice; leave one out`,
      );
    seen.add(text);
  }
}
