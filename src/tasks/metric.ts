/**
 * Metrics as data: what is measured at a prompt's last token. The graph form that runs and gradients share is built
 * from the same data.
 */

/** F = logit[answer] - logit[wrong] at the last token, in logits. */
export interface LogitDifference {
  readonly name: 'logit_difference';
  /** Token ids. */
  readonly answer: number;
  readonly wrong: number;
}

export type Metric = LogitDifference;

export function logitDifference(answer: number, wrong: number): LogitDifference {
  return { name: 'logit_difference', answer, wrong };
}

/**
 * The metric of one row of logits [vocabulary], in float64.
 * Throws RangeError where a token lies outside the row.
 */
export function evaluateMetric(metric: Metric, logits: ArrayLike<number>): number {
  const answer = logits[metric.answer];
  const wrong = logits[metric.wrong];
  if (answer === undefined || wrong === undefined) {
    throw new RangeError(
      `tokens ${metric.answer} and ${metric.wrong} do not lie in a row of ${logits.length} logits`,
    );
  }
  return answer - wrong;
}
