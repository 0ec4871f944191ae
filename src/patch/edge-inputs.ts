/**
 * Stages whose receivers take the values of some nodes from the other run:
 *
 *     input of v = residual stream + sum over nodes u of mask[v, u] (other_u - own_u)
 *
 * so that a mask of 1 everywhere gives v the other run's input, and a single 1 patches one edge. The stream beside the
 * receivers stays as it is: what is computed from their inputs enters it.
 */
import { prune } from '../compile/prune.ts';
import { movedOutputs, rewrite } from '../compile/rewrite.ts';
import { type Graph, siteOf, type Value } from '../graph/graph.ts';
import { blockSite, type Stage } from '../model/sites.ts';
import { RESID } from '../model/stages.ts';
import type { Builder } from '../ops/builder.ts';
import { PROJECTIONS } from './edge-products.ts';
import type { Variant } from './suffix.ts';
import { inputValue } from './variants.ts';

/** Input of a stage: other - own of every node before it, [batch or 1, nodes, pos, d_model]. */
export const CHANGES = 'changes';
/** Input of a stage whose changes are tracked: what its own nodes write in the other run, [1, nodes, pos, d_model]. */
export const OTHER = 'other';
/** Receivers of a stage that share a mask. */
export type Receiving = 'q' | 'k' | 'v' | 'mlp' | 'logits';
/** Input of a stage: which nodes each of its receivers takes from the other run, [batch, receivers, nodes]. */
export const maskOf = (receiving: Receiving): string => `mask.${receiving}`;

export interface Mixing {
  /** Nodes before the stage. */
  readonly nodes: number;
  /** Every row has changes of its own, and the stage gives those behind it as a further output. */
  readonly tracked: boolean;
}

/** The kinds of receivers that a stage has. */
export function receivingAt(stage: Stage): readonly Receiving[] {
  switch (stage.kind) {
    case 'embed':
      return [];
    case 'attn':
      return ['q', 'k', 'v'];
    case 'mlp':
      return ['mlp'];
    case 'unembed':
      return ['logits'];
  }
}

/** A stage with masks at its receivers. An attention stage needs `separateInputs`. */
export function mixedInputs({ nodes, tracked }: Mixing): Variant {
  return {
    key: `inputs mixed from ${nodes}${tracked ? ' tracked' : ''} nodes`,
    build: (graph, stage) => {
      const positions = graph.nodes[inputValue(graph, RESID)]!.dims[1] as number;
      const width = graph.nodes[inputValue(graph, RESID)]!.dims[2] as number;
      const changes = (b: Builder) => b.input(CHANGES, [tracked ? 'batch' : 1, nodes, positions, width]);
      const masked = new Map(
        receivingAt(stage).map((receiving) => [receiverValue(graph, stage, receiving), receiving]),
      );
      const { builder, moved } = rewrite(graph, {
        replace: (b, copied, old) => {
          const receiving = masked.get(old);
          return receiving === undefined ? copied : mixed(b, copied, receiving, changes(b));
        },
      });
      const outputs = movedOutputs(graph, moved);
      const written = tracked ? writesOf(graph, stage) : undefined;
      if (written === undefined) return prune(builder.build(outputs));
      const after = changesAfter(builder, stage, moved.get(written)!, changes(builder));
      return prune(builder.build({ ...outputs, [CHANGES]: after }));
    },
  };
}

/** The value that a receiver reads. */
function receiverValue(graph: Graph, stage: Stage, receiving: Receiving): Value {
  if (!('layer' in stage)) return inputValue(graph, RESID);
  const projection = PROJECTIONS.find(({ which }) => which === receiving);
  return siteOf(graph, blockSite(stage.layer, projection ? projection.input : 'hook_mlp_in'));
}

/** An input [batch, pos, d_model] or [batch, pos, heads, d_model] with what its masks add. */
function mixed(b: Builder, input: Value, receiving: Receiving, changes: Value): Value {
  const dims = b.dims(input);
  const [shared, nodes, , width] = b.dims(changes) as ['batch' | 1, number, number, number];
  const positions = dims[1] as number;
  const receivers = dims.length === 4 ? (dims[2] as number) : 1;
  const flat = b.reshape(lastPositions(b, changes, positions), [shared, nodes, positions * width]);
  const added = b.matmul(b.input(maskOf(receiving), ['batch', receivers, nodes]), flat);
  const apart = b.reshape(added, ['batch', receivers, positions, width]);
  return b.add(input, dims.length === 4 ? b.transpose(apart, [0, 2, 1, 3]) : b.reshape(apart, dims));
}

/** [batch, nodes, pos, d_model] at the last positions alone. */
function lastPositions(b: Builder, changes: Value, positions: number): Value {
  const all = b.dims(changes)[2] as number;
  return positions === all ? changes : b.slice(changes, 2, all - positions, all);
}

/** What the nodes of a stage write: [batch, pos, heads, d_model] or [batch, pos, d_model]. */
function writesOf(graph: Graph, stage: Stage): Value | undefined {
  if (!('layer' in stage)) return undefined;
  return siteOf(graph, blockSite(stage.layer, stage.kind === 'attn' ? 'attn.hook_result' : 'hook_mlp_out'));
}

function changesAfter(b: Builder, stage: Stage, written: Value, changes: Value): Value {
  const dims = b.dims(written);
  const [positions, width] = [dims[1] as number, dims.at(-1) as number];
  const own =
    stage.kind === 'attn'
      ? b.transpose(written, [0, 2, 1, 3])
      : b.reshape(written, ['batch', 1, positions, width]);
  const count = b.dims(own)[1]!;
  const change = b.sub(b.input(OTHER, [1, count, positions, width]), own);
  return b.concat([lastPositions(b, changes, positions), change], 1);
}
