/**
 * Edit: replaces a site's value by an expression of it; everything behind reads the new one.
 * Cut: an edit whose expression is an input, so that what came before is no longer needed.
 */
import type { Graph, Value } from '../graph/graph.ts';
import { siteOf } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { prune } from './prune.ts';
import { movedOutputs, rewrite } from './rewrite.ts';

/** Replaces the value of `site` by `expression(builder, value)`. The site's name goes with the new value. */
export function edit(
  graph: Graph,
  site: string,
  expression: (builder: Builder, value: Value) => Value,
): Graph {
  const target = siteOf(graph, site);
  const { builder, moved } = rewrite(graph, {
    replace: (b, copied, old) => (old === target ? expression(b, copied) : copied),
  });
  return builder.build(movedOutputs(graph, moved));
}

/** The part of the graph behind `site`, which becomes an input named `input`. */
export function cutAfter(graph: Graph, site: string, input: string): Graph {
  return prune(edit(graph, site, (b, value) => b.input(input, b.dims(value))));
}

/** The part of the graph that gives `site`, under the name `output`. */
export function cutBefore(graph: Graph, site: string, output: string): Graph {
  return prune(graph, new Map([[output, siteOf(graph, site)]]));
}
