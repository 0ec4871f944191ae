/**
 * The products behind scores of edges: what each head wrote, the gradient at each head's own inputs, and all products
 * of writes and gradients at once.
 */
import { edit } from '../compile/edit.ts';
import { gradient } from '../compile/gradient.ts';
import { prune } from '../compile/prune.ts';
import { type Graph, siteOf } from '../graph/graph.ts';
import { type BlockHook, blockSite, type Stage } from '../model/sites.ts';
import { Builder } from '../ops/builder.ts';
import type { Step } from '../runtime/engine.ts';
import { reshape, type Tensor } from '../tensor/tensor.ts';
import { gradientAt, stateAt } from './round-trip.ts';
import type { SuffixChain, Variant } from './suffix.ts';

/** Each head's inputs, and the projections that read them. */
export const PROJECTIONS = [
  { which: 'q', input: 'hook_q_input', output: 'attn.hook_q' },
  { which: 'k', input: 'hook_k_input', output: 'attn.hook_k' },
  { which: 'v', input: 'hook_v_input', output: 'attn.hook_v' },
] as const;

export type HeadInput = (typeof PROJECTIONS)[number]['input'];

function siteAt(graph: Graph, stage: Stage, hook: BlockHook): number {
  if (!('layer' in stage)) throw new RangeError(`${stage.kind} has no ${hook}`);
  return siteOf(graph, blockSite(stage.layer, hook));
}

/** From cotangents of queries, keys and values to those of the copies they read, summed over rows: [heads, pos, d_model]. */
const INPUT_GRADIENTS: Variant = {
  key: 'gradients at head inputs',
  build: (graph, stage) => {
    const outputs = PROJECTIONS.map(({ output }) => [output, siteAt(graph, stage, output)] as const);
    const perRow = gradient(
      { ...graph, outputs: new Map(outputs) },
      {
        from: new Map(PROJECTIONS.map(({ output }) => [output, gradientOf(output)])),
        to: new Map(PROJECTIONS.map(({ input }) => [input, siteAt(graph, stage, input)])),
      },
    );
    return rowsSummed(perRow);
  },
};

/** Name of the input that holds the cotangent of a hook point. */
const gradientOf = (hook: BlockHook): string => `gradient ${hook}`;

/** Outputs [batch, pos, heads, d_model] as [heads, pos, d_model], summed over the batch. */
function rowsSummed(graph: Graph): Graph {
  const b = Builder.from(graph);
  const summed = [...graph.outputs].map(([name, value]) => [name, b.transpose(b.sum(value, [0]), [1, 0, 2])]);
  return prune(b.build(Object.fromEntries(summed)));
}

/** What each head writes into the residual stream, without biases: from input `z` to [heads, pos, d_model]. */
const HEAD_WRITES: Variant = {
  key: 'writes of heads',
  build: (graph, stage) => {
    const z = nameAt(stage, 'attn.hook_z');
    const cut = edit(graph, z, (b, value) => b.input('z', b.dims(value)));
    return rowsSummed(prune(cut, new Map([['result', siteAt(cut, stage, 'attn.hook_result')]])));
  },
};

function nameAt(stage: Stage, hook: BlockHook): string {
  if (!('layer' in stage)) throw new RangeError(`${stage.kind} has no ${hook}`);
  return blockSite(stage.layer, hook);
}

/** The writes of all heads, per layer [heads, pos, d_model], from their vectors before W_O [pos, heads, d_head]. */
export async function headWrites(chain: SuffixChain, z: readonly Tensor[]): Promise<Tensor[]> {
  const steps: Step[] = [];
  const name = (layer: number) => `result.${layer}`;
  for (const layer of z.keys()) {
    const inputs = { z: `z.${layer}` };
    const index = chain.indexOf('attn', layer);
    const outputs = { result: name(layer) };
    steps.push(await chain.step({ index, variant: HEAD_WRITES, whole: true, from: '', inputs, outputs }));
  }
  const feeds = z.map((value, layer) => [`z.${layer}`, reshape(value, [1, ...value.shape])]);
  const names = z.map((_, layer) => name(layer));
  const results = await chain.run(steps, Object.fromEntries(feeds), names);
  return names.map((each) => results[each]!);
}

/** Rows of one attention stage: the states that enter it, and the cotangents of its projections. */
export interface ProjectionGradients {
  /** The stage's number in the chain. */
  readonly index: number;
  /** [batch, pos, d_model] */
  readonly states: Tensor;
  /** [batch, pos, heads, d_head] each */
  readonly cotangents: Readonly<Record<(typeof PROJECTIONS)[number]['output'], Tensor>>;
}

/** Gradients at each head's inputs, summed over rows, for each of some stages: [heads, pos, d_model]. */
export async function inputGradients(
  chain: SuffixChain,
  stages: readonly ProjectionGradients[],
): Promise<Readonly<Record<HeadInput, Tensor>>[]> {
  if (stages.length === 0) return [];
  const steps: Step[] = [];
  const feeds: Record<string, Tensor> = {};
  const fetch: string[] = [];
  for (const { index, states, cotangents } of stages) {
    feeds[stateAt(index)] = states;
    for (const { input, output } of PROJECTIONS) {
      feeds[gradientAt(output, index)] = cotangents[output];
      fetch.push(gradientAt(input, index));
    }
    const registers = PROJECTIONS.map(({ output }) => [gradientOf(output), gradientAt(output, index)]);
    const outputs = PROJECTIONS.map(({ input }) => [input, gradientAt(input, index)]);
    steps.push(
      await chain.step({
        index,
        variant: INPUT_GRADIENTS,
        separateInputs: true,
        from: stateAt(index),
        inputs: Object.fromEntries(registers),
        outputs: Object.fromEntries(outputs),
      }),
    );
  }
  const results = await chain.run(steps, feeds, fetch);
  return stages.map(({ index }) => {
    const of = (input: HeadInput) => results[gradientAt(input, index)]!;
    return {
      hook_q_input: of('hook_q_input'),
      hook_k_input: of('hook_k_input'),
      hook_v_input: of('hook_v_input'),
    };
  });
}

/** a b^T for rows of equal width: [rows of a, rows of b]. */
export async function allProducts(chain: SuffixChain, a: Tensor, b: Tensor): Promise<Tensor> {
  const flat = (t: Tensor) => reshape(t, [t.shape[0]!, t.data.length / t.shape[0]!]);
  const [left, right] = [flat(a), flat(b)];
  const key = `products ${left.shape.join(' ')} ${right.shape.join(' ')}`;
  const info = await chain.model.sessions.ready(key, () => {
    const builder = new Builder();
    const of = (name: string, { shape }: Tensor) => builder.input(name, shape);
    return builder.build({ products: builder.matmul(of('a', left), of('b', right), true) });
  });
  const step = { session: info.key, inputs: { a: 'a', b: 'b' }, outputs: { products: 'products' } };
  const { products } = await chain.run([step], { a: left, b: right }, ['products']);
  return products!;
}
