/**
 * Joins the mediation units into the arrays of `mediation.safetensors` (docs/definitions.md).
 */
import type { Sources } from '../effects/unit.ts';
import type { ModelShape } from '../model/config.ts';
import { tensor, type Tensor, zeros } from '../tensor/tensor.ts';
import { type Direction, KINDS } from '../terms.ts';
import type { StudyFolder } from './folder.ts';
import { mediatedSources } from './mediate.ts';
import { mediatedOf } from './mediation-option.ts';
import type { StudyOptions } from './options.ts';
import { mediationName } from './units.ts';

/** A component of the list of which all pairs are made. */
interface Listed {
  readonly group: Sources;
  /** Its place in the group. */
  readonly at: number;
}

/** All arrays: `<direction>.via` and `.interaction`; with neurons `components` and `<direction>.components.*` besides. */
export async function assembleMediation(
  shape: ModelShape,
  folder: StudyFolder,
  options: StudyOptions,
): Promise<Map<string, Tensor | Tensor<Int32Array>>> {
  const arrays = new Map<string, Tensor | Tensor<Int32Array>>();
  const { heads, neurons } = mediatedOf(options.mediation);
  if (!heads) return arrays;
  const groups = await mediatedSources(shape, folder, options);
  // Heads first, then neurons.
  const listed = KINDS.flatMap((kind) =>
    groups
      .filter((group) => group.kind === kind)
      .flatMap((group) => group.indices.map((_, at) => ({ group, at }))),
  );
  if (neurons > 0) arrays.set('components', componentsOf(listed));
  const { nLayers, nHeads } = shape;
  const count = nLayers * nHeads;
  for (const direction of options.directions) {
    const found = await allPairs(folder, direction, groups, listed);
    for (const name of ['via', 'interaction'] as const) {
      const ofHeads = corner(found[name], count);
      arrays.set(`${direction}.${name}`, tensor(ofHeads.data, [nLayers, nHeads, nLayers, nHeads]));
      if (neurons > 0) arrays.set(`${direction}.components.${name}`, found[name]);
    }
  }
  return arrays;
}

function componentsOf(listed: readonly Listed[]): Tensor<Int32Array> {
  const rows = listed.flatMap(({ group, at }) => [
    KINDS.indexOf(group.kind),
    group.layer,
    group.indices[at]!,
  ]);
  return tensor(Int32Array.from(rows), [listed.length, 3]);
}

/** Both arrays over the list: [n, n]. */
async function allPairs(
  folder: StudyFolder,
  direction: Direction,
  groups: readonly Sources[],
  listed: readonly Listed[],
): Promise<{ via: Tensor; interaction: Tensor }> {
  const n = listed.length;
  const places = new Map(groups.map((group) => [group, listed.findIndex((each) => each.group === group)]));
  const ap = new Float32Array(n);
  const [via, joint] = [zeros([n, n]), zeros([n, n])];
  for (const [i, first] of groups.entries()) {
    for (const second of groups.slice(i)) {
      const unit = await folder.load(mediationName(direction, first, second));
      ap.set(unit.get('ap')!.data as Float32Array, places.get(first)!);
      const width = second.indices.length;
      first.indices.forEach((_, a) => {
        const row = (places.get(first)! + a) * n + places.get(second)!;
        for (const [name, array] of [
          ['via', via],
          ['joint', joint],
        ] as const)
          array.data.set(unit.get(name)!.data.subarray(a * width, (a + 1) * width) as Float32Array, row);
      });
    }
  }
  return { via, interaction: interactions(joint, ap, groups, places) };
}

/** ap(a and b) - ap(a) - ap(b) of all pairs, symmetric; own entries 0. `joint` has each pair once. */
function interactions(
  joint: Tensor,
  ap: Float32Array,
  groups: readonly Sources[],
  places: ReadonlyMap<Sources, number>,
): Tensor {
  const n = ap.length;
  const result = zeros([n, n]);
  groups.forEach((first, i) => {
    for (const second of groups.slice(i)) {
      first.indices.forEach((_, a) => {
        const from = places.get(first)! + a;
        for (let b = first === second ? a + 1 : 0; b < second.indices.length; b++) {
          const to = places.get(second)! + b;
          const value = joint.data[from * n + to]! - ap[from]! - ap[to]!;
          result.data[from * n + to] = value;
          result.data[to * n + from] = value;
        }
      });
    }
  });
  return result;
}

/** The first rows and columns of a square matrix. */
function corner({ shape, data }: Tensor, count: number): Tensor {
  const result = zeros([count, count]);
  for (let i = 0; i < count; i++)
    result.data.set(data.subarray(i * shape[0]!, i * shape[0]! + count), i * count);
  return result;
}
