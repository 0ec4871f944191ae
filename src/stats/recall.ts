/**
 * The largest values of a list, and how many of one list's largest are among another's.
 *
 * The top k of a list are its k values of largest size; of equal sizes the earlier ones. A value of 0 is in no top:
 * a list with fewer values other than 0 has a shorter one.
 */

/** Positions of all values other than 0, largest size first, of equal ones the earlier. NaN stands last, as 0 does: nowhere. */
export function bySize(values: ArrayLike<number>): Uint32Array {
  const positions: number[] = [];
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > 0) positions.push(i);
  return Uint32Array.from(positions).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b);
}

/** Place of each position in an order, from 0; `Infinity` for those that are not in it. */
export function placesIn(order: ArrayLike<number>, length: number): Float64Array {
  const places = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
  for (let place = 0; place < order.length; place++) places[order[place]!] = place;
  return places;
}

/** How many of the top k are members, and how many of those a method finds. */
export interface Found {
  readonly found: number;
  readonly among: number;
}

/**
 * Of the top k of `order`, the `members` (all by default): how many there are, and how many have one of the first k
 * places of another order, `places`. Recall at k is found / among; with all of them it is also the precision.
 */
export function foundAt(
  order: ArrayLike<number>,
  places: ArrayLike<number>,
  k: number,
  members: (position: number) => boolean = () => true,
): Found {
  let [found, among] = [0, 0];
  for (let i = 0; i < Math.min(k, order.length); i++) {
    const position = order[i]!;
    if (!members(position)) continue;
    among++;
    if (places[position]! < k) found++;
  }
  return { found, among };
}
