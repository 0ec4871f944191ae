/**
 * Seeded randomness: the same seed gives the same draws on every machine (xoroshiro128+ of pure-rand).
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const TWO_TO_32 = 2 ** 32;

export interface Random {
  /**
   * A whole number from 0 to n - 1, each equally likely to within n / 2^32 (pure-rand's exact `uniformInt` takes several
   * times as long, and draws of matched sets need millions). Throws RangeError where n is no positive whole number.
   */
  below(n: number): number;
}

/** A generator of its own: no state is shared between two of them. `seed` is a whole number of 32 bits. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(mixed(seed));
  return {
    below(n: number): number {
      if (!Number.isInteger(n) || n < 1) throw new RangeError(`expected a positive whole number, got ${n}`);
      return Math.floor(((generator.next() >>> 0) / TWO_TO_32) * n);
    },
  };
}

/**
 * Every bit of a seed in every bit of what the generator starts from: seeds that lie close would else draw nearly alike
 * at first. One to one: the finaliser of MurmurHash3 (A. Appleby, public domain).
 */
function mixed(seed: number): number {
  // Away from 0, which the steps leave as it is.
  let bits = (seed + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) | 0;
}

/** A random permutation of 0 to n - 1 (Fisher-Yates). */
export function permutation(random: Random, n: number): number[] {
  return sampleWithout(random, n, n);
}

/** `count` different numbers from 0 to n - 1 in random order: draws without replacement. */
export function sampleWithout(random: Random, n: number, count: number): number[] {
  if (count > n) throw new RangeError(`cannot draw ${count} different values of ${n}`);
  const deck = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(n - i);
    const drawn = deck[j]!;
    deck[j] = deck[i]!;
    deck[i] = drawn;
  }
  return deck.slice(0, count);
}
