/**
 * The cases of `op-cases.ts` as graphs, and random inputs for them.
 */
import type { Graph, Value } from '../../src/graph/graph.ts';
import { Builder } from '../../src/ops/builder.ts';
import type { Random } from '../support/random.ts';
import { build, type NdArray, sizeOfDim } from '../support/reference-ops.ts';
import { type Domain, type OpCase, SIZES } from './op-cases.ts';

export interface BuiltCase {
  /** Its one output is `result`. */
  readonly graph: Graph;
  readonly values: Readonly<Record<string, Value>>;
}

export function graphOf({ inputs, apply }: OpCase): BuiltCase {
  const b = new Builder();
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims }]) => [name, b.input(name, dims)]),
  );
  const result = apply(b, ...Object.values(values));
  return { graph: b.build({ result }), values };
}

/** Inputs of a case, each within its domain. */
export function drawInputs({ inputs }: OpCase, random: Random): Record<string, NdArray> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dims, domain = 'any' }]) => [
      name,
      // Through float32, so that both sides see the same numbers.
      build(
        dims.map((dim) => sizeOfDim(dim, SIZES)),
        () => Math.fround(draw(random, domain)),
      ),
    ]),
  );
}

function draw(random: Random, domain: Domain): number {
  const x = random.normal();
  switch (domain) {
    case 'any':
      return x;
    case 'not zero':
      return Math.sign(x) * (0.2 + Math.abs(x));
    case 'positive':
      return 0.5 + Math.abs(x);
    case 'mask':
      return x > 0 ? 1 : 0;
  }
}
