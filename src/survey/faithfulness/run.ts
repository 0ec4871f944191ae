/**
 * Faithfulness of circuits over a task's data set, from a loaded model to a folder of results.
 *
 * 1. The pairs are split: scores come from some clusters, circuits run on the others (`split.ts`).
 * 2. Each method scores the first list; each curve's circuits, their complements and random circuits run on the second. What
 *    is done is kept, so that `resume` goes on: scores of a method, whole curves.
 * 3. Files of scores and circuits, figures and page; `faithfulness.json` last.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { edgeGraph } from '../../attribution/edges/edge-graph.ts';
import { MAX_EDGES } from '../../attribution/edges/exact-edges.ts';
import { InputError } from '../../errors.ts';
import { faithfulnessCurves } from '../../faithfulness/curves.ts';
import { pooledScores } from '../../faithfulness/pooled.ts';
import { pairSource } from '../../faithfulness/run.ts';
import { exists, writeTextAtomic } from '../../files.ts';
import { parseWith } from '../../model/parse-with.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Model } from '../../patch/model.ts';
import {
  type CurveJson,
  FAITHFULNESS_FILE,
  type FaithfulnessJson,
  keptCurve,
  type MetricsJson,
  parseFaithfulnessJson,
} from '../../results/faithfulness-json.ts';
import { type FolderKind, type Identity, StudyFolder } from '../../study/folder.ts';
import type { StudyHandlers } from '../../study/handlers.ts';
import { modelIdentity, type Studied } from '../../study/identity.ts';
import { Phases } from '../../study/phases.ts';
import type { DataSet } from '../../tasks/item.ts';
import { parseJson } from '../../tensor/json.ts';
import { tensor } from '../../tensor/tensor.ts';
import { checkData, dataIdentity } from '../data.ts';
import { curveJson } from './curve.ts';
import { finishFaithfulness } from './finish.ts';
import { type FaithfulnessOptions, resolveFaithfulnessOptions } from './options.ts';
import { type CurvePlan, curvePlans, type ScorePlan, scorePlans } from './plan.ts';
import { EXACT_EDGES, scorerOf } from './scorers.ts';
import { type Side, type Split, splitPairs } from './split.ts';
import type { FaithfulnessWork, ScoresByName } from './work.ts';

const KIND: FolderKind = { last: FAITHFULNESS_FILE, word: 'faithfulness' };
const PAGE = 'report.html';
/** Of a kept curve: its values grow with the pairs. */
const LIMITS = { maxBytes: 500e6, maxDepth: 12 };

/** A finished run. */
export interface FaithfulnessSurvey {
  readonly folder: string;
  readonly page: string;
  readonly json: FaithfulnessJson;
  /** True where the folder already held all of it. */
  readonly wasComplete: boolean;
}

/**
 * Runs circuits of several methods and sizes over a data set and writes a folder (docs/faithfulness.md tells what is in it).
 * Throws InputError for bad options, pairs of fewer than two clusters, pairs that do not fit the model, a folder that cannot
 * be used and a model that is in use; CancelledError; RunError.
 */
export async function faithfulnessSurvey(
  model: Model,
  data: DataSet,
  given: Partial<FaithfulnessOptions> = {},
  { signal, onProgress }: StudyHandlers = {},
): Promise<FaithfulnessSurvey> {
  const options = resolveFaithfulnessOptions(given);
  const split = checked(model, data, options);
  const folder = await StudyFolder.open(options.out, options.resume, KIND);
  const identity = await identityOf(model.loaded, data, options);
  if ((await folder.claim(identity)) === 'complete') return recorded(folder);
  const phases = new Phases(onProgress);
  const graph = edgeGraph(model.config);
  const work = { model, data, options, graph, split, folder, identity, phases, signal };
  const scores = await scoreAll(work);
  const found = await runCurves(work, scores);
  const json = await finishFaithfulness(work, scores, found.curves, found.values);
  return { folder: folder.path, page: join(folder.path, PAGE), json, wasComplete: false };
}

/**
 * The complete run that `out` already holds, if `resume` is given and it does. No weights are needed.
 * Throws InputError as `faithfulnessSurvey` for what it would not begin with.
 */
export async function completeFaithfulness(
  model: Studied,
  data: DataSet,
  given: Partial<FaithfulnessOptions>,
): Promise<FaithfulnessSurvey | undefined> {
  const options = resolveFaithfulnessOptions(given);
  checked(model, data, options);
  if (!options.resume) return undefined;
  const folder = new StudyFolder(options.out, KIND);
  const state = await folder.holds(await identityOf(model, data, options));
  return state === 'complete' ? recorded(folder) : undefined;
}

