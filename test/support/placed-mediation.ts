/** A synthetic `mediation.safetensors` beside a synthetic study: no model, only values of plausible size and form. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readScores, readStudyJson } from '../../src/results/read.ts';
import { encodeSafetensors, type NamedTensor } from '../../src/tensor/safetensors.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { type Component, type Direction, DIRECTIONS, type Kind } from '../../src/terms.ts';
import { Random } from './random.ts';

/** Values that a test wants: of every direction, or of one. */
export interface PlacedPair {
  direction?: Direction;
  kind: 'via' | 'interaction';
  source: Component;
  target: Component;
  /** Default: a head. Needs the neuron in `neurons`. */
  targetKind?: Kind;
  value: number;
}

export interface MediationOptions {
  /** Random values after the effects of the study; else all that is not placed is 0. */
  random?: boolean;
  pairs?: readonly PlacedPair[];
  /** Neurons of the list `components`, ascending; without any there is no list. */
  neurons?: readonly Component[];
}

/** Writes `via` and `interaction` of all pairs of heads, and of listed neurons, in the directions of the study. */
export async function writeSampleMediation(folder: string, options: MediationOptions = {}): Promise<void> {
  const { random = true, pairs = [], neurons = [] } = options;
  const { shape } = await readStudyJson(folder);
  const scores = await readScores(folder);
  const heads = shape.layers * shape.heads;
  const n = heads + neurons.length;
  const tensors: NamedTensor[] = [];
  for (const direction of DIRECTIONS) {
    const ap = scores.get(`ap.${direction}.heads`);
    if (!ap) continue;
    for (const kind of ['via', 'interaction'] as const) {
      const all = new Float32Array(n * n);
      if (random) fillPairs(all, n, ap.data, kind, shape.heads, new Random(kind.length));
      for (const pair of pairs) {
        if (pair.kind !== kind || (pair.direction ?? direction) !== direction) continue;
        place(all, n, pair, ([layer, index], of) =>
          of === 'heads' ? layer * shape.heads + index : heads + neurons.findIndex(isSame([layer, index])),
        );
      }
      const ofHeads = all.filter((_, i) => i % n < heads && i < heads * n);
      const square = [shape.layers, shape.heads, shape.layers, shape.heads];
      tensors.push({ name: `${direction}.${kind}`, tensor: tensor(ofHeads, square) });
      if (n > heads) tensors.push({ name: `${direction}.components.${kind}`, tensor: tensor(all, [n, n]) });
    }
  }
  if (n > heads) {
    const list = [
      ...Array.from({ length: heads }, (_, i) => [0, Math.floor(i / shape.heads), i % shape.heads]),
      ...neurons.map((component) => [1, ...component]),
    ];
    tensors.push({ name: 'components', tensor: tensor(Int32Array.from(list.flat()), [n, 3]) });
  }
  await writeFile(join(folder, 'mediation.safetensors'), encodeSafetensors(tensors));
}

const isSame = (a: Component) => (b: Component) => a.join() === b.join();

function fillPairs(
  out: Float32Array,
  n: number,
  ap: Float32Array,
  kind: 'via' | 'interaction',
  heads: number,
  random: Random,
): void {
  for (let s = 0; s < ap.length; s++) {
    for (let t = s + 1; t < ap.length; t++) {
      const value = Math.sqrt(Math.abs(ap[s]! * ap[t]!)) * 0.5 * random.normal() * random.uniform();
      if (kind === 'interaction') out[s * n + t] = out[t * n + s] = value;
      else if (Math.floor(t / heads) > Math.floor(s / heads))
        out[s * n + t] = Math.abs(value) * Math.sign(ap[s]!);
    }
  }
}

function place(
  out: Float32Array,
  n: number,
  { kind, source, target, targetKind = 'heads', value }: PlacedPair,
  rowOf: (component: Component, kind: Kind) => number,
): void {
  const [s, t] = [rowOf(source, 'heads'), rowOf(target, targetKind)];
  out[s * n + t] = value;
  if (kind === 'interaction') out[t * n + s] = value;
}
