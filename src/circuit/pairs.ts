/** The exact values of pairs, `via` and `interaction`, looked up by the ids of nodes. */
import type { Mediation } from '../results/mediation.ts';
import type { Direction } from '../terms.ts';
import { nodeId } from './circuit.ts';

export const PAIR_KINDS = ['via', 'interaction'] as const;
export type PairKind = (typeof PAIR_KINDS)[number];

export interface PairTable {
  /** Ids of the components, in the order of rows and columns. */
  readonly ids: readonly string[];
  /** [n, n], row source, column target, in units of F; undefined for a direction that was not computed. */
  readonly values: (direction: Direction, kind: PairKind) => Float32Array | undefined;
  /** One of them; 0 for components outside the table. */
  readonly value: (direction: Direction, kind: PairKind, source: string, target: string) => number;
}

/** The table of a study's mediation; an empty one for a study without. */
export function pairTable(mediation: Mediation | undefined): PairTable {
  const ids = (mediation?.components ?? []).map(({ kind, component }) => nodeId(kind, component));
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const values = (direction: Direction, kind: PairKind) => mediation?.pairs[direction]?.[kind];
  return {
    ids,
    values,
    value: (direction, kind, source, target) => {
      const [row, column] = [rowOf.get(source), rowOf.get(target)];
      if (row === undefined || column === undefined) return 0;
      return values(direction, kind)?.[row * ids.length + column] ?? 0;
    },
  };
}
