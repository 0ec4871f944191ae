/**
 * What needs the model: both runs of the pair, then the units of a shard. Everything goes into the folder as it is
 * done, so that the rest needs the folder alone.
 */
import { PAIR_MEASURES } from '../mediation/pairs.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { type OpenPair, openPair } from '../patch/open-pair.ts';
import { finalLogits } from '../patch/pair-runs.ts';
import { type Lint, lintPair, lintRuns } from '../tasks/lint.ts';
import { inferContrast, type Pair } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { attributeUnit } from './attribute.ts';
import { describePair, predictions } from './describe.ts';
import { planEffects } from './effects-plan.ts';
import { createStore } from './effects-store.ts';
import { firstDifference, type Identity, type StudyFolder } from './folder.ts';
import type { StudyHandlers } from './handlers.ts';
import { processorType, versions } from './identity.ts';
import type { StudyOptions } from './options.ts';
import { mediateAll } from './mediate.ts';
import { patchAll } from './patch.ts';
import { Phases, type PhaseRecord, summedPhases } from './phases.ts';
import { publishedLint } from './published.ts';
import { readRecord, RECORD_SCHEMA, saveRecord, type ShardRecord } from './record.ts';
import { runUnits } from './run-units.ts';
import { shardOf } from './shard.ts';
import {
  ATTRIBUTION,
  type AttributionUnit,
  LOGITS,
  MEDIATION,
  ofPhase,
  PATCHING,
  type Unit,
  unitsOf,
} from './units.ts';

/** In place of a command, for a study that no command began. */
const LIBRARY_COMMAND = 'study() of the library';

/** A study that is being computed. */
interface Work {
  readonly model: LoadedModel;
  readonly pair: Pair;
  readonly options: StudyOptions;
  readonly folder: StudyFolder;
  readonly identity: Identity;
  readonly handlers: StudyHandlers;
}

interface Runs extends OpenPair {
  readonly logits: { readonly clean: Tensor; readonly corrupted: Tensor };
}

/** Computes what the folder does not have yet of a shard; gives its record. */
export async function computeShard(work: Work): Promise<ShardRecord> {
  const { model, pair, options, folder, handlers } = work;
  let record: ShardRecord | undefined;
  const keep = async (records: readonly PhaseRecord[]) => {
    if (record === undefined) return;
    await saveRecord(folder, { ...record, phases: summedPhases([...record.phases, ...records]) });
  };
  const phases = new Phases(handlers.onProgress, keep);
  const both = await phases.run('both runs', 1, async (done) => {
    const found = await bothRuns(model, pair);
    await done(1);
    return found;
  });
  // Before the record: where a record is, logits are.
  if (!(await folder.has(LOGITS))) await folder.save(LOGITS, new Map(Object.entries(both.logits)));
  record = await recordOf(work, both);
  await keep(phases.records);
  await computeUnits(work, both, shardOf(unitsOf(model.config, options), options.shard), phases);
  // As it was kept last, with the time of all phases.
  return (await readRecord(folder, options.shard)) ?? record;
}

/** Both runs of the pair, the chain that everything else runs on, and the last token's logits. */
async function bothRuns(model: LoadedModel, pair: Pair): Promise<Runs> {
  const open = await openPair(model, pair);
  const { chain, runs } = open;
  const [clean, corrupted] = (await finalLogits(chain, [runs.clean, runs.corrupted])) as [Tensor, Tensor];
  await chain.release();
  return { ...open, logits: { clean, corrupted } };
}

async function computeUnits(
  { model, options, folder, handlers: { signal } }: Work,
  { chain, metric, runs }: Runs,
  units: readonly Unit[],
  phases: Phases,
): Promise<void> {
  const layers = ofPhase(units, ATTRIBUTION);
  await phases.run(
    ATTRIBUTION,
    total(layers),
    async (done) => {
      const begin = (unit: AttributionUnit) => attributeUnit(chain, runs, unit, options);
      await runUnits(layers, folder, { begin, finish: (_unit, scores) => scores }, done, signal);
      await chain.release();
    },
    'layers',
  );
  const effects = planEffects(model.config, options, model.id);
  const { store } = await createStore(folder, effects, options, model.id);
  const phase = { chain, runs, metric, folder, store, options, absent: new Set(effects.absent) };
  const sources = ofPhase(units, PATCHING);
  await phases.run(
    PATCHING,
    total(sources),
    async (done) => {
      await patchAll(phase, sources, done, signal);
      await chain.release();
    },
    'components',
  );
  const pairs = ofPhase(units, MEDIATION);
  if (pairs.length === 0) return;
  await phases.run(
    MEDIATION,
    total(pairs),
    async (done) => {
      const all = { chain, runs, metric, folder, options, measures: PAIR_MEASURES };
      await mediateAll(all, pairs, done, signal);
      await chain.release();
    },
    'runs',
  );
}

function total(units: readonly Unit[]): number {
  return units.reduce((sum, { size }) => sum + size, 0);
}

/** The shard's record: the one of an earlier run, where there is one, for what it tells was written by it. */
async function recordOf(work: Work, { runs, logits }: Runs): Promise<ShardRecord> {
  const { model, pair, options, folder, identity, handlers } = work;
  const metric = { clean: runs.clean.metric, corrupted: runs.corrupted.metric };
  const contrast = pair.contrast ?? inferContrast(metric.clean, metric.corrupted);
  const lint: Lint[] = [...lintPair(pair), ...lintRuns(metric, contrast), ...publishedLint(options)];
  for (const warning of lint) handlers.onWarning?.(warning);
  const earlier = await readRecord(folder, options.shard);
  const processor = processorType();
  if (earlier && !firstDifference(earlier.identity, identity))
    return { ...earlier, processors: [...new Set([...earlier.processors, processor])] };
  const { config } = model;
  const { out: _out, resume: _resume, figures: _figures, shard, command, asPublished, ...recorded } = options;
  return {
    schema: RECORD_SCHEMA,
    shard,
    identity: { ...identity },
    model: { id: model.id, architecture: config.architecture, sha256: await model.sha256() },
    shape: { layers: config.nLayers, heads: config.nHeads, neurons: config.dMlp },
    vocabulary: config.vocabulary,
    width: config.dModel,
    pair: describePair(pair, contrast),
    metric: { name: 'logit_difference', ...metric, D: metric.clean - metric.corrupted },
    options: { ...recorded, as_published: asPublished, raw_weights: model.raw },
    command: command ?? LIBRARY_COMMAND,
    versions: versions(),
    provider: model.engine.provider,
    processors: [processor],
    phases: [],
    lint,
    predictions: { clean: predictions(model, logits.clean), corrupted: predictions(model, logits.corrupted) },
  };
}
