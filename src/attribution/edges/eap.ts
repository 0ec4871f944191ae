/**
 * Edge attribution patching (Syed et al. 2023, "Attribution Patching Outperforms Automated Circuit Discovery").
 *
 *     score(u -> v) = sum over positions of <other_u - base_u, dF/d(input of v) at the base run>
 *
 * 1. The base run goes forward and back once; each head's query, key and value input has a gradient of its own, through
 *    a norm of its own.
 * 2. One matrix product of all changes with all gradients gives every edge (`edge-scores.ts`).
 *
 * A score is the first-order estimate of F(edge patched) - F(base). A node's edges sum to attribution patching of the
 * node, gradient x difference. The edges out of `input` sum to the first-order estimate of F(other) - F(base); so do
 * the edges into `logits`, with another first-order estimate (the final norm alone linearised).
 */
import type { Run } from '../../patch/pair-runs.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { batched, full } from '../../tensor/tensor.ts';
import { attributionPatching } from '../attribution-patching.ts';
import type { Method } from '../method.ts';
import { type EdgeScores, edgeScores } from './edge-scores.ts';
import { addGradients, emptySums } from './gradient-sums.ts';

/** Scores of all edges by the gradients of the base run. */
export async function edgeAttributionPatching(
  chain: SuffixChain,
  base: Run,
  other: Run,
): Promise<EdgeScores> {
  const sums = emptySums(chain, true);
  await addGradients(chain, sums, { start: 0, states: batched(base.states[0]!), cotangent: full([1], 1) });
  const path = { moved: 'nothing', points: 1, alphas: [0], zero: 'base' } as const;
  return edgeScores(chain, base, other, sums.receivers!, path);
}

/** EAP's scores of nodes: those of attribution patching. Neurons have no edges of their own; they share their MLP's. */
export const eap: Method = {
  ...attributionPatching,
  name: 'eap',
  title: 'EAP (nodes)',
  meaning: 'The sum of the first-order scores of the edges that leave the component: attribution patching.',
  source: 'Syed, Rager and Conmy 2023',
};
