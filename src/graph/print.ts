/**
 * The text form of a graph: one line a value, sites as comments. Tests keep snapshots of it.
 *
 *     %3 = matmul(%1, %2) : [batch, pos, 64]  # blocks.0.attn.hook_q
 */
import type { Graph, Node } from './graph.ts';

function printParams(node: Node): string {
  return Object.entries(node.params)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]) => ` ${key}=${Array.isArray(value) ? `[${value.join(',')}]` : String(value)}`)
    .join('');
}

/** A readable listing, the same for equal graphs. */
export function printGraph(graph: Graph): string {
  const names = new Map<number, string[]>();
  for (const [name, value] of graph.sites) names.set(value, [...(names.get(value) ?? []), name]);
  const lines = graph.nodes.map((node, value) => {
    const operands = node.inputs.map((input) => `%${input}`).join(', ');
    const comment = names.has(value) ? `  # ${names.get(value)!.join(', ')}` : '';
    return `%${value} = ${node.op}(${operands})${printParams(node)} : [${node.dims.join(', ')}]${comment}`;
  });
  const outputs = [...graph.outputs].map(([name, value]) => `${name}=%${value}`).join(', ');
  return [...lines, `return ${outputs}`].join('\n');
}
