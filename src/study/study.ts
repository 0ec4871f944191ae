/**
 * The study: the whole experiment on one pair, from a loaded model to a folder of results.
 *
 * 1. both runs of the pair, forward and back;
 * 2. integrated gradients of all layers, both directions;
 * 3. patching of all components with their effects, in the directions asked;
 * 4. scores, labels, controls; figures and page; `study.json` last.
 *
 * Units of 2 and 3 are kept as they finish: a study that was stopped goes on with `resume`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EffectsStore } from '../effects/store.ts';
import { MAX_STEPS } from '../attribution/integrated-gradients.ts';
import { InputError, throwIfCancelled } from '../errors.ts';
import { componentsPerLayer } from '../model/config.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { finalLogits, type Run, runBoth } from '../patch/pair-runs.ts';
import type { Model } from '../patch/model.ts';
import { SuffixChain } from '../patch/suffix.ts';
import { readStudyJson } from '../results/read.ts';
import { formatStudyJson, PAGE_PHASE, STUDY_SCHEMA, type StudyJson } from '../results/study-json.ts';
import { checkAnswers, checkPrompts } from '../tasks/check.ts';
import { lintCompleteness, lintPair, lintRuns, type Lint } from '../tasks/lint.ts';
import { logitDifference, type Metric, type MetricValues } from '../tasks/metric.ts';
import { inferContrast, type Pair } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { writeSafetensors } from '../files.ts';
import { type AssembledIg, assembleIg, assemblePatching } from './assemble.ts';
import { attribute } from './attribute.ts';
import { analyse, asymmetries, describePair, predictions } from './describe.ts';
import { planEffects } from './effects-plan.ts';
import { type Identity, StudyFolder } from './folder.ts';
import { resolveOptions, type StudyOptions } from './options.ts';
import { patchAll } from './patch.ts';
import { Phases, type Progress } from './phases.ts';
import { withinBudget } from './plan/memory.ts';
import { type Contrast, DIRECTIONS, KINDS } from '../terms.ts';

export interface StudyHandlers {
  /** Stops at the next batch; what is complete is kept. Rejects with CancelledError. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onWarning?: (warning: Lint) => void;
}

/** A finished study. */
export interface Study {
  readonly folder: string;
  readonly page: string;
  readonly json: StudyJson;
  /** True where the folder already held all of it. */
  readonly wasComplete: boolean;
}

const PAGE = 'report.html';

/**
 * Runs the experiment on one pair and writes its folder (docs/definitions.md tells what is in it).
 * Throws InputError for bad options, a folder that cannot be used, a pair that does not fit the model and for a model
 * on which another study runs; CancelledError; RunError.
 */
export async function study(
  model: Model,
  pair: Pair,
  given: Partial<StudyOptions> = {},
  handlers: StudyHandlers = {},
): Promise<Study> {
  const options = resolveOptions(given);
  // A pair may have been made for another model.
  checkPrompts(pair.clean, pair.corrupted, model.config);
  checkAnswers(pair.answer, pair.wrong, model.config);
  return alone(model.loaded, () => perform(model.loaded, pair, options, handlers));
}

async function perform(
  model: LoadedModel,
  pair: Pair,
  options: StudyOptions,
  handlers: StudyHandlers,
): Promise<Study> {
  const planned = withinBudget(model.config, pair, options);
  const folder = await StudyFolder.open(options.out, options.resume);
  const identity = await identityOf(model, pair, options);
  const state = await folder.claim(identity);
  if (state === 'complete') return recorded(folder);
  const warnings: Lint[] = [];
  const warn = (lints: readonly Lint[]) => {
    warnings.push(...lints);
    for (const lint of lints) handlers.onWarning?.(lint);
  };
  const phases = new Phases(handlers.onProgress);
  warn(lintPair(pair));
  const computed = await compute(model, pair, planned, folder, phases, warn, handlers.signal);
  throwIfCancelled(handlers.signal);
  const json = await describe(model, pair, planned, computed, identity, warnings, phases);
  if (options.figures) {
    await phases.run(PAGE_PHASE, 1, async (done) => {
      // Half of the program, and only needed here.
      const { rebuildReport } = await import('../report/rebuild.ts');
      await rebuildReport(folder.path, {
        study: { ...json, phases: phases.records, complete: true },
        ...(handlers.signal && { signal: handlers.signal }),
      });
      done(1);
    });
  }
  const complete = { ...json, phases: phases.records, complete: true };
  await folder.write('study.json', formatStudyJson(complete));
  await folder.tidy();
  return finished(folder, complete, false);
}

