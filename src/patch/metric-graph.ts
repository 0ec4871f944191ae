/**
 * Metrics as graphs: the unembedding of each prompt's last token, cut down to the tokens that the metric reads.
 * Patching, gradients and integrated gradients all evaluate this one graph.
 */
import type { Graph } from '../graph/graph.ts';
import { stageGraph, type StageOptions } from '../model/stages.ts';
import type { Blueprint } from '../model/stages.ts';
import { Builder } from '../ops/builder.ts';
import type { Metric } from '../tasks/metric.ts';

/** The name of the metric's value, [batch]. */
export const METRIC = 'metric';

/** From the last residual stream to F, for a stage with these positions. */
export function metricGraph(model: Blueprint, metric: Metric, positions: StageOptions['positions']): Graph {
  const options: StageOptions = {
    positions,
    past: 0,
    lastOnly: false,
    perHead: false,
    logits: 'last',
    tokens: [metric.answer, metric.wrong],
  };
  return withMetric(stageGraph(model, { kind: 'unembed' }, options));
}

/** Appends logit[answer] - logit[wrong] to a graph whose `logits` are [batch, 2]. */
export function withMetric(graph: Graph): Graph {
  const b = Builder.from(graph);
  const logits = graph.outputs.get('logits')!;
  const difference = b.sub(b.slice(logits, 1, 0, 1), b.slice(logits, 1, 1, 2));
  return b.build({ [METRIC]: b.reshape(difference, ['batch']) });
}

/** Tells metrics apart in session keys. */
export function metricKey(metric: Metric): string {
  return `${metric.name}(${metric.answer},${metric.wrong})`;
}
