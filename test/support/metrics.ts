/**
 * The metrics of a case's `metrics.safetensors` (reference/metrics.py), by the names of its arrays.
 */
import { klDivergence, logProbability, type Metric, setDifference } from '../../src/tasks/metric.ts';
import { readCase, type ReferenceCase } from './cases.ts';

export interface MeasuredCase {
  /** Its arrays begin with the name of a metric and a dot. */
  readonly reference: ReferenceCase;
  readonly metrics: ReadonlyMap<string, Metric>;
}

export function readMetrics(name: string): MeasuredCase {
  const reference = readCase(name, 'metrics.safetensors');
  const set = (which: string) => [...reference.expected(which).data];
  const [positive, negative] = [set('positive'), set('negative')];
  const logits = readCase(name).expected('hf.clean.logits');
  const metrics = new Map<string, Metric>([
    ['set_difference.probability', setDifference('probability', positive, negative)],
    ['set_difference.logit', setDifference('logit', positive, negative)],
    ['log_probability', logProbability(reference.pair.answer)],
    ['kl_divergence', klDivergence(logits.data.slice(-logits.shape.at(-1)!))],
  ]);
  return { reference, metrics };
}
