/** The regions of the labels in the plane of noising and denoising effects. */
import type { Label } from '../results/study-json.ts';
import type { Contrast } from '../terms.ts';

type Corner = readonly [noising: number, denoising: number];

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
    [0.86 * high, -0.23 * high],
    [0.86 * high, 0.23 * high],
    [0.6 * high, -0.14 * high],
  ];
  const orNames: Corner[] = [
    [-0.155 * high, 0.95 * high],
    [0.155 * high, 0.95 * high],
    [-0.1 * high, 0.7 * high],
  ];
  const adderNames: Corner[] = [
    [0.92 * high, 0.72 * high],
    [0.74 * high, 0.95 * high],
    [0.6 * high, 0.5 * high],
  ];
  const middle = (low - tau) / 2;
  const inhibitoryNames: Corner[] = [
    [middle, 0.93 * low],
    [middle, 0.6 * low],
    [middle, 0.8 * low],
  ];
  const swap = contrast === 'swap';
  return [
    { label: swap ? 'noising_only' : 'and', corners: and, namePlaces: andNames },
    { label: swap ? 'denoising_only' : 'or', corners: mirrored(and), namePlaces: orNames },
    { label: 'adder', corners: adder, namePlaces: adderNames },
    { label: 'inhibitory', corners: inhibitory, namePlaces: inhibitoryNames },
  ];
}
