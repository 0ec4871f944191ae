/**
 * Synthetic `mediation.safetensors`: mostly small values, and some pairs of every form.
 */
import type { Arrays, SampleShape } from './sample-arrays.ts';
import { Random } from './random.ts';
import type { NamedTensor } from '../../src/tensor/safetensors.ts';
import { type Tensor } from '../../src/tensor/tensor.ts';
import type { Direction } from '../../src/terms.ts';

/** Normalised interaction in noising and denoising, and v of the earlier one. */
const FORMS: readonly (readonly [noising: number, denoising: number, v: number])[] = [
  [0.31, 0.28, 0],
  [-0.22, -0.26, 0],
  [-0.18, 0.002, -0.17],
  [0.2, -0.19, 0.2],
  [0.06, 0.004, 0],
  [0.005, -0.07, 0],
  [-0.05, 0.05, 0],
];

interface Sources {
  readonly shape: SampleShape;
  readonly D: number;
  readonly scores: Arrays;
  readonly directions: readonly Direction[];
  /** With neurons besides: so many, the first of the layers in turn. */
  readonly neurons: number;
  readonly seed: number;
}

/** The arrays of the file, named as the study names them. */
export function sampleMediation(sources: Sources): NamedTensor[] {
  const { shape, directions, neurons } = sources;
  const { layers, heads } = shape;
  const list = componentsOf(shape, neurons);
  const out: NamedTensor[] = [];
  for (const direction of directions) {
    const { via, interaction } = pairsOf(sources, list, direction);
    const n = list.length;
    if (neurons > 0) {
      out.push({ name: `${direction}.components.via`, tensor: { shape: [n, n], data: via } });
      out.push({ name: `${direction}.components.interaction`, tensor: { shape: [n, n], data: interaction } });
    }
    const square = [layers, heads, layers, heads];
    out.push({ name: `${direction}.via`, tensor: ofHeads(via, n, square) });
    out.push({ name: `${direction}.interaction`, tensor: ofHeads(interaction, n, square) });
  }
  if (neurons > 0) {
    out.push({
      name: 'components',
      tensor: { shape: [list.length, 3], data: Int32Array.from(list.flat()) },
    });
  }
  return out;
}

type Item = readonly [kind: number, layer: number, index: number];

function componentsOf({ layers, heads }: SampleShape, neurons: number): Item[] {
  const all = Array.from({ length: layers * heads }, (_, i): Item => [0, Math.floor(i / heads), i % heads]);
  const some = Array.from({ length: neurons }, (_, i): Item => [1, i % layers, 1 + Math.floor(i / layers)]);
  return [...all, ...some.sort((a, b) => a[1] - b[1] || a[2] - b[2])];
}

/** Heads come first in the list: the upper left corner is theirs. */
function ofHeads(values: Float32Array, n: number, shape: readonly number[]): Tensor {
  const count = shape[0]! * shape[1]!;
  const data = Float32Array.from(
    { length: count * count },
    (_, i) => values[Math.floor(i / count) * n + (i % count)]!,
  );
  return { shape, data };
}

function pairsOf(
  { D, scores, shape, seed }: Sources,
  list: readonly Item[],
  direction: Direction,
): { via: Float32Array; interaction: Float32Array } {
  const n = list.length;
  const [random, sign] = [new Random(seed + 40), direction === 'noising' ? -1 : 1];
  const via = new Float32Array(n * n);
  const interaction = new Float32Array(n * n);
  const e = list.map(([kind, layer, index]) => {
    const name = kind === 0 ? 'heads' : 'neurons';
    return (sign * scores.get(`ap.${direction}.${name}`)!.data[layer * shape[name] + index]!) / D;
  });
  // The same pairs in both directions: those of the components that are strongest in noising.
  const size = ([kind, layer, index]: Item): number => {
    const name = kind === 0 ? 'heads' : 'neurons';
    return Math.abs(scores.get(`ap.noising.${name}`)!.data[layer * shape[name] + index]!);
  };
  const strong = [...e.keys()].sort((a, b) => size(list[b]!) - size(list[a]!));
  let form = 0;
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n; b++) {
      if (list[b]![1] <= list[a]![1] && list[a]![0] === list[b]![0]) continue;
      const noise = 0.004 * random.normal();
      const planted =
        strong.indexOf(a) < 8 && random.uniform() < 0.08 ? FORMS[form++ % FORMS.length] : undefined;
      const i = planted ? planted[direction === 'noising' ? 0 : 1] : noise;
      interaction[a * n + b] = i * D;
      interaction[b * n + a] = i * D;
      const [first, second] = list[a]![1] < list[b]![1] || list[a]![0] === 0 ? [a, b] : [b, a];
      if (list[first]![1] < list[second]![1] || list[first]![0] < list[second]![0])
        via[first * n + second] = sign * D * (planted ? planted[2] : noise * e[first]!);
    }
  }
  return { via, interaction };
}
