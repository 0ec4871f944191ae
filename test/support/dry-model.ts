/**
 * A model whose engine computes shapes alone: it counts the matrix products of the graphs that the code really runs,
 * and the values that the registers hold.
 */
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { type LoadedModel, type SessionInfo, Sessions } from '../../src/model/loaded.ts';
import { assembleModel } from '../../src/patch/model.ts';
import type { Engine, Feeds, Program } from '../../src/runtime/engine.ts';
import { randomCheckpoint } from '../../src/study/plan/probe-model.ts';
import { sizeOf, type Tensor, zeros } from '../../src/tensor/tensor.ts';

export interface DryModel {
  readonly model: LoadedModel;
  /** FLOP of matrix products since the last call, 2 m k n each. */
  flop(): number;
  /** The most bytes that the registers of one program held at once since the last call, kept ones apart. */
  peakBytes(): number;
  /** Bytes of kept registers now. */
  keptBytes(): number;
}

/** Remembers the graph of each session. */
class RecordingSessions extends Sessions {
  readonly graphs = new Map<string, Graph>();

  override async ready(name: string, build: () => Graph): Promise<SessionInfo> {
    let built: Graph | undefined;
    const info = await super.ready(name, () => {
      built = build();
      return built;
    });
    if (built) this.graphs.set(info.key, built);
    return info;
  }
}

type Sizes = ReadonlyMap<string, number>;

export async function dryModel(
  config: ModelConfig,
  options: { readonly raw?: boolean } = {},
): Promise<DryModel> {
  const kept = new Map<string, Tensor>();
  let flop = 0;
  let peak = 0;
  const engine: Engine = {
    provider: 'cpu',
    prepare: () => Promise.resolve(),
    has: () => false,
    put: (tensors) => {
      for (const [name, tensor] of Object.entries(tensors)) kept.set(name, tensor);
      return Promise.resolve();
    },
    drop: (prefix) => {
      for (const name of kept.keys()) if (name.startsWith(prefix)) kept.delete(name);
      return Promise.resolve();
    },
    run: (program, feeds) => Promise.resolve(run(program, feeds)),
    release: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
  };
  const { loaded } = await assembleModel(randomCheckpoint(config), engine, options);
  const sessions = new RecordingSessions(engine, loaded.parameters, 'dry');

  function run({ steps, fetch }: Program, feeds: Feeds): Record<string, Tensor> {
    const registers = new Map(Object.entries(feeds));
    const needed = (register: string, index: number) =>
      fetch.includes(register) ||
      steps.some((step, at) => at > index && Object.values(step.inputs).includes(register));
    for (const [index, step] of steps.entries()) {
      const graph = sessions.graphs.get(step.session)!;
      const sizes = sizesOf(graph, step.inputs, (name) => registers.get(name) ?? kept.get(name)!);
      flop += flopOf(graph, sizes);
      for (const [output, register] of Object.entries(step.outputs)) {
        registers.set(register, zeros(shapeOf(graph.nodes[graph.outputs.get(output)!]!, sizes)));
      }
      peak = Math.max(peak, bytesOf(registers));
      for (const register of registers.keys()) if (!needed(register, index)) registers.delete(register);
    }
    return Object.fromEntries(fetch.map((name) => [name, registers.get(name)!]));
  }

  return {
    model: { ...loaded, sessions },
    flop: () => {
      const counted = flop;
      flop = 0;
      return counted;
    },
    peakBytes: () => {
      const most = peak;
      peak = 0;
      return most;
    },
    keptBytes: () => bytesOf(kept),
  };
}

function bytesOf(tensors: ReadonlyMap<string, Tensor>): number {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** The sizes of a graph's named dims, told by what comes in. */
function sizesOf(
  graph: Graph,
  inputs: Readonly<Record<string, string>>,
  read: (register: string) => Tensor,
): Sizes {
  const sizes = new Map<string, number>();
  for (const node of graph.nodes) {
    if (node.op !== 'input') continue;
    const { shape } = read(inputs[node.params.name]!);
    node.dims.forEach((dim, axis) => {
      if (typeof dim === 'string') sizes.set(dim, shape[axis]!);
    });
  }
  return sizes;
}

/** `batch`, `3*batch` and the like, as numbers. */
function shapeOf(node: Node, sizes: Sizes): number[] {
  return node.dims.map((dim) => {
    if (typeof dim === 'number') return dim;
    return dim.split('*').reduce((product, part) => product * (sizes.get(part) ?? Number(part)), 1);
  });
}

function flopOf(graph: Graph, sizes: Sizes): number {
  return graph.nodes.reduce((sum, node) => {
    if (node.op !== 'matmul') return sum;
    const inner = shapeOf(graph.nodes[node.inputs[0]!]!, sizes).at(-1)!;
    return sum + 2 * inner * sizeOf(shapeOf(node, sizes));
  }, 0);
}
