/**
 * Shards: parts of a study that machines compute apart. Which units a shard has follows from the units alone, so that
 * machines need not speak to each other.
 */

/** Part `index` of `count`, from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** An ordinary study is its only shard. */
export const WHOLE: Shard = { index: 0, count: 1 };

/** More shards than any study of today can use. */
export const MAX_SHARDS = 10_000;

/** `1/3` */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * The units of one shard, in their own order. The heaviest unit goes first, each to the shard with the least so far,
 * ties to the lowest index: no shard weighs more than the mean of all and one unit.
 */
export function shardOf<U extends { readonly weight: number }>(units: readonly U[], shard: Shard): U[] {
  const owner = owners(units, shard.count);
  return units.filter((_, i) => owner[i] === shard.index);
}

/** The shard of each unit. */
export function owners(units: readonly { readonly weight: number }[], count: number): Int32Array {
  const owner = new Int32Array(units.length);
  const loads = new Float64Array(count);
  const heaviestFirst = units.map((_, i) => i).sort((a, b) => units[b]!.weight - units[a]!.weight || a - b);
  for (const i of heaviestFirst) {
    let least = 0;
    for (let s = 1; s < count; s++) if (loads[s]! < loads[least]!) least = s;
    owner[i] = least;
    loads[least]! += units[i]!.weight;
  }
  return owner;
}
