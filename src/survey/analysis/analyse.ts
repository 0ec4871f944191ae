/**
 * From scores to what a survey says: for all valid pairs, and for those that the model solves.
 */
import type {
  PairSet,
  SurveyDisagreementJson,
  SurveyGainJson,
  SurveySetJson,
  SurveyStrongestJson,
} from '../../results/survey-json.ts';
import type { SurveyRecord } from '../../results/survey-record.ts';
import { benjaminiHochberg } from '../../stats/multiple.ts';
import type { Direction, Kind } from '../../terms.ts';
import { EXACT, hasSigns } from '../options.ts';
import { arrayName, GAIN, labelSource, OWN, TWIN } from '../passes.ts';
import { type Agreement, describeAgreement } from './agreement.ts';
import { describeAnswers } from './answers.ts';
import { compareMethods, type Correlations } from './comparisons.ts';
import { describeDisagreement } from './disagreement.ts';
import { type EffectColumns, effectColumns } from './effects.ts';
import { exactBothWays, pooledArray, type PoolWork } from './arrays.ts';
import { type Facts, pairsIn } from './facts.ts';
import { compareGains } from './gains.ts';
import { type BothPooled, describeLabels, type Labels, pooledLabels } from './labels.ts';
import type { ReadScores } from './pool.ts';

/** Strongest components listed for each method, direction and kind. */
const LISTED = 20;

/** The rows of one array in `components.parquet`. */
export interface ComponentRows extends EffectColumns {
  readonly set: PairSet;
  readonly method: string;
  readonly direction: Direction;
  readonly kind: Kind;
  readonly perLayer: number;
  readonly n: number;
  /** Of exact patching in both directions; undefined where one was not run. */
  readonly labels: Labels | undefined;
}

export interface AnalysedSet {
  readonly json: SurveySetJson;
  readonly rows: readonly ComponentRows[];
  /** Of every approximate method with exact patching, for each pair of the set. */
  readonly correlations: readonly Correlations[];
}

/** What a set of pairs shows; undefined for a set without pairs. */
export async function analyseSet(
  read: ReadScores,
  facts: Facts,
  record: SurveyRecord,
  set: PairSet,
): Promise<AnalysedSet | undefined> {
  const among = pairsIn(facts, set);
  if (among.length === 0) return undefined;
  const work: Work = { read, facts, record, among };
  // A pair and its reverse have exchanged directions: labels would count one of them twice, and against itself.
  const once = { ...work, among: among.filter((i) => !facts.pairs[i]!.pair.reversed) };
  const json: SurveySetJson = {
    set,
    answers: describeAnswers(facts, among),
    strongest: [],
    labels: [],
    agreement: [],
    disagreements: [],
    comparisons: [],
    gains: [],
  };
  const rows: ComponentRows[] = [];
  const agreed: Agreed[] = [];
  for (const kind of record.options.components) {
    const both = await exactBothWays(once, kind);
    const labels = both && pooledLabels(both, record.options.tau);
    if (both) json.labels.push(await describeLabels(read, facts, both, labelRequest(once, kind)));
    for (const { method, direction } of arraysOf(record)) {
      const pooled = await pooledArray(work, method, direction, kind);
      const columns = effectColumns(pooled, record.options.draws, record.options.seed);
      const perLayer = record.shape[kind];
      rows.push({ set, method, direction, kind, perLayer, n: among.length, labels, ...columns });
      json.strongest.push({ method, direction, kind, components: strongest(columns, perLayer) });
    }
    agreed.push(...(await agreements(work, kind)));
    json.disagreements.push(...disagreements(rows, kind, record.options.tau));
    if (both) json.gains.push(...(await gains(once, both, kind)));
  }
  json.agreement.push(...agreed.map((one) => one.json));
  json.comparisons.push(...compareMethods(agreed, facts, among, record.options));
  return { json: { ...json, gains: adjusted(json.gains) }, rows, correlations: agreed };
}

interface Work extends PoolWork {
  readonly facts: Facts;
  readonly record: SurveyRecord;
}

/** All arrays of scores: methods, and the patching that labels read. */
function arraysOf({ options, has_twin }: SurveyRecord): { method: string; direction: Direction }[] {
  const methods = options.methods.flatMap((method) =>
    method === EXACT && has_twin ? [EXACT, TWIN] : [method],
  );
  return methods.flatMap((method) => options.directions.map((direction) => ({ method, direction })));
}

function labelRequest({ record, among }: Work, kind: Kind) {
  const { options, shape, task, has_twin } = record;
  const source = labelSource(has_twin);
  return {
    kind,
    contrast: task.contrast,
    tau: options.tau,
    draws: options.draws,
    seed: options.seed,
    perLayer: shape[kind],
    names: {
      noising: arrayName(source, 'noising', kind),
      denoising: arrayName(source, 'denoising', kind),
    },
    among,
  };
}

/** Every approximate method against exact patching; nothing where that was not run. */
async function agreements({ read, facts, record, among }: Work, kind: Kind): Promise<Agreed[]> {
  const { methods, directions, quantile, tau, draws, seed } = record.options;
  if (!methods.includes(EXACT)) return [];
  const found: Agreed[] = [];
  for (const method of methods.filter((name) => name !== EXACT)) {
    const signed = hasSigns(method);
    for (const direction of directions) {
      const names = { method: arrayName(method, direction, kind), exact: arrayName(EXACT, direction, kind) };
      const asked = { method, signed, direction, kind, names, among, quantile, tau, draws, seed };
      found.push({ method, signed, direction, kind, ...(await describeAgreement(read, facts, asked)) });
    }
  }
  return found;
}

type Agreed = Correlations & Agreement;

function disagreements(rows: readonly ComponentRows[], kind: Kind, tau: number): SurveyDisagreementJson[] {
  const own = rows.filter((row) => row.kind === kind);
  return own.flatMap(({ method, direction, perLayer, mean }) => {
    const exact = own.find((row) => row.method === EXACT && row.direction === direction);
    if (!exact || method === EXACT || method === TWIN || !hasSigns(method)) return [];
    const request = { method, direction, kind, perLayer, tau, approximate: mean, exact: exact.mean };
    return [describeDisagreement(request)];
  });
}

async function gains({ read, facts, record, among }: Work, both: BothPooled, kind: Kind) {
  const { options, shape, task } = record;
  if (!options.gains) return [];
  const { tau, draws, seed } = options;
  const found: SurveyGainJson[] = [];
  for (const direction of options.directions) {
    const names = { gain: arrayName(GAIN, direction, kind), own: arrayName(OWN, direction, kind) };
    const request = { kind, direction, contrast: task.contrast, tau, perLayer: shape[kind], names };
    found.push(...(await compareGains(read, facts, both, { ...request, among, draws, seed })));
  }
  return found;
}

/** With p values adjusted over all rows. */
function adjusted(rows: readonly SurveyGainJson[]): SurveyGainJson[] {
  const all = benjaminiHochberg(rows.map(({ p }) => p));
  return rows.map((row, i) => ({ ...row, p_adjusted: all[i]! }));
}

function strongest({ mean, low, high }: EffectColumns, perLayer: number): SurveyStrongestJson['components'] {
  const size = (c: number): number => Math.abs(mean[c]!) || 0;
  return Array.from(mean, (_, c) => c)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, LISTED)
    .map((c) => ({
      component: [Math.floor(c / perLayer), c % perLayer],
      e: mean[c]!,
      low: low[c]!,
      high: high[c]!,
    }));
}
