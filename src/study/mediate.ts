/**
 * The mediation phase: all pairs of two groups of components after another. A first group's own runs serve all its
 * units.
 */
import {
  type Mediating,
  type PairEffects,
  type PairMeasure,
  pairEffects,
  prepareMediation,
  type Recorded,
  firstRuns,
} from '../mediation/pairs.ts';
import type { Sources } from '../effects/unit.ts';
import { componentsPerLayer, type ModelShape } from '../model/config.ts';
import { baseAndOther, type PairRuns } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import type { Direction } from '../terms.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import { mediatedOf } from './mediation-option.ts';
import type { StudyOptions } from './options.ts';
import type { Done } from './phases.ts';
import { runUnits } from './run-units.ts';
import { type Group, mediatedGroups, type MediationUnit, patchUnits } from './units.ts';

/** The file, beside those of units, that names the neurons of which pairs are made: [n, 2], layer and index. */
const MEDIATED_NEURONS = 'mediated.neurons';

export interface MediationPhase {
  readonly chain: SuffixChain;
  readonly runs: PairRuns;
  readonly metric: Metric;
  readonly folder: StudyFolder;
  readonly options: Pick<StudyOptions, 'mediation' | 'directions' | 'batch'>;
  readonly measures: readonly PairMeasure[];
}

/** Runs the units that are not done. `done` is told of the pairs of each finished unit. */
export async function mediateAll(
  phase: MediationPhase,
  units: readonly MediationUnit[],
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chain, folder, options } = phase;
  const groups = await mediatedSources(chain.model.config, folder, options);
  for (const direction of options.directions) {
    const own = units.filter((unit) => unit.direction === direction);
    const begin = oneDirection(phase, direction, groups);
    await runUnits(own, folder, { begin, finish: (_unit, found) => stored(found) }, done, signal);
  }
}

interface Found extends PairEffects {
  readonly shape: readonly [number, number];
}

/** Begins units of one direction. What is made ready stays for the next: the base run, and the last first group's runs. */
function oneDirection(
  { chain, runs, metric, options, measures }: MediationPhase,
  direction: Direction,
  groups: readonly Sources[],
) {
  const source = { model: chain.model, metric, ...baseAndOther(runs, direction) };
  let ready: Promise<Mediating> | undefined;
  let last: { readonly first: Sources; readonly runs: Promise<Recorded> } | undefined;
  const find = ({ kind, layer }: Group) =>
    groups.find((group) => group.kind === kind && group.layer === layer);
  return async (unit: MediationUnit): Promise<Found> => {
    const [first, second] = [find(unit.first), find(unit.second)];
    const [firsts, seconds] = [first?.indices.length ?? 0, second?.indices.length ?? 0];
    if (!first) return nothing(0, seconds);
    ready ??= prepareMediation(chain, source, groups, options.batch);
    const mediating = await ready;
    if (last?.first !== first) last = { first, runs: firstRuns(mediating, first) };
    const own = await last.runs;
    if (!second) return nothing(firsts, 0);
    return { ...(await pairEffects(mediating, first, second, own, measures)), shape: [firsts, seconds] };
  };
}

function nothing(firsts: number, seconds: number): Found {
  return { ap: new Float32Array(firsts), pairs: new Map(), shape: [firsts, seconds] };
}

/** A unit's file. Of groups without a chosen neuron there are no pairs, and so no tensors. */
function stored({ ap, pairs, shape }: Found): Tensors {
  const tensors = new Map<string, Tensor>();
  if (shape[0] > 0) tensors.set('ap', tensor(ap, [shape[0]]));
  for (const [measure, data] of pairs) tensors.set(measure, tensor(data, shape));
  return tensors;
}

/** The groups with their components; those without any are left out. */
export async function mediatedSources(
  shape: ModelShape,
  folder: StudyFolder,
  options: Pick<StudyOptions, 'mediation' | 'directions'>,
): Promise<Sources[]> {
  const { neurons } = mediatedOf(options.mediation);
  const chosen = neurons > 0 ? await mediatedNeurons(shape, folder, options, neurons) : [];
  return mediatedGroups(shape, options).flatMap(({ kind, layer }) => {
    const indices =
      kind === 'heads'
        ? Array.from({ length: shape.nHeads }, (_, head) => head)
        : chosen.filter(([at]) => at === layer).map(([, index]) => index);
    return indices.length > 0 ? [{ kind, layer, indices }] : [];
  });
}

/** The strongest neurons by |ap| in any computed direction, by layer and index; chosen once for a folder. */
async function mediatedNeurons(
  shape: ModelShape,
  folder: StudyFolder,
  options: Pick<StudyOptions, 'directions'>,
  count: number,
): Promise<[layer: number, index: number][]> {
  if (!(await folder.has(MEDIATED_NEURONS))) {
    const strength = await neuronStrengths(shape, folder, options);
    const order = Array.from(strength, (_, i) => i).sort((a, b) => strength[b]! - strength[a]! || a - b);
    const ids = order.slice(0, count).sort((a, b) => a - b);
    const pairs = ids.flatMap((id) => [Math.floor(id / shape.dMlp), id % shape.dMlp]);
    await folder.save(
      MEDIATED_NEURONS,
      new Map([['neurons', tensor(Int32Array.from(pairs), [ids.length, 2])]]),
    );
  }
  const { data } = (await folder.load(MEDIATED_NEURONS)).get('neurons')!;
  return Array.from({ length: data.length / 2 }, (_, i) => [data[2 * i]!, data[2 * i + 1]!]);
}

/** The largest |ap| over directions of every neuron: [layers x neurons]. */
async function neuronStrengths(
  shape: ModelShape,
  folder: StudyFolder,
  { directions }: Pick<StudyOptions, 'directions'>,
): Promise<Float32Array> {
  const width = componentsPerLayer(shape, 'neurons');
  const strength = new Float32Array(shape.nLayers * width);
  for (const direction of directions) {
    for (let layer = 0; layer < shape.nLayers; layer++) {
      for (const unit of patchUnits(shape, direction, 'neurons', layer)) {
        const { data } = (await folder.load(unit.name)).get('ap')!;
        unit.indices.forEach((index, i) => {
          const at = layer * width + index;
          strength[at] = Math.max(strength[at]!, Math.abs(data[i]!));
        });
      }
    }
  }
  return strength;
}
