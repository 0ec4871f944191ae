/**
 * The exact values of pairs, `via` and `interaction`, as one lookup over the arrays of `mediation.safetensors`:
 * all heads, `<direction>.<kind>` [L, H, L, H], and where it was asked for a list of components,
 * `components` [n, 3] (0 head or 1 neuron, layer, index) with `<direction>.components.<kind>` [n, n].
 */
import { InputError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Component, DIRECTIONS, type Direction, type Kind, KINDS } from '../terms.ts';
import { nodeId } from './circuit.ts';

export const PAIR_KINDS = ['via', 'interaction'] as const;
export type PairKind = (typeof PAIR_KINDS)[number];

/** The arrays of a `mediation.safetensors` by name. */
export type MediationArrays = ReadonlyMap<string, Tensor<Float32Array | Int32Array>>;

export interface PairComponent {
  id: string;
  kind: Kind;
  component: Component;
}

/** Square arrays over one list of components. */
export interface PairTable {
  components: readonly PairComponent[];
  rowOf: ReadonlyMap<string, number>;
  /** By `noising.via` and so on: [n, n], row source, column target. */
  values: ReadonlyMap<string, ArrayLike<number>>;
}

/** Looks at the arrays. Throws InputError where a shape does not fit. */
export function pairTables(arrays: MediationArrays, shape: { layers: number; heads: number }): PairTable[] {
  const heads = Array.from({ length: shape.layers * shape.heads }, (_, i) =>
    pairComponent('heads', [Math.floor(i / shape.heads), i % shape.heads]),
  );
  const tables = [tableOf(arrays, heads, '')];
  const listed = arrays.get('components');
  if (listed) tables.push(tableOf(arrays, listedComponents(listed), 'components.'));
  return tables;
}

/** The value of a pair in the first table that knows both; undefined where none does. */
export function pairValue(
  tables: readonly PairTable[],
  direction: Direction,
  kind: PairKind,
  source: string,
  target: string,
): number | undefined {
  for (const { components, rowOf, values } of tables) {
    const row = rowOf.get(source);
    const column = rowOf.get(target);
    const array = values.get(`${direction}.${kind}`);
    if (array && row !== undefined && column !== undefined) return array[row * components.length + column];
  }
  return undefined;
}

function pairComponent(kind: Kind, component: Component): PairComponent {
  return { id: nodeId(kind, component), kind, component };
}

function listedComponents({ shape, data }: Tensor<Float32Array | Int32Array>): PairComponent[] {
  if (shape.length !== 2 || shape[1] !== 3) {
    throw new InputError(
      `invalid mediation: components [${shape.join(', ')}], expected [n, 3]; run the study again`,
    );
  }
  return Array.from({ length: shape[0]! }, (_, i) => {
    const kind = KINDS[data[3 * i]!];
    if (!kind)
      throw new InputError(
        `invalid mediation: kind ${data[3 * i]} of component ${i}, expected 0 or 1; run the study again`,
      );
    return pairComponent(kind, [data[3 * i + 1]!, data[3 * i + 2]!]);
  });
}

function tableOf(arrays: MediationArrays, components: PairComponent[], prefix: string): PairTable {
  const values = new Map<string, ArrayLike<number>>();
  for (const direction of DIRECTIONS) {
    for (const kind of PAIR_KINDS) {
      const name = `${direction}.${prefix}${kind}`;
      const array = arrays.get(name);
      if (!array) continue;
      if (array.data.length !== components.length ** 2) {
        throw new InputError(
          `invalid mediation: ${name} [${array.shape.join(', ')}], expected ${components.length} x ${components.length} values; run the study again`,
        );
      }
      values.set(`${direction}.${kind}`, array.data);
    }
  }
  return { components, rowOf: new Map(components.map(({ id }, row) => [id, row])), values };
}
