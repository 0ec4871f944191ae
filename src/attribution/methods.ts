/**
 * All methods, by name. docs/methods.md prints this table.
 */
import { InputError } from '../errors.ts';
import { atpStarMethod } from './atp-star.ts';
import { attributionPatching } from './attribution-patching.ts';
import { eap } from './edges/eap.ts';
import { eapIgActivations, eapIgInputs } from './edges/eap-ig.ts';
import { layerIg } from './integrated-gradients.ts';
import type { Method } from './method.ts';
import { splitIgSaturated, splitIgUnsaturated } from './split-ig.ts';

export const METHODS: readonly Method[] = [
  attributionPatching,
  atpStarMethod,
  layerIg,
  splitIgUnsaturated,
  splitIgSaturated,
  eap,
  eapIgInputs,
  eapIgActivations,
];

/** A method by name. Throws InputError that lists the names. */
export function methodNamed(name: string): Method {
  const found = METHODS.find((method) => method.name === name);
  if (found) return found;
  const names = METHODS.map((method) => method.name).join(', ');
  throw new InputError(`expected a method of ${names}, got "${name}"`);
}

/** The table of docs/methods.md, in Markdown. */
export function methodsTable(methods: readonly Method[] = METHODS): string {
  const rows = methods.map(({ name, title, meaning, sumsTo, sign, cost, source }) =>
    [`\`${name}\``, title, meaning, sumsTo, sign, cost, source].join(' | '),
  );
  return [
    '| name | method | a score is | scores sum to | sign | cost | source |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}
