/**
 * Split integrated gradients (Miglani et al. 2020, "Investigating saturation effects in integrated gradients").
 *
 *     unsaturated(c) = (other_c - base_c) . integral from 0 to alpha* of dF/dc at base + alpha (other - base)
 *     saturated(c)   = the same from alpha* to 1
 *
 * For one layer and kind, on the path of layer integrated gradients (`layer-path.ts`):
 * 1. alpha* is where F has first moved by the share phi of its whole change along the path;
 * 2. each part has Gauss-Legendre points of its own, as many as the whole path has in layer integrated gradients.
 *
 * The two scores sum to integrated gradients. The unsaturated scores of a layer sum to phi (F(whole layer patched) -
 * F(base)), the saturated ones to the rest, up to quadrature.
 *
 * Our choices: "first" is looked for at 32 equal intervals (a shorter excursion of F is not seen), then at 32 within the
 * one found, and by a straight line within the last. Where F ends as it began there is no share: all is unsaturated.
 */
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Kind } from '../terms.ts';
import { DEFAULT_STEPS, MAX_ROWS } from './integrated-gradients.ts';
import {
  type LayerPath,
  layerPath,
  type LayerScores,
  metricsAt,
  type Part,
  partScores,
} from './layer-path.ts';
import { layerByLayer, type Method, type MethodInput, type Scores } from './method.ts';

/** The share of F's change at which a path counts as saturated, as in the paper. */
export const PHI = 0.9;
/** Intervals of one look along the path. */
const INTERVALS = 32;

export type PathPart = 'unsaturated' | 'saturated';

export interface SplitOptions {
  readonly steps?: number;
  readonly phi?: number;
  /** Rows of one program at most. */
  readonly most?: number;
}

/** The parts of the path of one layer and kind: [0, alpha*] and [alpha*, 1]. */
async function partsOf(path: LayerPath, phi: number, most: number): Promise<Record<PathPart, Part>> {
  const alpha = await saturation(path, phi, most);
  return { unsaturated: { from: 0, to: alpha }, saturated: { from: alpha, to: 1 } };
}

/** Scores of one layer and kind, and where its path saturates. */
export async function splitIntegratedGradients(
  chain: SuffixChain,
  layer: number,
  kind: Kind,
  base: Run,
  other: Run,
  { steps = DEFAULT_STEPS, phi = PHI, most = MAX_ROWS }: SplitOptions = {},
): Promise<Record<PathPart, LayerScores> & { readonly alpha: number }> {
  const path = layerPath(chain, layer, kind, base, other);
  const parts = await partsOf(path, phi, most);
  return {
    alpha: parts.unsaturated.to,
    unsaturated: await partScores(path, parts.unsaturated, steps, most),
    saturated: await partScores(path, parts.saturated, steps, most),
  };
}

/** alpha*: the first place of the path where F has moved by the share phi of its whole change. */
async function saturation(path: LayerPath, phi: number, most: number): Promise<number> {
  const places = dividing({ from: 0, to: 1 });
  const first = await metricsAt(path, places, most);
  const change = first.at(-1)! - first[0]!;
  if (change === 0) return 1;
  const shares = (metrics: readonly number[]) => metrics.map((metric) => (metric - first[0]!) / change);
  const coarse = crossing(places, shares(first), phi);
  const within = dividing({ from: coarse.before.alpha, to: coarse.after.alpha });
  const fine = crossing(within, shares(await metricsAt(path, within, most)), phi);
  const { before, after } = fine;
  const rise = after.share - before.share;
  // Rounding can take the crossing out of the interval that was found.
  const part = rise > 0 ? Math.min(1, Math.max(0, (phi - before.share) / rise)) : 1;
  return before.alpha + part * (after.alpha - before.alpha);
}

function dividing({ from, to }: Part): number[] {
  return Array.from({ length: INTERVALS + 1 }, (_, i) => from + ((to - from) * i) / INTERVALS);
}

interface Place {
  readonly alpha: number;
  readonly share: number;
}

/** The first interval at whose end the share is reached; the last where it is at none. */
function crossing(
  places: readonly number[],
  shares: readonly number[],
  phi: number,
): { before: Place; after: Place } {
  const reached = shares.findIndex((share, i) => i > 0 && share >= phi);
  const end = reached < 0 ? places.length - 1 : reached;
  const at = (i: number): Place => ({ alpha: places[i]!, share: shares[i]! });
  return { before: at(end - 1), after: at(end) };
}

function runPart(input: MethodInput, part: PathPart): Promise<Scores> {
  const { chain, base, other, steps = DEFAULT_STEPS, rows = MAX_ROWS } = input;
  return layerByLayer(input, async (kind, layer) => {
    const path = layerPath(chain, layer, kind, base, other);
    const parts = await partsOf(path, PHI, rows);
    return (await partScores(path, parts[part], steps, rows)).positions;
  });
}

const SHARED: Pick<Method, 'sign' | 'cost' | 'passes' | 'source'> = {
  sign: 'as ap',
  cost: 'Per layer and kind: 118 runs of the layers behind, forward and back (66 to find the place, 50 points, 2 ends).',
  passes: (steps = DEFAULT_STEPS) => [INTERVALS + 1, INTERVALS + 1, steps + 2],
  source: 'Miglani et al. 2020',
};

export const splitIgUnsaturated: Method = {
  ...SHARED,
  name: 'split_ig_unsaturated',
  title: 'Split-IG, unsaturated part',
  meaning:
    'Layer integrated gradients up to the place of the path where F has first moved by 0.9 of its whole change.',
  sumsTo: 'Per layer and kind: 0.9 (F(whole layer patched) - F(base)), up to quadrature.',
  run: (input) => runPart(input, 'unsaturated'),
};

export const splitIgSaturated: Method = {
  ...SHARED,
  name: 'split_ig_saturated',
  title: 'Split-IG, saturated part',
  meaning:
    'Layer integrated gradients over the rest of that path; both parts sum to layer integrated gradients.',
  sumsTo: 'Per layer and kind: 0.1 (F(whole layer patched) - F(base)), up to quadrature.',
  run: (input) => runPart(input, 'saturated'),
};
