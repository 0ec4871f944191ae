/**
 * Attribution patching (Nanda 2023; Syed, Rager and Conmy 2023): patching to first order.
 *
 *     score(c) = sum over positions of (other_c - base_c) . dF/dc at the base run
 *
 * 1. both runs give the values, the base run's way back gives the gradients: `Run` holds all of it;
 * 2. a head's product sums over its vector before W_O (its output is linear in it), a neuron's is its own;
 * 3. positions before the first difference add 0.
 *
 * Scores of a layer and kind sum to the slope of F, at the base run, along the path on which the whole layer moves to the
 * other run (the path of layer integrated gradients). Exact where F is linear between the two runs.
 */
import { difference, type Run } from '../patch/pair-runs.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { layerByLayer, type Method } from './method.ts';

/** Scores of one layer by position: [pos of the suffix, heads or neurons]. */
export function attributionPositions(base: Run, other: Run, kind: Kind, layer: number): Tensor {
  return kind === 'heads'
    ? perComponent(difference(other.z[layer]!, base.z[layer]!), base.gradZ[layer]!)
    : perComponent(difference(other.post[layer]!, base.post[layer]!), base.gradPost[layer]!);
}

/** change x gradient, [pos, components (, width)], summed over the width: [pos, components]. */
export function perComponent(change: Tensor, gradient: Tensor): Tensor {
  const [positions, components, width = 1] = change.shape as [number, number, number?];
  const scores = new Float32Array(positions * components);
  for (let i = 0; i < scores.length; i++) {
    let sum = 0;
    for (let k = i * width; k < (i + 1) * width; k++) sum += change.data[k]! * gradient.data[k]!;
    scores[i] = sum;
  }
  return tensor(scores, [positions, components]);
}

export const attributionPatching: Method = {
  name: 'attribution_patching',
  title: 'Attribution patching',
  meaning: 'The change of F if the slope at the base run held all the way to the other run’s value.',
  sumsTo: 'Per layer and kind: the slope of F at the base run as the whole layer begins to move.',
  sign: 'as ap',
  cost: 'None.',
  passes: () => [],
  source: 'Nanda 2023; Syed, Rager and Conmy 2023',
  run: (input) =>
    layerByLayer(input, (kind, layer) => attributionPositions(input.base, input.other, kind, layer)),
};
