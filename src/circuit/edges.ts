/**
 * The edges between chosen nodes: exact `via` and `interaction` where the folder has them, `through` where it was
 * stored whole, and each component's own direct write to the output, from the ledger.
 */
import type { StudyResults } from '../results/read.ts';
import { type Direction, KINDS } from '../terms.ts';
import { type CircuitEdge, type CircuitNode, EDGE_KINDS, type EdgeKind, shareOf } from './circuit.ts';
import { compare } from './nodes.ts';
import type { PairKind, PairTable } from './pairs.ts';

type Found = Pick<CircuitEdge, 'source' | 'target' | 'value'>;

/** All edges of a direction that are not 0, whatever their size: by kind, the largest first. Kinds without data are absent. */
export async function findEdges(
  results: StudyResults,
  table: PairTable,
  nodes: readonly CircuitNode[],
  direction: Direction,
  answer: string | undefined,
): Promise<Map<EdgeKind, CircuitEdge[]>> {
  const inOrder = [...nodes].sort(compare);
  const found: Record<EdgeKind, Found[] | undefined> = {
    via: pairs(table, inOrder, direction, 'via'),
    interaction: pairs(table, inOrder, direction, 'interaction'),
    through: await through(results, inOrder, direction),
    direct: answer === undefined ? undefined : direct(results, inOrder, direction, answer),
  };
  const { D } = results.study.metric;
  const edges = new Map<EdgeKind, CircuitEdge[]>();
  for (const kind of EDGE_KINDS) {
    const some = found[kind]?.filter(({ value }) => value !== 0 && Number.isFinite(value));
    if (!some) continue;
    const signed = some.map(
      (edge): CircuitEdge => ({ kind, direction, ...edge, share: shareOf(kind, direction, edge.value, D) }),
    );
    // Equal sizes keep the order from the input to the output.
    edges.set(
      kind,
      signed.sort((a, b) => Math.abs(b.share) - Math.abs(a.share)),
    );
  }
  return edges;
}

/** Every ordered pair, the earlier component as source: a later one acts on no earlier one. */
function pairs(
  table: PairTable,
  nodes: readonly CircuitNode[],
  direction: Direction,
  kind: PairKind,
): Found[] | undefined {
  if (!table.values(direction, kind)) return undefined;
  return nodes.flatMap(({ id: source }, i) =>
    nodes.slice(i + 1).map(({ id: target }) => ({
      source,
      target,
      value: table.value(direction, kind, source, target),
    })),
  );
}

/** The rows of `<kinds>_to_<kinds>_through` of the chosen sources; undefined where no such array was stored. */
async function through(
  { effects }: StudyResults,
  nodes: readonly CircuitNode[],
  direction: Direction,
): Promise<Found[] | undefined> {
  const found: Found[] = [];
  let stored = false;
  for (const [i, source] of nodes.entries()) {
    for (const kind of KINDS) {
      const targets = nodes.slice(i + 1).filter((node) => node.kind === kind);
      const name = `${source.kind}_to_${kind}_through`;
      if (targets.length === 0 || !(await effects.has(direction, name))) continue;
      stored = true;
      const row = await effects.readSource(direction, name, ...source.component);
      const width = row?.shape[1] ?? 0;
      for (const { id: target, component } of targets) {
        const value = row?.data[component[0] * width + component[1]] ?? 0;
        found.push({ source: source.id, target, value });
      }
    }
  }
  return stored ? found : undefined;
}

/** Own direct: the first part of the ledger, [L, N, 4]. */
function direct(
  { scores }: StudyResults,
  nodes: readonly CircuitNode[],
  direction: Direction,
  answer: string,
): Found[] | undefined {
  const found = nodes.flatMap(({ id, kind, component: [layer, index] }) => {
    const ledger = scores.get(`ledger.${direction}.${kind}`);
    const width = ledger?.shape[1] ?? 0;
    return ledger ? [{ source: id, target: answer, value: ledger.data[4 * (layer * width + index)]! }] : [];
  });
  return found.length > 0 ? found : undefined;
}
