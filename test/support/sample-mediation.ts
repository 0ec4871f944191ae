/** A synthetic `mediation.safetensors` beside a synthetic study: no model, only values of plausible size and form. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readScores, readStudyJson } from '../../src/results/read.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { type Tensor, tensor, zeros } from '../../src/tensor/tensor.ts';
import type { Component, Direction } from '../../src/terms.ts';
import { Random } from './random.ts';

/** Values that a test wants: of every direction, or of one. */
export interface PlacedPair {
  direction?: Direction;
  kind: 'via' | 'interaction';
  source: Component;
  target: Component;
  value: number;
}

export interface MediationOptions {
  /** Random values after the effects of the study; else all that is not placed is 0. */
  random?: boolean;
  pairs?: readonly PlacedPair[];
}

/** Writes `via` and `interaction` of all pairs of heads in the directions of the study. */
export async function writeSampleMediation(
  folder: string,
  { random = true, pairs = [] }: MediationOptions = {},
): Promise<void> {
  const { shape } = await readStudyJson(folder);
  const scores = await readScores(folder);
  const tensors: { name: string; tensor: Tensor }[] = [];
  for (const direction of ['noising', 'denoising'] as const) {
    const ap = scores.get(`ap.${direction}.heads`);
    if (!ap) continue;
    for (const kind of ['via', 'interaction'] as const) {
      const values = zeros([shape.layers, shape.heads, shape.layers, shape.heads]);
      if (random) fillPairs(values.data, ap.data, kind, shape.heads, new Random(kind.length));
      for (const pair of pairs) {
        if (pair.kind === kind && (pair.direction ?? direction) === direction) place(values, pair);
      }
      tensors.push({ name: `${direction}.${kind}`, tensor: values });
    }
  }
  await writeFile(join(folder, 'mediation.safetensors'), encodeSafetensors(tensors));
}

function fillPairs(
  out: Float32Array,
  ap: Float32Array,
  kind: 'via' | 'interaction',
  heads: number,
  random: Random,
): void {
  const n = ap.length;
  for (let s = 0; s < n; s++) {
    for (let t = s + 1; t < n; t++) {
      const size = Math.sqrt(Math.abs(ap[s]! * ap[t]!));
      const value = size * 0.5 * random.normal() * random.uniform();
      if (kind === 'interaction') out[s * n + t] = out[t * n + s] = value;
      else if (Math.floor(t / heads) > Math.floor(s / heads))
        out[s * n + t] = Math.abs(value) * Math.sign(ap[s]!);
    }
  }
}

function place({ shape, data }: Tensor, { kind, source, target, value }: PlacedPair): void {
  const heads = shape[1]!;
  const n = shape[0]! * heads;
  const [s, t] = [source, target].map(([layer, head]) => layer * heads + head) as [number, number];
  data[s * n + t] = value;
  if (kind === 'interaction') data[t * n + s] = value;
}

/** Components with their pair values, in the list form: `components` and `<direction>.components.<kind>`. */
export function listedArrays(
  components: readonly (readonly [kind: 0 | 1, layer: number, index: number])[],
  values: Readonly<Record<string, readonly number[]>>,
): Map<string, Tensor<Float32Array | Int32Array>> {
  const n = components.length;
  return new Map<string, Tensor<Float32Array | Int32Array>>([
    ['components', tensor(Int32Array.from(components.flat()), [n, 3])],
    ...Object.entries(values).map(([name, list]) => [name, tensor(Float32Array.from(list), [n, n])] as const),
  ]);
}
