/** The regions of the labels in the plane of noising and denoising effects, for axes that are logarithmic beyond tau. */
import type { Label } from '../results/study-json.ts';
import type { Contrast } from '../terms.ts';

export type Corner = readonly [noising: number, denoising: number];

export interface LabelRegion {
  label: Label;
  corners: readonly Corner[];
  /** Places for its name, the best first. */
  namePlaces: readonly Corner[];
}

const mirrored = (corners: readonly Corner[]): Corner[] => corners.map(([x, y]) => [y, x] as const);

/**
 * The four regions within a square domain.
 * AND: noising >= tau and |denoising| <= noising / 3; OR: the mirror image; ADDER: both >= tau, larger < 1.5 x
 * smaller; inhibitory: both <= -tau. The domain must reach from -high / 3 at least.
 */
export function labelRegions(
  tau: number,
  [low, high]: readonly [number, number],
  contrast: Contrast,
): LabelRegion[] {
  const and: Corner[] = [
    [tau, -tau / 3],
    [high, -high / 3],
    [high, high / 3],
    [tau, tau / 3],
  ];
  const adder: Corner[] = [
    [tau, tau],
    [1.5 * tau, tau],
    [high, (2 * high) / 3],
    [high, high],
    [(2 * high) / 3, high],
    [tau, 1.5 * tau],
  ];
  const inhibitory: Corner[] = [
    [-tau, -tau],
    [-tau, low],
    [low, low],
    [low, -tau],
  ];
  const andNames: Corner[] = [
    [0.75 * high, -0.12 * high],
    [0.75 * high, 0.12 * high],
    [0.75 * high, -0.06 * high],
    [0.75 * high, 0.06 * high],
    [0.4 * high, -0.06 * high],
  ];
  const orNames: Corner[] = [
    [-0.06 * high, 0.88 * high],
    [0.06 * high, 0.88 * high],
    [0, 0.88 * high],
    [-0.06 * high, 0.6 * high],
    [0.06 * high, 0.6 * high],
  ];
  const adderNames: Corner[] = [
    [0.75 * high, 0.72 * high],
    [0.5 * high, 0.5 * high],
    [0.3 * high, 0.3 * high],
  ];
  // The middle of the region as it is drawn.
  const middle = -Math.sqrt(-tau * low);
  const inhibitoryNames: Corner[] = [
    [middle, 0.85 * low],
    [middle, 0.5 * low],
    [middle, middle],
  ];
  const swap = contrast === 'swap';
  return [
    { label: swap ? 'noising_only' : 'and', corners: and, namePlaces: andNames },
    { label: swap ? 'denoising_only' : 'or', corners: mirrored(and), namePlaces: orNames },
    { label: 'adder', corners: adder, namePlaces: adderNames },
    { label: 'inhibitory', corners: inhibitory, namePlaces: inhibitoryNames },
  ];
}
