/**
 * The builder that knows the shape rules of all ops.
 */
import { GraphBuilder } from '../graph/builder.ts';
import type { Dims, Graph, OpName, OpParams } from '../graph/graph.ts';
import { shapeOf } from './index.ts';

export class Builder extends GraphBuilder {
  /** A builder that already holds the nodes and sites of a graph. */
  static from(graph: Graph): Builder {
    const builder = new Builder();
    builder.adopt(graph);
    return builder;
  }

  protected override infer<K extends OpName>(op: K, operands: readonly Dims[], params: OpParams[K]): Dims {
    return shapeOf(op, operands, params);
  }
}
