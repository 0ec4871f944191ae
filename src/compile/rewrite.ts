/**
 * Copies a graph node by node into a builder; the base of every transformation.
 */
import type { Graph, Node, Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';

export interface Rewriting {
  readonly builder: Builder;
  /** Where each value of the old graph went. */
  readonly moved: ReadonlyMap<Value, Value>;
}

/**
 * Copies the nodes that `keep` accepts. `replace` may give another value in place of a copied one:
 * later nodes and the site's name then refer to that.
 */
export function rewrite(
  graph: Graph,
  options: {
    readonly keep?: (value: Value) => boolean;
    readonly replace?: (builder: Builder, copied: Value, old: Value) => Value;
  },
): Rewriting {
  const builder = new Builder();
  const moved = new Map<Value, Value>();
  graph.nodes.forEach((node, old) => {
    if (options.keep && !options.keep(old)) return;
    const copied = copy(builder, node, moved);
    moved.set(old, options.replace?.(builder, copied, old) ?? copied);
  });
  for (const [name, old] of graph.sites) {
    const value = moved.get(old);
    if (value !== undefined) builder.rename(name, value);
  }
  return { builder, moved };
}

function copy(builder: Builder, node: Node, moved: ReadonlyMap<Value, Value>): Value {
  const inputs = node.inputs.map((input) => moved.get(input)!);
  return builder.emit(node.op, inputs, node.params, node.dims);
}

/** The outputs of the old graph, where they went. */
export function movedOutputs(graph: Graph, moved: ReadonlyMap<Value, Value>): Record<string, Value> {
  return Object.fromEntries(
    [...graph.outputs].flatMap(([name, old]) => (moved.has(old) ? [[name, moved.get(old)!]] : [])),
  );
}
