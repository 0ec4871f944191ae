/**
 * What an audit will do, before it does it: the studies of its pairs, as a study's own plan counts them, mediation of
 * heads, and the approximate methods. Of these, runs along paths of layers are counted (Split-IG's 118 for each layer
 * and kind, where EAP-IG has 5); the others are named as not counted. Needs a model's config and pairs, no weights.
 */
import { methodNamed } from '../attribution/methods.ts';
import type { ModelConfig } from '../model/config.ts';
import { mediationDisk } from '../study/plan/disk.ts';
import { type Extent, extentOf } from '../study/plan/flop.ts';
import { type Batches, blockBytes, defaultBudget, firstRunBytes } from '../study/plan/memory.ts';
import {
  pairsWork,
  pathWork,
  type PhasePlan,
  type PlannedModel,
  planStudy,
  type StudyPlan,
  totalOf,
  writing,
} from '../study/plan/plan.ts';
import { ASSUMED, type Rates } from '../study/plan/rates.ts';
import { MEDIATION } from '../study/units.ts';
import type { Pair } from '../tasks/pair.ts';
import { mediated, VIA, viaUnits } from './mediation.ts';
import { methodRuns } from './methods.ts';
import { type AuditOptions, exactStudy } from './options.ts';

/** Sums over all pairs; `not_counted` comes on top. */
export interface AuditPlan
  extends Pick<
    StudyPlan,
    | 'model'
    | 'phases'
    | 'runs'
    | 'flop'
    | 'seconds'
    | 'peak_bytes'
    | 'disk_bytes'
    | 'work_bytes'
    | 'budget'
    | 'rate'
  > {
  readonly pairs: number;
  /** Methods, and what else takes time that no plan knows. */
  readonly not_counted: readonly string[];
}

/** Plans an audit of one pair at least. Without `rates` the time is a cautious guess. Throws InputError as `planStudy`. */
export function planAudit(
  model: PlannedModel,
  pairs: readonly Pair[],
  options: AuditOptions,
  rates: Rates = ASSUMED,
): AuditPlan {
  const plans = pairs.map((pair) =>
    planStudy(model, pair, exactStudy(model.config, pair, options, options.out), rates),
  );
  const phases = byName([
    // The model is loaded once.
    ...plans.flatMap((plan, i) => plan.phases.filter(({ name }) => i === 0 || name !== 'weights')),
    ...plans.flatMap((plan, i) => phasesBeside(model, pairs[i]!, plan, options, rates)),
  ]);
  const unknown = methodRuns(1, options).filter(({ method }) => methodNamed(method).passes === undefined);
  return {
    model: model.id,
    pairs: pairs.length,
    phases,
    ...totalOf(phases),
    work_bytes: Math.max(...plans.map(({ work_bytes }) => work_bytes)),
    budget: defaultBudget(),
    rate: rates.source,
    not_counted: [
      ...new Set(unknown.map(({ method }) => method)),
      ...(options.figures ? ['tables, figures and page'] : ['tables']),
    ],
  };
}

/** What comes after the study of a pair: both its runs again, pairs of heads, and methods. None where nothing does. */
function phasesBeside(
  { config }: PlannedModel,
  pair: Pair,
  plan: StudyPlan,
  options: AuditOptions,
  rates: Rates,
): PhasePlan[] {
  const work = { config, extent: extentOf(pair), batches: plan, rates };
  const of = (phase: string) => plan.phases.find(({ name }) => name === phase)!;
  const isOpened = viaUnits(config, 1, options).length + methodRuns(1, options).length > 0;
  return [
    ...(isOpened ? [of('both runs')] : []),
    ...viaPhase(work, of('patching'), options),
    ...methodPhase(work, of('integrated gradients'), options),
  ];
}

interface Beside {
  readonly config: ModelConfig;
  readonly extent: Extent;
  readonly batches: Batches;
  readonly rates: Rates;
}

/** Mediation of all pairs of heads; none where `through` is not compared, or there is one layer. */
function viaPhase(work: Beside, { peak_bytes }: PhasePlan, options: AuditOptions): PhasePlan[] {
  const { config, extent } = work;
  const units = viaUnits(config, 1, options);
  if (units.length === 0) return [];
  const asked = mediated(options);
  const { runs, flop, seconds } = pairsWork(work, units, asked);
  const { work: kept, file } = mediationDisk(config, asked, VIA);
  const disk_bytes = kept.bytes + file;
  return [
    {
      name: MEDIATION,
      runs,
      flop,
      seconds: seconds + writing(kept.files, disk_bytes),
      peak_bytes: peak_bytes + firstRunBytes(config, extent),
      disk_bytes,
    },
  ];
}

/** All passes of methods along paths. None where no method has any. */
function methodPhase(work: Beside, { peak_bytes }: PhasePlan, options: AuditOptions): PhasePlan[] {
  const { config, rates } = work;
  const runs = methodRuns(1, options);
  const layers = Array.from({ length: config.nLayers }, (_, layer) => layer);
  const parts = runs.flatMap(({ method }, i) => {
    const passes = methodNamed(method).passes?.() ?? [];
    if (passes.length === 0) return [];
    // A method's directions share its sessions.
    const made = runs[i - 1]?.method === method ? 0 : rates.attributionSessions * blockBytes(config);
    const paths = options.components.flatMap((kind) =>
      layers.map((layer) => pathWork(work, kind, layer, passes)),
    );
    return [{ runs: 0, flop: 0, seconds: made }, ...paths];
  });
  if (parts.length === 0) return [];
  const own = parts.map((part) => ({ ...part, name: 'methods', peak_bytes, disk_bytes: 0 }));
  return [{ name: 'methods', ...totalOf(own) }];
}

/** One phase of each name, in the order in which they come first. */
function byName(phases: readonly PhasePlan[]): PhasePlan[] {
  const names = [...new Set(phases.map(({ name }) => name))];
  return names.map((name) => ({ name, ...totalOf(phases.filter((phase) => phase.name === name)) }));
}
