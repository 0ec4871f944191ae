/**
 * Gradients of a metric at hook points, stage by stage: forward keeping each stage's input, then back through each
 * stage's vector-Jacobian product, which computes the stage again. Memory is one stage's work.
 */
import { gradient } from '../compile/gradient.ts';
import { prune } from '../compile/prune.ts';
import { siteOf } from '../graph/graph.ts';
import { lastTokens } from '../model/inputs.ts';
import type { LoadedModel, SessionInfo } from '../model/loaded.ts';
import { hookNames, stagesOf } from '../model/sites.ts';
import { RESID } from '../model/stages.ts';
import type { Step } from '../runtime/engine.ts';
import { full, type Tensor } from '../tensor/tensor.ts';
import { checkMetric } from '../tasks/check-metric.ts';
import type { Metric } from '../tasks/metric.ts';
import type { Edit } from './edits.ts';
import { logitsOf, METRIC, metricFeeds, metricKey, withMetric } from './metric-graph.ts';
import { inputValue } from './variants.ts';
import {
  type Batch,
  batchOf,
  checkNames,
  isAt,
  type PreparedStage,
  prepareStage,
  residAfter,
  stepOf,
} from './walk.ts';

export interface GradientResult {
  /** F of each prompt, at its own last token: [batch]. */
  readonly metric: Tensor;
  /** dF / d hook point, in the hook point's shape. Rows of a batch do not mix. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/**
 * dF at the named hook points, for a batch of prompts; edits are part of the run.
 * Throws InputError for unknown hook points, and for ids out of range.
 */
export async function gradientsAt(
  model: LoadedModel,
  prompts: readonly (readonly number[])[],
  metric: Metric,
  names: readonly string[],
  edits: readonly Edit[] = [],
): Promise<GradientResult> {
  checkNames(model, [...names, ...edits.map(({ at }) => at)], new Set(hookNames(model.config)));
  checkMetric(metric, model.config.vocabulary);
  const batch = batchOf(model, prompts);
  const stages = stagesOf(model.config).map((stage) => {
    if (stage.kind === 'unembed') return metricStage(model, metric, batch, edits);
    return prepareStage(model, stage, batch, edits, {
      differentiate: names.filter((name) => isAt(name, stage)),
    });
  });
  const steps = [...(await forwardSteps(model, stages)), ...(await backwardSteps(model, stages, names))];
  const feeds = Object.assign({}, batch.feeds, ...stages.map((prepared) => prepared.feeds), {
    last: lastTokens(prompts),
    [cotangentOf(stages.length - 1)]: full([prompts.length], 1),
  });
  const results = await model.engine.run({ steps, fetch: [METRIC, ...names.map(gradientOf)] }, feeds);
  return {
    metric: results[METRIC]!,
    gradients: new Map(names.map((name) => [name, results[gradientOf(name)]!])),
  };
}

const gradientOf = (name: string) => `gradient ${name}`;
const cotangentOf = (index: number) => `cotangent.${index}`;

/** The last stage, up to F in place of all logits. */
function metricStage(
  model: LoadedModel,
  metric: Metric,
  batch: Batch,
  edits: readonly Edit[],
): PreparedStage {
  const prepared = prepareStage(model, { kind: 'unembed' }, batch, edits, logitsOf(metric));
  return {
    ...prepared,
    graph: withMetric(prepared.graph, metric),
    feeds: { ...prepared.feeds, ...metricFeeds(metric, model.config.vocabulary) },
    key: `${metricKey(metric)} ${prepared.key}`,
  };
}

async function forwardSteps(model: LoadedModel, stages: readonly PreparedStage[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [index, { graph, key, stage }] of stages.entries()) {
    const result = stage.kind === 'unembed' ? METRIC : RESID;
    const outputs = new Map([[result, graph.outputs.get(result)!]]);
    const info = await model.sessions.ready(`${key} -> ${result}`, () => prune(graph, outputs));
    steps.push(
      stepOf(info, residAfter(index - 1), { [result]: result === METRIC ? METRIC : residAfter(index) }),
    );
  }
  return steps;
}

/** From the last stage back to the first that has a name. */
async function backwardSteps(
  model: LoadedModel,
  stages: readonly PreparedStage[],
  names: readonly string[],
): Promise<Step[]> {
  const first = stages.findIndex(({ stage }) => names.some((name) => isAt(name, stage)));
  const steps: Step[] = [];
  for (let index = stages.length - 1; first >= 0 && index >= first; index--) {
    const own = names.filter((name) => isAt(name, stages[index]!.stage));
    const info = await backwardSession(model, stages[index]!, own, index > first);
    const outputs = Object.fromEntries([
      ...own.map((name) => [gradientOf(name), gradientOf(name)]),
      ...(index > first ? [[RESID, cotangentOf(index - 1)]] : []),
    ]);
    const step = stepOf(info, residAfter(index - 1), outputs);
    steps.push({ ...step, inputs: { ...step.inputs, cotangent: cotangentOf(index) } });
  }
  return steps;
}

function backwardSession(
  model: LoadedModel,
  { graph, key, stage }: PreparedStage,
  names: readonly string[],
  further: boolean,
): Promise<SessionInfo> {
  const from = new Map([[stage.kind === 'unembed' ? METRIC : RESID, 'cotangent']]);
  return model.sessions.ready(`${key} back ${names.join(' ')} ${further}`, () => {
    const to = new Map(names.map((name) => [gradientOf(name), siteOf(graph, name)]));
    if (further) to.set(RESID, inputValue(graph, RESID));
    return gradient(graph, { from, to });
  });
}
