/**
 * Metrics as graphs: from the unembedding of each prompt's last token to F. Patching, gradients and integrated
 * gradients all evaluate this one graph.
 *
 * A metric of logits reads its own tokens alone: the unembedding is cut to their columns, and the tokens are part of the
 * graph. One of probabilities needs the whole vocabulary: which tokens it means is an input of the graph, so that one
 * session serves every prompt. With LSE for log-sum-exp and x for the logits:
 *
 *   logit difference         x[answer] - x[wrong]
 *   sets, at scale logit     LSE(x of positive) - LSE(x of negative)
 *   log share of a set       LSE(x of the set) - LSE(x): the logarithm of its probability
 *   sets, probability        exp(log share of positive) - exp(log share of negative)
 *   log probability          log share of the answer
 *   KL divergence            sum of p (log p - x) + LSE(x), p the reference: the same as with log p_run = x - LSE(x),
 *                            since p sums to 1
 *
 * No sum of these runs over a row whose width is not aligned: a row's value does not depend on its batch.
 */
import type { Graph, Value } from '../graph/graph.ts';
import { stageGraph, type StageOptions } from '../model/stages.ts';
import type { Blueprint } from '../model/stages.ts';
import { alignedWidth } from '../ops/alignment.ts';
import { Builder } from '../ops/builder.ts';
import type { Feeds } from '../runtime/engine.ts';
import type { Metric } from '../tasks/metric.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';

/** The name of the metric's value, [batch]. */
export const METRIC = 'metric';

/** Inputs of a metric of the whole vocabulary, [1, vocabulary]: 1 where a token is of the set, or log probabilities. */
const POSITIVE = 'metric.positive';
const NEGATIVE = 'metric.negative';
const REFERENCE = 'metric.reference';

/** Longer lists of tokens are told apart by a hash. */
const SHOWN_TOKENS = 8;

/** From the last residual stream to F, for a stage with these positions. */
export function metricGraph(model: Blueprint, metric: Metric, positions: StageOptions['positions']): Graph {
  const options: StageOptions = { positions, past: 0, lastOnly: false, perHead: false, ...logitsOf(metric) };
  return withMetric(stageGraph(model, { kind: 'unembed' }, options), metric);
}

/** How the unembedding is built for a metric: at the last token, for the tokens that it reads. */
export function logitsOf(metric: Metric): Pick<StageOptions, 'logits' | 'tokens'> {
  const tokens = tokensOf(metric);
  return tokens ? { logits: 'last', tokens } : { logits: 'last' };
}

/** The tokens of a metric of logits, in the order of its columns; none where it needs all. */
function tokensOf(metric: Metric): readonly number[] | undefined {
  if (metric.name === 'logit_difference') return [metric.answer, metric.wrong];
  if (metric.name === 'set_difference' && metric.scale === 'logit')
    return [...metric.positive, ...metric.negative];
  return undefined;
}

/** Appends F to a graph whose `logits` are [batch, tokens], as `logitsOf` says. */
export function withMetric(graph: Graph, metric: Metric): Graph {
  const b = Builder.from(graph);
  const value = metricValue(b, metric, graph.outputs.get('logits')!);
  return b.build({ [METRIC]: b.reshape(value, ['batch']) });
}

/** F of logits [batch, tokens]: [batch, 1]. */
function metricValue(b: Builder, metric: Metric, logits: Value): Value {
  switch (metric.name) {
    case 'logit_difference':
      return b.sub(b.slice(logits, 1, 0, 1), b.slice(logits, 1, 1, 2));
    case 'set_difference':
      return metric.scale === 'logit'
        ? logitSets(b, logits, metric.positive.length)
        : b.sub(b.unary('exp', logShare(b, logits, POSITIVE)), b.unary('exp', logShare(b, logits, NEGATIVE)));
    case 'log_probability':
      return logShare(b, logits, POSITIVE);
    case 'kl_divergence':
      return divergence(b, logits);
  }
}

/** The first `split` columns are the positive set. */
function logitSets(b: Builder, logits: Value, split: number): Value {
  const width = b.dims(logits)[1] as number;
  const of = (start: number, end: number) => b.logSumExp(b.slice(logits, 1, start, end));
  return b.sub(of(0, split), of(split, width));
}

/** The logarithm of the probability of the set that an input names: [batch, 1]. */
function logShare(b: Builder, logits: Value, set: string): Value {
  const members = b.input(set, [1, b.dims(logits)[1]!]);
  const inside = b.where(members, logits, b.constant(Number.NEGATIVE_INFINITY));
  return b.sub(b.logSumExp(inside), b.logSumExp(logits));
}

function divergence(b: Builder, logits: Value): Value {
  const width = b.dims(logits)[1] as number;
  const reference = b.input(REFERENCE, [1, width]);
  const terms = b.mul(b.unary('exp', reference), b.sub(reference, logits));
  const aligned = b.pad(terms, 1, 0, alignedWidth(width) - width);
  return b.add(b.sum(aligned, [1], true), b.logSumExp(logits));
}

/** Values of the inputs that a metric's graph reads beside the stream; none for a metric of logits. */
export function metricFeeds(metric: Metric, vocabulary: number): Feeds {
  const set = (tokens: readonly number[]) => members(tokens, vocabulary);
  switch (metric.name) {
    case 'logit_difference':
      return {};
    case 'set_difference':
      return metric.scale === 'logit'
        ? {}
        : { [POSITIVE]: set(metric.positive), [NEGATIVE]: set(metric.negative) };
    case 'log_probability':
      return { [POSITIVE]: set([metric.answer]) };
    case 'kl_divergence':
      return { [REFERENCE]: tensor(metric.reference, [1, vocabulary]) };
  }
}

function members(tokens: readonly number[], vocabulary: number): Tensor {
  const row = new Float32Array(vocabulary);
  for (const token of tokens) row[token] = 1;
  return tensor(row, [1, vocabulary]);
}

/** Tells the graphs of metrics apart in session keys: what is an input is not part of it. */
export function metricKey(metric: Metric): string {
  switch (metric.name) {
    case 'logit_difference':
      return `${metric.name}(${metric.answer},${metric.wrong})`;
    case 'set_difference':
      return metric.scale === 'logit'
        ? `${metric.name} logit(${listKey(metric.positive)} - ${listKey(metric.negative)})`
        : `${metric.name} probability`;
    case 'log_probability':
    case 'kl_divergence':
      return metric.name;
  }
}

function listKey(tokens: readonly number[]): string {
  const text = tokens.join(',');
  return tokens.length <= SHOWN_TOKENS ? text : `${tokens.length} tokens ${hash(text)}`;
}

/** FNV-1a of 64 bits (Fowler, Noll and Vo). */
function hash(text: string): string {
  let bits = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++)
    bits = BigInt.asUintN(64, (bits ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  return bits.toString(16).padStart(16, '0');
}
