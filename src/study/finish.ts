/**
 * The end of a study, from its folder alone: no model is needed, and it does not matter how many machines computed
 * the units. Scores and summaries of effects; the store's `complete`; figures and page; `study.json` last.
 */
import { join } from 'node:path';
import { MAX_STEPS } from '../attribution/integrated-gradients.ts';
import { throwIfCancelled } from '../errors.ts';
import { writeSafetensors } from '../files.ts';
import { parseMediation } from '../results/mediation.ts';
import { readStudyJson } from '../results/read.ts';
import { formatStudyJson, PAGE_PHASE, STUDY_SCHEMA, type StudyJson } from '../results/study-json.ts';
import { type Lint, lintCompleteness } from '../tasks/lint.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { DIRECTIONS, KINDS } from '../terms.ts';
import { type AssembledIg, assembleIg, assemblePatching } from './assemble.ts';
import { assembleMediation } from './assemble-mediation.ts';
import { analyse, asymmetries } from './describe.ts';
import { planEffects } from './effects-plan.ts';
import { createStore } from './effects-store.ts';
import type { StudyFolder } from './folder.ts';
import type { Study, StudyHandlers } from './handlers.ts';
import type { StudyOptions } from './options.ts';
import { describePartners } from './partners.ts';
import { Phases, summedPhases } from './phases.ts';
import { publishedMeans } from './published.ts';
import { optionsOf, readRecords, shapeOf, type ShardRecord } from './record.ts';
import { LOGITS } from './units.ts';

const PAGE = 'report.html';

/** Makes the results of a folder in which all units are. */
export async function finishStudy(
  folder: StudyFolder,
  figures: boolean,
  { signal, onProgress, onWarning }: StudyHandlers,
): Promise<Study> {
  const records = await readRecords(folder);
  const [first] = records as [ShardRecord, ...ShardRecord[]];
  const options = optionsOf(first);
  const results = await writeResults(folder, first, options);
  const found = [...completenessLint(results.ig, first.metric.D), ...processorLint(records)];
  for (const lint of found) onWarning?.(lint);
  throwIfCancelled(signal);
  const json = describe(records, options, results, found);
  const phases = new Phases(onProgress);
  const sofar = (): StudyJson => ({
    ...json,
    phases: summedPhases([...records.flatMap((record) => record.phases), ...phases.records]),
  });
  if (figures) {
    await phases.run(PAGE_PHASE, 1, async (done) => {
      // Half of the program, and only needed here.
      const { rebuildReport } = await import('../report/study/report.ts');
      await rebuildReport(folder.path, { study: sofar(), ...(signal && { signal }) });
      await done(1);
    });
  }
  const complete = sofar();
  await folder.write('study.json', formatStudyJson(complete));
  await folder.tidy();
  return finished(folder, complete, false);
}

/** The study that a folder already holds. */
export async function recordedStudy(folder: StudyFolder): Promise<Study> {
  return finished(folder, await readStudyJson(folder.path), true);
}

function finished(folder: StudyFolder, json: StudyJson, wasComplete: boolean): Study {
  return { folder: folder.path, page: join(folder.path, PAGE), json, wasComplete };
}

/** What the result files hold, as far as `study.json` tells of it. */
interface Results {
  readonly ig: AssembledIg;
  readonly scores: ReadonlyMap<string, Tensor>;
  readonly own: ReadonlyMap<string, Tensor>;
  readonly absent: readonly string[];
  /** Arrays of `mediation.safetensors`; none where no pairs were computed. */
  readonly pairs: ReadonlyMap<string, Tensor | Tensor<Int32Array>>;
}

/** Writes the scores and completes the store of effects. */
async function writeResults(
  folder: StudyFolder,
  record: ShardRecord,
  options: StudyOptions,
): Promise<Results> {
  const shape = shapeOf(record);
  const { metric, pair, model } = record;
  const effects = planEffects(shape, options, model.id);
  const { store, complete } = await createStore(folder, effects, options, model.id);
  const ig = await assembleIg(shape, folder, options, pair.clean.ids.length, metric.D);
  const patched = await assemblePatching(shape, folder, store, options);
  const logits = await folder.load(LOGITS);
  const scores = new Map([
    ...(options.asPublished ? publishedMeans(ig.scores, record.width) : ig.scores),
    ...patched.scores,
    ['logits.clean', logits.get('clean') as Tensor],
    ['logits.corrupted', logits.get('corrupted') as Tensor],
  ]);
  for (const [name, tensor] of asymmetries(scores, metric, options)) scores.set(name, tensor);
  const list = [...scores].map(([name, tensor]) => ({ name, tensor }));
  await writeSafetensors(join(folder.path, 'scores.safetensors'), list, { temporaryFolder: folder.work });
  const pairs = await assembleMediation(shape, folder, options);
  if (pairs.size > 0) {
    const list = [...pairs].map(([name, array]) => ({ name, tensor: array }));
    const path = join(folder.path, 'mediation.safetensors');
    await writeSafetensors(path, list, { temporaryFolder: folder.work });
  }
  await complete();
  return { ig, scores, own: patched.own, absent: effects.absent, pairs };
}

function describe(
  records: readonly ShardRecord[],
  options: StudyOptions,
  { ig, scores, own, absent, pairs }: Results,
  found: readonly Lint[],
): StudyJson {
  const { shard: _shard, vocabulary: _vocabulary, width: _width, ...record } = records[0]!;
  const mediation = pairs.size > 0 ? parseMediation(pairs, record.shape) : undefined;
  return {
    ...record,
    schema: STUDY_SCHEMA,
    complete: true,
    components: [...options.components],
    provider: distinct(records.map(({ provider }) => provider)).join(', '),
    processors: processorsOf(records),
    lint: [...record.lint, ...found],
    completeness_gap: ig.gaps,
    ...analyse(scores, own, record.metric, record.pair.contrast, options),
    ...describePartners(mediation, scores, record.metric, record.pair.contrast, options.tau),
    arrays_absent: [...absent],
  };
}

function completenessLint({ scores, gaps, limited }: AssembledIg, d: number): Lint[] {
  const all = DIRECTIONS.flatMap((direction) =>
    KINDS.flatMap((kind) => {
      const own = gaps[direction][kind];
      const values = scores.get(`ig.${direction}.${kind}`);
      if (!own || !values) return [];
      const size = values.shape[1]!;
      const sums = own.map((_, layer) =>
        values.data
          .subarray(layer * size, (layer + 1) * size)
          .reduce((sum, score) => sum + Math.abs(score), 0),
      );
      return [{ direction, kind, gaps: own, sums }];
    }),
  );
  const found = lintCompleteness(all, d);
  if (limited === 0) return found;
  const message = `--steps auto stopped at ${MAX_STEPS} points in ${limited} layers; their completeness gaps are in study.json`;
  return [...found, { code: 'completeness_gap', message }];
}

/** Results are the same bit for bit only on one type of processor. */
function processorLint(records: readonly ShardRecord[]): Lint[] {
  const types = processorsOf(records);
  if (types.length < 2) return [];
  const message =
    `computed on ${types.length} types of processor (${types.join('; ')}): their results agree only to rounding, so ` +
    'these files are not byte-equal to those of one type';
  return [{ code: 'processor_types', message }];
}

function processorsOf(records: readonly ShardRecord[]): string[] {
  return distinct(records.flatMap(({ processors }) => processors));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
