/**
 * Layer integrated gradients (Sundararajan et al. 2017; per layer as in Captum's LayerIntegratedGradients).
 *
 *     score(c) = (other_c - base_c) . mean over alpha of dF/dc at base + alpha (other - base)
 *
 * For one layer and one kind (all heads together, or all neurons):
 * 1. what comes before is the base run's;
 * 2. the kind's activations move in a straight line from base to other, and the stream behind them with them;
 * 3. what follows is recomputed at each Gauss-Legendre point, forward and back;
 * 4. the mean gradient of the stream, through W_O or W_out, is that of each component (2 to 4: `layer-path.ts`).
 *
 * Scores of a layer sum to F(whole layer patched) - F(base), up to quadrature: the completeness gap says by how much
 * they miss. It is a joint score: layer-mates move together.
 */
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Kind } from '../terms.ts';
import { layerPath, type LayerScores, partScores, WHOLE_PATH } from './layer-path.ts';
import { layerByLayer, type Method } from './method.ts';

export type { LayerScores };

/** Rows of one program at most: points of the path, and its two ends. */
export const MAX_ROWS = 64;
/** Gauss-Legendre points, where nothing else is asked for. */
export const DEFAULT_STEPS = 50;
/** Where `auto` stops doubling. */
export const MAX_STEPS = 1600;
/** `auto` doubles until the gap is below this share of max(|D|, sum of |scores|). */
export const AUTO_TOLERANCE = 1e-3;

/** Scores of one layer and kind, from `base` to `other`; `most`: rows of one program. */
export function layerIntegratedGradients(
  chain: SuffixChain,
  layer: number,
  kind: Kind,
  base: Run,
  other: Run,
  steps: number,
  most: number = MAX_ROWS,
): Promise<LayerScores> {
  return partScores(layerPath(chain, layer, kind, base, other), WHOLE_PATH, steps, most);
}

/** Doubles the points until the gap is small against max(|D|, sum of |scores|), or MAX_STEPS are reached. */
export async function refinedScores(
  run: (steps: number) => Promise<LayerScores>,
  firstSteps: number,
  d: number,
): Promise<LayerScores> {
  let scores = await run(firstSteps);
  while (scores.steps < MAX_STEPS) {
    if (isComplete(scores, d)) break;
    scores = await run(Math.min(2 * scores.steps, MAX_STEPS));
  }
  return scores;
}

/** Whether the completeness gap is as small as `auto` wants it, for D = `d`. */
export function isComplete({ positions, gap }: Omit<LayerScores, 'steps'>, d: number): boolean {
  const size = positions.data.reduce((total, score) => total + Math.abs(score), 0);
  return Math.abs(gap) < AUTO_TOLERANCE * Math.max(Math.abs(d), size);
}

export const layerIg: Method = {
  name: 'layer_ig',
  title: 'Layer integrated gradients',
  meaning:
    'What the component adds while all components of its layer and kind move together from the base run to the other.',
  sumsTo: 'Per layer and kind: F(whole layer patched) - F(base), up to quadrature.',
  sign: 'as ap',
  cost: 'Per layer and kind: 52 runs of the layers behind, forward and back (50 points).',
  passes: (steps = DEFAULT_STEPS) => [steps + 2],
  source: 'Sundararajan et al. 2017; per layer as in Captum',
  run: (input) =>
    layerByLayer(input, async (kind, layer) => {
      const { chain, base, other, steps = DEFAULT_STEPS, rows } = input;
      return (await layerIntegratedGradients(chain, layer, kind, base, other, steps, rows)).positions;
    }),
};
