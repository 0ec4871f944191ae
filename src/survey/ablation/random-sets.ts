/**
 * Random sets to compare a set with: as many members in every layer.
 *
 *   random     others of the layer, each equally likely
 *   matched    for each member another of its layer whose own change is within a factor e^0.25, none twice
 *
 * Where a layer has too few others, members of the set fill the rest; a member without a match keeps its own place. The
 * share of such members is told: it brings a random set nearer to the set, never further.
 */
import { OWN_CHANGE_CALIPER } from '../../latent/controls.ts';
import type { FlatSet } from '../../mediation/set-patching.ts';
import { permutation, type Random, sampleWithout } from '../../stats/random.ts';

/** A random set of as many members in each layer, ascending by layer. `perLayer`: heads or neurons of a layer. */
export function randomSet(random: Random, set: FlatSet, perLayer: number): number[] {
  return [...byLayer(set, perLayer)].flatMap(([layer, members]) => {
    const others = othersOf(layer, members, perLayer);
    const taken = Math.min(others.length, members.length);
    const rest = sampleWithout(random, members.length, members.length - taken).map((i) => members[i]!);
    return [...sampleWithout(random, others.length, taken).map((i) => others[i]!), ...rest];
  });
}

/** A set in which members are exchanged for others of their layer with nearly the same own change: [layers x perLayer]. */
export function matchedSet(random: Random, set: FlatSet, perLayer: number, own: ArrayLike<number>): number[] {
  return [...byLayer(set, perLayer)].flatMap(([layer, members]) => {
    const others = othersOf(layer, members, perLayer)
      .filter((place) => own[place]! > 0)
      .sort((a, b) => own[a]! - own[b]!);
    const free = new Set(others);
    return permutation(random, members.length).map((i) => {
      const member = members[i]!;
      const near = nearest(others, own, own[member]!).filter((place) => free.has(place));
      if (near.length === 0) return member;
      const taken = near[random.below(near.length)]!;
      free.delete(taken);
      return taken;
    });
  });
}

/** The share of a random set that lies in the set itself. */
export function shareWithin(drawn: FlatSet, set: FlatSet): number {
  const members = new Set(set);
  return drawn.filter((place) => members.has(place)).length / drawn.length;
}

function byLayer(set: FlatSet, perLayer: number): Map<number, number[]> {
  const layers = new Map<number, number[]>();
  for (const member of set) {
    const layer = Math.floor(member / perLayer);
    const known = layers.get(layer);
    if (known) known.push(member);
    else layers.set(layer, [member]);
  }
  return layers;
}

function othersOf(layer: number, members: readonly number[], perLayer: number): number[] {
  const taken = new Set(members);
  return Array.from({ length: perLayer }, (_, i) => layer * perLayer + i).filter(
    (place) => !taken.has(place),
  );
}

/** Of places in ascending order of own change those within the caliper. */
function nearest(sorted: readonly number[], own: ArrayLike<number>, value: number): readonly number[] {
  if (!(value > 0)) return [];
  const below = (limit: number, isIn: (own: number, limit: number) => boolean): number => {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isIn(own[sorted[middle]!]!, limit)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const factor = Math.exp(OWN_CHANGE_CALIPER);
  return sorted.slice(
    below(value / factor, (a, b) => a < b),
    below(value * factor, (a, b) => a <= b),
  );
}
