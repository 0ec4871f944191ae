/**
 * What the published "Mediators" notebook replaces where it means a component, for `--as-published`.
 *
 *   heads    act[:, head] = other[:, head]   at hook_result [batch, pos, head, d_model]
 *   neurons  act[:, head] = other[:, head]   at hook_post [batch, pos, d_mlp]
 *
 * The second axis is the position. So head h stands for position h of all heads of its layer, whichever head that is;
 * and every neuron for position H - 1 of all neurons of its layer, as `head` still has its last value, H - 1, from the
 * loop over heads. Positions are those of the prompt as it runs, with a beginning-of-sequence token where there is one.
 */
import type { Observation, Patching } from './patching.ts';
import { patchSources } from './patching.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';

/** The position of the prompt that stands for a component. */
export function publishedPosition(kind: Kind, index: number, nHeads: number): number {
  return kind === 'heads' ? index : nHeads - 1;
}

/** How many runs a layer's sources need: all its neurons are one and the same source. */
export function publishedRuns(kind: Kind, sources: number): number {
  return kind === 'heads' ? sources : 1;
}

/** What patching neurons of a layer changes: one run for all of them, given as often as there are neurons. */
export class AlikeNeurons {
  private readonly layers = new Map<number, Promise<Observation>>();

  constructor(private readonly patching: Patching) {}

  async patch(layer: number, count: number): Promise<Observation> {
    const known = this.layers.get(layer) ?? patchSources(this.patching, 'neurons', layer, [0]);
    this.layers.set(layer, known);
    return repeated(await known, count);
  }
}

/** What one source changed, as that of so many like it. */
function repeated({ ap, heads, neurons }: Observation, count: number): Observation {
  const all = (layers: Observation['heads']): Observation['heads'] =>
    new Map(
      [...layers].map(([layer, measures]) => [
        layer,
        new Map([...measures].map(([measure, one]) => [measure, repeatedRow(one, count)])),
      ]),
    );
  return { ap: new Float32Array(count).fill(ap[0]!), heads: all(heads), neurons: all(neurons) };
}

/** [1, ...] to [count, ...]. */
function repeatedRow({ shape, data }: Tensor, count: number): Tensor {
  const copies = new Float32Array(count * data.length);
  for (let i = 0; i < count; i++) copies.set(data, i * data.length);
  return tensor(copies, [count, ...shape.slice(1)]);
}
