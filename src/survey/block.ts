/**
 * A block of pairs: their runs, and the passes on them. Pairs of one shape share sessions, pass by pass.
 */
import type { Scores } from '../attribution/method.ts';
import { patchingScores } from '../effects/ap.ts';
import { type Observation, patchSources, preparePatching, releasePatching } from '../effects/patching.ts';
import { summariesOf } from '../effects/summaries.ts';
import { type Sources, unitContext } from '../effects/unit.ts';
import { throwIfCancelled } from '../errors.ts';
import { sourceOf } from '../mediation/source.ts';
import { componentsPerLayer } from '../model/config.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { batchesOf } from '../patch/batches.ts';
import { oneAhead } from '../patch/one-ahead.ts';
import { baseAndOther, type OpenPair, openPrompts } from '../patch/open-pair.ts';
import type { Item } from '../tasks/item.ts';
import { labelMetric } from '../tasks/metric.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { approximation, EXACT, type SurveyOptions } from './options.ts';
import { GAIN, OWN, type Pass, TWIN } from './passes.ts';
import { type Answered, answeredBy } from './answers.ts';

export interface BlockWork {
  readonly model: LoadedModel;
  readonly options: SurveyOptions;
  readonly signal: AbortSignal | undefined;
}

/** One pair of a block. */
export interface BlockItem {
  readonly item: Item;
  /** What is still to be computed of it. */
  readonly passes: readonly Pass[];
  /** Is given the arrays of a pass, [layers, heads or neurons] each, in the order of `Pass.arrays`. */
  readonly keep: (pass: Pass, arrays: readonly Tensor[]) => Promise<void>;
  /** Is told how the model answers, when all passes are kept. */
  readonly finish: (answered: Answered) => Promise<void>;
}

/** Runs the passes of pairs whose prompts have one shape: a method on one kind after the other, each over all pairs. */
export async function runBlock(work: BlockWork, items: readonly BlockItem[]): Promise<void> {
  const { sessions } = work.model;
  const answers: Answered[] = [];
  const opened: OpenPair[] = [];
  for (const { item } of items) {
    throwIfCancelled(work.signal);
    const open = await openPrompts(work.model, item, item.metric, true);
    answers.push(await answeredBy(open, item));
    opened.push(open);
  }
  await sessions.release();
  const isTwin = ({ method }: Pass) => method === TWIN;
  await runPasses(work, items, opened, (pass) => !isTwin(pass));
  if (items.some(({ passes }) => passes.some(isTwin))) {
    const twins: OpenPair[] = [];
    for (const { item } of items)
      twins.push(await openPrompts(work.model, item, labelMetric(item.metric)!, true));
    await sessions.release();
    await runPasses(work, items, twins, isTwin);
  }
  for (const [i, { finish }] of items.entries()) await finish(answers[i]!);
}

async function runPasses(
  work: BlockWork,
  items: readonly BlockItem[],
  opened: readonly OpenPair[],
  includes: (pass: Pass) => boolean,
): Promise<void> {
  const asked = items.flatMap(({ passes }) => passes.filter(includes));
  for (const alike of new Set(asked.map(sessionsOf))) {
    for (const [i, { passes, keep }] of items.entries()) {
      for (const pass of passes.filter((each) => includes(each) && sessionsOf(each) === alike)) {
        throwIfCancelled(work.signal);
        const open = opened[i]!;
        await open.chain.activate();
        await keep(pass, await runPass(work, open, pass));
      }
    }
    // What these passes built is nothing to the next.
    await work.model.sessions.release();
  }
}

/** Passes that use the same sessions: both directions of a method on one kind. */
function sessionsOf({ method, kind }: Pass): string {
  return `${method} ${kind}`;
}

async function runPass(work: BlockWork, open: OpenPair, pass: Pass): Promise<Tensor[]> {
  if (pass.method !== EXACT && pass.method !== TWIN) return [await methodScores(work, open, pass)];
  return pass.arrays.length > 1 ? observedScores(work, open, pass) : [await exactScores(work, open, pass)];
}

function exactScores({ signal }: BlockWork, open: OpenPair, { direction, kind }: Pass): Promise<Tensor> {
  return patchingScores(open.chain, sourceOf(open, direction), kind, signal);
}

async function methodScores(
  { options: { steps }, signal }: BlockWork,
  { chain, runs }: OpenPair,
  { method, direction, kind }: Pass,
): Promise<Tensor> {
  const { run } = approximation(method);
  const given = { ...(steps !== undefined && { steps }), ...(signal && { signal }) };
  const scores: Scores = await run({ chain, ...baseAndOther(runs, direction), kinds: [kind], ...given });
  return scores[kind]!;
}

/** Patching that observes all others: scores, own changes, gains. */
async function observedScores(
  { options, signal }: BlockWork,
  open: OpenPair,
  { direction, kind }: Pass,
): Promise<Tensor[]> {
  const { chain } = open;
  const { config } = chain.model;
  const patching = await preparePatching(chain, sourceOf(open, direction), [], []);
  const context = unitContext(patching, options.components);
  const size = componentsPerLayer(config, kind);
  const shape = [config.nLayers, size];
  const arrays = ['ap', OWN, GAIN].map(
    (): Tensor => ({ shape, data: new Float32Array(config.nLayers * size) }),
  );
  const layers = Array.from({ length: config.nLayers }, (_, layer) => layer);
  const units = layers.flatMap((layer) =>
    batchesOf(size).map((indices): Sources => ({ kind, layer, indices })),
  );
  const begin = ({ layer, indices }: Sources) => patchSources(patching, kind, layer, indices);
  const finish = (unit: Sources, seen: Observation) => {
    const summaries = summariesOf(context, seen, unit);
    ['ap', OWN, GAIN].forEach((what, i) =>
      arrays[i]!.data.set((summaries.get(what) as Tensor).data, unit.layer * size + unit.indices[0]!),
    );
  };
  await oneAhead(units, { begin, finish }, signal);
  await releasePatching(patching);
  return arrays;
}
