/** Partners of components, from the arrays of a study to the fields of `study.json`. */
import { findPartners } from '../latent/partners.ts';
import type { Mediation } from '../results/mediation.ts';
import type { StudyJson } from '../results/study-json.ts';
import { type Contrast, type Direction, DIRECTIONS, type MetricValues } from '../terms.ts';
import type { Scores } from './describe.ts';

/**
 * Fields of `study.json`: none for a study without mediation. `scores` are those of `scores.safetensors`; only
 * directions in which both pairs and `ap` of all their kinds were computed count.
 */
export function describePartners(
  mediation: Mediation | undefined,
  scores: Scores,
  metric: MetricValues,
  contrast: Contrast,
  tau: number,
): Pick<StudyJson, 'partners' | 'hidden_backups'> {
  if (!mediation) return {};
  const { components, pairs } = mediation;
  const ap: Partial<Record<Direction, number[]>> = {};
  for (const direction of DIRECTIONS) {
    if (!components.every(({ kind }) => scores.has(`ap.${direction}.${kind}`))) continue;
    ap[direction] = components.map(({ kind, component: [layer, index] }) => {
      const { shape, data } = scores.get(`ap.${direction}.${kind}`)!;
      return data[layer * shape[1]! + index]!;
    });
  }
  const { partners, hidden } = findPartners({ components, ap, pairs, metric, contrast, tau });
  return { partners, hidden_backups: hidden };
}
