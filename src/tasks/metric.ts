/**
 * Metrics as data: what is measured at a prompt's last token (docs/definitions.md, Metrics). The graph form that runs
 * and gradients share is built from the same data (src/patch/metric-graph.ts).
 */

/** F = logit[answer] - logit[wrong] at the last token, in logits. */
export interface LogitDifference {
  readonly name: 'logit_difference';
  /** Token ids. */
  readonly answer: number;
  readonly wrong: number;
}

/**
 * What a set of tokens has over another: sum of p over `positive` - sum of p over `negative`, from -1 to 1, or at scale
 * `logit` log-sum-exp of the logits of `positive` - that of `negative`, in logits.
 */
export interface SetDifference {
  readonly name: 'set_difference';
  readonly scale: 'probability' | 'logit';
  /** Token ids, each once; no token is in both. */
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** F = log p(answer), in nats. */
export interface LogProbability {
  readonly name: 'log_probability';
  /** Token id. */
  readonly answer: number;
}

/** F = KL(reference || run) = sum of p_reference (log p_reference - log p_run), in nats; never below 0. */
export interface KlDivergence {
  readonly name: 'kl_divergence';
  /** Log probabilities of the clean run: [vocabulary]. */
  readonly reference: Float32Array;
}

export type Metric = LogitDifference | SetDifference | LogProbability | KlDivergence;

export function logitDifference(answer: number, wrong: number): LogitDifference {
  return { name: 'logit_difference', answer, wrong };
}

export function setDifference(
  scale: SetDifference['scale'],
  positive: readonly number[],
  negative: readonly number[],
): SetDifference {
  return { name: 'set_difference', scale, positive, negative };
}

export function logProbability(answer: number): LogProbability {
  return { name: 'log_probability', answer };
}

/** The divergence from a run with these logits at its last token: [vocabulary]. */
export function klDivergence(logits: ArrayLike<number>): KlDivergence {
  const total = logSumExp(logits);
  return { name: 'kl_divergence', reference: Float32Array.from(logits, (logit) => logit - total) };
}

/**
 * The metric on whose scale labels are given: where F saturates, two components that add up in logits look like an AND
 * or an OR. Itself for a logit difference and a log probability; absent for KL, which has no signed D.
 */
export function labelMetric(metric: Metric): Metric | undefined {
  switch (metric.name) {
    case 'logit_difference':
    case 'log_probability':
      return metric;
    case 'set_difference':
      return metric.scale === 'logit' ? metric : { ...metric, scale: 'logit' };
    case 'kl_divergence':
      return undefined;
  }
}

/**
 * The metric of one row of logits [vocabulary], in float64.
 * Throws RangeError where a token lies outside the row, or a reference has another length.
 */
export function evaluateMetric(metric: Metric, logits: ArrayLike<number>): number {
  const row = Float64Array.from(logits);
  switch (metric.name) {
    case 'logit_difference':
      return at(row, metric.answer) - at(row, metric.wrong);
    case 'set_difference': {
      const [positive, negative] = [metric.positive, metric.negative].map((set) =>
        logSumExp(set.map((token) => at(row, token))),
      ) as [number, number];
      if (metric.scale === 'logit') return positive - negative;
      const total = logSumExp(row);
      return Math.exp(positive - total) - Math.exp(negative - total);
    }
    case 'log_probability':
      return at(row, metric.answer) - logSumExp(row);
    case 'kl_divergence':
      return divergence(metric.reference, row);
  }
}

function divergence(reference: Float32Array, row: Float64Array): number {
  if (reference.length !== row.length)
    throw new RangeError(`a reference of ${reference.length} tokens does not fit ${row.length} logits`);
  const total = logSumExp(row);
  return reference.reduce((sum, logP, token) => sum + Math.exp(logP) * (logP - (row[token]! - total)), 0);
}

function at(row: Float64Array, token: number): number {
  const logit = row[token];
  if (logit !== undefined) return logit;
  throw new RangeError(`token ${token} does not lie in a row of ${row.length} logits`);
}

/** log(sum(exp(x))), without overflow. */
function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - largest);
  return largest + Math.log(sum);
}
