/**
 * Prune: keeps what the outputs need. Capture is the same with other outputs.
 */
import type { Graph, Value } from '../graph/graph.ts';
import { rewrite } from './rewrite.ts';

/** The values that some of `targets` depend on, themselves included. */
export function ancestors(graph: Pick<Graph, 'nodes'>, targets: Iterable<Value>): Set<Value> {
  const needed = new Set<Value>(targets);
  for (let value = graph.nodes.length - 1; value >= 0; value--) {
    if (needed.has(value)) for (const input of graph.nodes[value]!.inputs) needed.add(input);
  }
  return needed;
}

/** The graph with these outputs and nothing that they do not need. Sites that go are forgotten. */
export function prune(graph: Graph, outputs: ReadonlyMap<string, Value> = graph.outputs): Graph {
  const needed = ancestors(graph, outputs.values());
  const { builder, moved } = rewrite(graph, { keep: (value) => needed.has(value) });
  return builder.build(Object.fromEntries([...outputs].map(([name, old]) => [name, moved.get(old)!])));
}