/**
 * The complete study that `out` already holds, if `resume` is given and it does. No weights are needed and nothing is
 * written. Throws InputError for bad options, and naming the first difference where the folder holds another study.
 */
export async function completeStudy(
  model: Pick<LoadedModel, 'raw' | 'sha256' | 'config'>,
  pair: Pair,
  given: Partial<StudyOptions>,
): Promise<Study | undefined> {
  const options = resolveOptions(given);
  if (!options.resume) return undefined;
  const folder = new StudyFolder(options.out);
  const state = await folder.holds(await identityOf(model, pair, options));
  return state === 'complete' ? recorded(folder) : undefined;
}

async function recorded(folder: StudyFolder): Promise<Study> {
  return finished(folder, await readStudyJson(folder.path), true);
}

function finished(folder: StudyFolder, json: StudyJson, wasComplete: boolean): Study {
  return { folder: folder.path, page: join(folder.path, PAGE), json, wasComplete };
}

/** Models on which a study runs: two at once would take one another's kept tensors. */
const busy = new WeakSet<LoadedModel>();

/** Runs a study on a model that no other study uses; at the end, however it comes, nothing is left in the engine. */
async function alone<T>(model: LoadedModel, body: (scoped: LoadedModel) => Promise<T>): Promise<T> {
  if (busy.has(model)) {
    throw new InputError(
      'expected one study at a time on a model, got a second one; await the first, or load the model twice',
    );
  }
  busy.add(model);
  // Sessions of its own: other calls on the model go on beside the study.
  const scoped = { ...model, sessions: model.sessions.scoped('study') };
  try {
    return await body(scoped);
  } finally {
    await cleared(scoped);
    busy.delete(model);
  }
}

/** An engine that has failed has nothing left to clear, and its own error says more. */
async function cleared({ engine, sessions }: LoadedModel): Promise<void> {
  await Promise.allSettled([engine.drop('suffix.'), engine.drop('patch.'), sessions.release()]);
}

/** What the phases computed. */
interface Computed {
  readonly metric: MetricValues;
  readonly contrast: Contrast;
  readonly scores: Map<string, Tensor>;
  readonly own: ReadonlyMap<string, Tensor>;
  readonly gaps: AssembledIg['gaps'];
  readonly logits: { readonly clean: Tensor; readonly corrupted: Tensor };
  readonly absent: readonly string[];
}

async function compute(
  model: LoadedModel,
  pair: Pair,
  options: StudyOptions,
  folder: StudyFolder,
  phases: Phases,
  warn: (lints: readonly Lint[]) => void,
  signal: AbortSignal | undefined,
): Promise<Computed> {
  const metric = logitDifference(pair.answer.id, pair.wrong.id);
  const { chain, runs, logits } = await phases.run('both runs', 1, async (done) => {
    const found = await bothRuns(model, metric, pair);
    done(1);
    return found;
  });
  const values = { clean: runs.clean.metric, corrupted: runs.corrupted.metric };
  const contrast = pair.contrast ?? inferContrast(values.clean, values.corrupted);
  warn(lintRuns(values, contrast));

  const { nLayers } = model.config;
  const layers = DIRECTIONS.length * options.components.length * nLayers;
  const attributing = async (done: (count: number) => void) => {
    await attribute(chain, runs, folder, options, done, signal);
    await chain.release();
  };
  await phases.run('integrated gradients', layers, attributing, 'layers');

  const { store, absent, complete } = await createStore(model, options, folder);
  const perLayer = options.components.reduce((sum, kind) => sum + componentsPerLayer(model.config, kind), 0);
  const sources = options.directions.length * nLayers * perLayer;
  const patching = async (done: (count: number) => void) => {
    await patchAll({ chain, runs, metric, folder, store, options, absent: new Set(absent) }, done, signal);
    await chain.release();
  };
  await phases.run('patching', sources, patching, 'components');

  const d = values.clean - values.corrupted;
  const ig = await assembleIg(model.config, folder, options, pair.clean.ids.length, d);
  const patched = await assemblePatching(model.config, folder, store, options);
  warn(completenessLint(ig, d));
  const scores = new Map([
    ...ig.scores,
    ...patched.scores,
    ['logits.clean', logits.clean],
    ['logits.corrupted', logits.corrupted],
  ]);
  for (const [name, tensor] of asymmetries(scores, values, options)) scores.set(name, tensor);
  const list = [...scores].map(([name, tensor]) => ({ name, tensor }));
  await writeSafetensors(join(folder.path, 'scores.safetensors'), list, { temporaryFolder: folder.work });
  await complete();
  return { metric: values, contrast, scores, own: patched.own, gaps: ig.gaps, logits, absent };
}

