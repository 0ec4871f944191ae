/**
 * Joins the mediation units into the arrays of `mediation.safetensors` (docs/definitions.md).
 */
import type { Sources } from '../effects/unit.ts';
import { PAIR_MEASURES, type PairMeasure } from '../mediation/pairs.ts';
import type { ModelShape } from '../model/config.ts';
import { tensor, type Tensor, zeros } from '../tensor/tensor.ts';
import { KINDS } from '../terms.ts';
import type { StudyFolder } from './folder.ts';
import { mediatedSources } from './mediate.ts';
import { mediatedOf } from './mediation-option.ts';
import type { StudyOptions } from './options.ts';
import { type Group, type MediationUnit, mediationUnits } from './units.ts';

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
  const listed = listOf(groups);
  if (neurons > 0) arrays.set('components', componentsOf(listed));
  for (const direction of options.directions) {
    const units = mediationUnits(shape, { ...options, directions: [direction] }, PAIR_MEASURES);
    const { ap, via, joint } = await joinUnits(folder, units, listed, PAIR_MEASURES);
    const found = { via, interaction: interactions(joint, ap, groups, placesOf(listed)) };
    for (const name of ['via', 'interaction'] as const) {
      arrays.set(`${direction}.${name}`, ofHeads(found[name], shape));
      if (neurons > 0) arrays.set(`${direction}.components.${name}`, found[name]);
    }
  }
  return arrays;
}

/** `via` of all pairs of heads, from units of one direction that need hold no more: [layers, heads, layers, heads]. */
export async function assembleVia(
  shape: ModelShape,
  folder: StudyFolder,
  units: readonly MediationUnit[],
): Promise<Tensor> {
  const groups = await mediatedSources(shape, folder, { mediation: 'heads', directions: [] });
  return ofHeads((await joinUnits(folder, units, listOf(groups), ['via'])).via, shape);
}

/** Heads first, then neurons. */
function listOf(groups: readonly Sources[]): Listed[] {
  return KINDS.flatMap((kind) =>
    groups
      .filter((group) => group.kind === kind)
      .flatMap((group) => group.indices.map((_, at) => ({ group, at }))),
  );
}

/** Where the components of each group begin in the list. */
function placesOf(listed: readonly Listed[]): Map<Sources, number> {
  return new Map(listed.flatMap(({ group, at }, place) => (at === 0 ? [[group, place]] : [])));
}

function componentsOf(listed: readonly Listed[]): Tensor<Int32Array> {
  const rows = listed.flatMap(({ group, at }) => [
    KINDS.indexOf(group.kind),
    group.layer,
    group.indices[at]!,
  ]);
  return tensor(Int32Array.from(rows), [listed.length, 3]);
}

/** Units of one direction over the list: AP [n], NaN where no unit begins with a component; measures of pairs [n, n]. */
async function joinUnits<M extends PairMeasure>(
  folder: StudyFolder,
  units: readonly MediationUnit[],
  listed: readonly Listed[],
  measures: readonly M[],
): Promise<{ readonly ap: Float32Array } & Readonly<Record<M, Tensor>>> {
  const n = listed.length;
  const placeOf = ({ kind, layer }: Group) =>
    listed.findIndex(({ group }) => group.kind === kind && group.layer === layer);
  const ap = new Float32Array(n).fill(Number.NaN);
  const pairs = Object.fromEntries(measures.map((measure) => [measure, zeros([n, n])])) as Record<M, Tensor>;
  for (const { name, first, second } of units) {
    const [from, to] = [placeOf(first), placeOf(second)];
    // A layer may have none of the chosen neurons.
    if (from < 0 || to < 0) continue;
    const unit = await folder.load(name);
    const own = unit.get('ap')!.data as Float32Array;
    ap.set(own, from);
    for (const measure of measures) {
      const { shape, data } = unit.get(measure) as Tensor;
      const width = shape[1]!;
      own.forEach((_, a) =>
        pairs[measure].data.set(data.subarray(a * width, (a + 1) * width), (from + a) * n + to),
      );
    }
  }
  return { ap, ...pairs };
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

/** The heads' part of a matrix over the list: [layers, heads, layers, heads]. */
function ofHeads({ shape, data }: Tensor, { nLayers, nHeads }: ModelShape): Tensor {
  const count = nLayers * nHeads;
  const result = zeros([nLayers, nHeads, nLayers, nHeads]);
  for (let i = 0; i < count; i++)
    result.data.set(data.subarray(i * shape[0]!, i * shape[0]! + count), i * count);
  return result;
}