/** The split of pairs that fit the model. Throws InputError for what cannot run on it. */
function checked(
  model: { readonly config: ModelConfig },
  data: DataSet,
  { methods, split, seed }: FaithfulnessOptions,
): Split {
  checkData(model, data);
  const { size } = edgeGraph(model.config);
  if (methods.includes(EXACT_EDGES) && size > MAX_EDGES)
    throw new InputError(
      `expected a model of at most ${MAX_EDGES} edges for ${EXACT_EDGES}, which runs each by itself, got ${size}; leave it out`,
    );
  return splitPairs(data.items, split, seed);
}

async function recorded(folder: StudyFolder): Promise<FaithfulnessSurvey> {
  const path = join(folder.path, FAITHFULNESS_FILE);
  const json = parseFaithfulnessJson(await readFile(path, 'utf8'), path);
  return { folder: folder.path, page: join(folder.path, PAGE), json, wasComplete: true };
}

function sourceOf({ model, data }: FaithfulnessWork, { pairs }: Side) {
  return pairSource(
    model,
    pairs.map((pair) => data.items[pair]!),
  );
}

/** Scores of all plans, those of an earlier start from its folder. All come from there: one that was stopped is no other. */
async function scoreAll(work: FaithfulnessWork): Promise<ScoresByName> {
  const { split, folder, phases } = work;
  const plans = scorePlans(work.options);
  const { length } = split.scores.pairs;
  return phases.run(
    'scores',
    plans.length * length,
    async (done) => {
      const scores = new Map<string, ArrayLike<number>>();
      for (const plan of plans) {
        const unit = `scores.${plan.name}`;
        if (await folder.has(unit)) await done(length);
        else await folder.save(unit, await scoresOf(work, plan, () => void done(1)));
        scores.set(plan.name, (await folder.load(unit)).get('scores')!.data);
      }
      return scores;
    },
    'pairs scored',
  );
}

async function scoresOf(work: FaithfulnessWork, { method, level }: ScorePlan, onProgress: () => void) {
  const { options, signal, split } = work;
  const source = sourceOf(work, split.scores);
  const pooled = await pooledScores(source, scorerOf(method, level)!, {
    direction: options.direction,
    onProgress,
    ...(signal && { signal }),
  });
  return new Map([['scores', tensor(Float32Array.from(pooled), [pooled.length])]]);
}

/** All curves, those of an earlier start from its folder, and F of the pairs' prompts. */
async function runCurves(
  work: FaithfulnessWork,
  scores: ScoresByName,
): Promise<{ curves: CurveJson[]; values: MetricsJson }> {
  const { split, folder, phases } = work;
  const plans = curvePlans(work.options);
  const { length } = split.evaluation.pairs;
  return phases.run(
    'circuits',
    plans.length * length,
    async (done) => {
      const curves: CurveJson[] = [];
      let values: MetricsJson = { clean: [], corrupted: [] };
      for (const plan of plans) {
        const path = join(folder.work, `curve.${plan.name}.json`);
        if (await exists(path)) await done(length);
        else {
          const kept = await curveOf(work, plan, scores.get(plan.scores.name)!, () => void done(1));
          await writeTextAtomic(path, JSON.stringify(kept), folder.work);
        }
        const kept = parseWith(keptCurve, parseJson(await readFile(path), path, LIMITS), path);
        curves.push(kept.curve);
        values = kept.values;
      }
      return { curves, values };
    },
    'pairs of a curve',
  );
}

async function curveOf(
  work: FaithfulnessWork,
  { scores: { method, level }, select, rule }: CurvePlan,
  scores: ArrayLike<number>,
  onProgress: () => void,
): Promise<{ curve: CurveJson; values: MetricsJson }> {
  const { graph, options, signal, split } = work;
  const { sizes, draws, seed } = options;
  const found = await faithfulnessCurves(sourceOf(work, split.evaluation), graph, scores, method, {
    level,
    select,
    method: rule,
    sizes,
    draws,
    seed,
    onProgress,
    ...(signal && { signal }),
  });
  const clusterOf = split.evaluation.pairs.map((pair) => split.clusterOf[pair]!);
  return {
    curve: curveJson(found, method, clusterOf),
    values: { clean: [...found.clean], corrupted: [...found.corrupted] },
  };
}

async function identityOf(model: Studied, data: DataSet, options: FaithfulnessOptions): Promise<Identity> {
  const { methods, levels, select, rules, direction, sizes, circuitSizes, draws, seed, split } = options;
  return {
    ...(await modelIdentity(model)),
    ...dataIdentity(data, {
      methods: methods.join(','),
      levels: levels.join(','),
      select: select.join(','),
      rules: rules.join(','),
      direction,
      sizes: sizes.join(','),
      circuit_sizes: circuitSizes.join(','),
      draws,
      seed,
      split,
    }),
  };
}