/** Both runs of the pair, and the chain that everything else runs on. */
async function bothRuns(model: LoadedModel, metric: Metric, pair: Pair) {
  const prompts = [pair.clean.ids, pair.corrupted.ids];
  const chain = await SuffixChain.create(model, metric, prompts, pair.firstDifference);
  const [clean, corrupted] = (await runBoth(chain)) as [Run, Run];
  const logits = (await finalLogits(chain, [clean, corrupted])) as [Tensor, Tensor];
  await chain.release();
  return { chain, runs: { clean, corrupted }, logits: { clean: logits[0], corrupted: logits[1] } };
}

/** The store of effects with all its arrays, empty or as far as it came; which are absent; and how to complete it. */
async function createStore(model: LoadedModel, options: StudyOptions, folder: StudyFolder) {
  const { arrays, absent } = planEffects(model.config, options, model.id);
  const store = new EffectsStore(join(folder.path, 'effects.zarr'), folder.work);
  const attributes = { schema: 'mediators/effects@1', model: model.id };
  await store.create(options.directions, attributes);
  for (const direction of options.directions) {
    for (const array of arrays) await store.createArray(direction, array);
  }
  return { store, absent, complete: () => store.complete(attributes) };
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

async function describe(
  model: LoadedModel,
  pair: Pair,
  options: StudyOptions,
  computed: Computed,
  identity: Identity,
  lint: Lint[],
  phases: Phases,
): Promise<StudyJson> {
  const { metric, contrast, scores, own, gaps, logits, absent } = computed;
  const { config } = model;
  const { out: _out, resume: _resume, figures: _figures, command, ...recorded } = options;
  return {
    schema: STUDY_SCHEMA,
    complete: false,
    model: { id: model.id, architecture: config.architecture, sha256: await model.sha256() },
    shape: { layers: config.nLayers, heads: config.nHeads, neurons: config.dMlp },
    components: [...options.components],
    pair: describePair(pair, contrast),
    metric: { name: 'logit_difference', ...metric, D: metric.clean - metric.corrupted },
    options: { ...recorded, raw_weights: model.raw },
    command: command ?? 'study() of the library',
    versions: versions(),
    provider: model.engine.provider,
    phases: phases.records,
    lint,
    completeness_gap: gaps,
    predictions: { clean: predictions(model, logits.clean), corrupted: predictions(model, logits.corrupted) },
    ...analyse(scores, own, metric, contrast, options),
    arrays_absent: [...absent],
    identity: { ...identity },
  };
}

/** What `--resume` compares: all that tells what the files hold, and the batch. Threads and what is shown do not matter. */
async function identityOf(
  model: Pick<LoadedModel, 'raw' | 'sha256' | 'config'>,
  pair: Pair,
  options: StudyOptions,
): Promise<Identity> {
  return {
    model: await model.sha256(),
    config: createHash('sha256').update(JSON.stringify(model.config)).digest('hex').slice(0, 16),
    version: versions().mediators ?? '',
    weights: model.raw ? 'raw' : 'processed',
    clean: pair.clean.ids.join(','),
    corrupted: pair.corrupted.ids.join(','),
    answer: pair.answer.id,
    wrong: pair.wrong.id,
    contrast: pair.contrast ?? null,
    components: options.components.join(','),
    directions: options.directions.join(','),
    measures: options.measures.join(','),
    full: options.full,
    steps: options.steps,
    quantile: options.quantile,
    tau: options.tau,
    seed: options.seed,
    batch: options.batch,
  };
}

function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  return {
    mediators: own.version,
    'onnxruntime-node': own.dependencies['onnxruntime-node'] ?? 'unknown',
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}
