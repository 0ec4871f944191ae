/**
 * One pair: F of its sets and of their random sets, all of a direction and kind in batches; and all heads patched again
 * while the labelled ones are ablated.
 */
import { type FlatSet, metricsOfSets } from '../../mediation/set-patching.ts';
import { sourceOf } from '../../mediation/source.ts';
import type { OpenPair } from '../../patch/open-pair.ts';
import { type Random, seededRandom } from '../../stats/random.ts';
import type { Tensors } from '../../study/folder.ts';
import { tensor, type Tensor } from '../../tensor/tensor.ts';
import type { Direction, Kind } from '../../terms.ts';
import type { ReadScores } from '../analysis/pool.ts';
import { EXACT } from '../options.ts';
import { arrayName, OWN } from '../passes.ts';
import type { SetAblationOptions } from './options.ts';
import { matchedSet, randomSet, shareWithin } from './random-sets.ts';
import type { HeldOutSets, NamedSet, SetWork } from './sets.ts';

/** What a pair's set gave. Changes of F are against the base run; NaN for an empty set. */
export interface SetChanges {
  readonly size: number;
  readonly change: number;
  /** Means over random sets of either rule; NaN where there are none. */
  readonly random: ControlChange;
  readonly matched: ControlChange;
}

export interface ControlChange {
  readonly change: number;
  /** Mean share of the random sets that lies in the set itself. */
  readonly within: number;
}

export interface PairWork {
  readonly sets: HeldOutSets;
  readonly work: SetWork;
  readonly options: SetAblationOptions;
  readonly signal: AbortSignal | undefined;
}

/** Where a pair's results lie in its unit. */
export function changesName(kind: Kind, direction: Direction, { set, method }: NamedSet): string {
  return [direction, kind, set, ...(method === null ? [] : [method])].join('.');
}

/** All sets of a pair, as its unit holds them. */
export async function ablatePair(given: PairWork, open: OpenPair, pair: number): Promise<Tensors> {
  const { sets, work, options, signal } = given;
  const { components, directions } = work.record.options;
  const random = seededRandom(options.seed * 65_537 + pair);
  const found = new Map<string, Tensor>();
  for (const kind of components) {
    for (const direction of directions) {
      const own = await ownChanges(work, kind, direction, pair);
      const named = sets.of(pair, kind, direction);
      const groups = named.map(({ members }) =>
        members.length === 0 ? [] : drawn(random, members, work.record.shape[kind], own, options.random),
      );
      const runs: FlatSet[] = [[], ...groups.flatMap((group) => group.map(({ members }) => members))];
      const metrics = await metricsOfSets(open.chain, sourceOf(open, direction), kind, runs, signal);
      let from = 1;
      named.forEach((one, i) => {
        const group = groups[i]!;
        const changes = group.map((_, k) => metrics[from + k]! - metrics[0]!);
        from += group.length;
        found.set(changesName(kind, direction, one), encoded(one.members.length, group, changes));
      });
    }
  }
  return found;
}

interface Drawn {
  readonly rule: 'set' | 'random' | 'matched';
  readonly members: FlatSet;
  readonly within: number;
}

function drawn(
  random: Random,
  set: FlatSet,
  perLayer: number,
  own: Float32Array | undefined,
  draws: number,
): Drawn[] {
  const all: Drawn[] = [{ rule: 'set', members: set, within: 1 }];
  for (let draw = 0; draw < draws; draw++) {
    const members = randomSet(random, set, perLayer);
    all.push({ rule: 'random', members, within: shareWithin(members, set) });
  }
  for (let draw = 0; own && draw < draws; draw++) {
    const members = matchedSet(random, set, perLayer, own);
    const within = shareWithin(members, set);
    // A set of which no member has a match is no control.
    if (within < 1) all.push({ rule: 'matched', members, within });
  }
  return all;
}

function encoded(size: number, group: readonly Drawn[], changes: readonly number[]): Tensor {
  const meanOf = (rule: Drawn['rule']) => {
    const own = group.flatMap((one, k) => (one.rule === rule ? [[changes[k]!, one.within] as const] : []));
    return [0, 1].map((what) => own.reduce((sum, each) => sum + each[what]!, 0) / own.length);
  };
  const values = [size, changes[0] ?? Number.NaN, ...meanOf('random'), ...meanOf('matched')];
  return tensor(Float32Array.from(values), [values.length]);
}

/** Reads back what `ablatePair` gave for a set. */
export function changesOf({ data }: Pick<Tensor, 'data'>): SetChanges {
  const [size, change, random, randomWithin, matched, matchedWithin] = data;
  return {
    size: size!,
    change: change!,
    random: { change: random!, within: randomWithin! },
    matched: { change: matched!, within: matchedWithin! },
  };
}

async function ownChanges(
  { read, record: { options } }: { readonly read: ReadScores; readonly record: SetWork['record'] },
  kind: Kind,
  direction: Direction,
  pair: number,
): Promise<Float32Array | undefined> {
  if (!options.gains || !options.methods.includes(EXACT)) return undefined;
  return read(arrayName(OWN, direction, kind), pair);
}

/**
 * For each direction what patching every head alone and again with the labelled heads ablated changes in F: `before` and
 * `after` [layers x heads]. NaN after for those that are ablated; directions without labelled heads are absent.
 */
export async function takeoverOf(
  { sets, work, signal }: PairWork,
  open: OpenPair,
  pair: number,
): Promise<Tensors> {
  const { shape, options } = work.record;
  const size = shape.layers * shape.heads;
  const found = new Map<string, Tensor>();
  for (const direction of options.directions) {
    const knocked = sets.of(pair, 'heads', direction).find(({ set }) => set === 'labelled')?.members ?? [];
    if (knocked.length === 0) continue;
    const all = Array.from({ length: size }, (_, head) => head);
    const others = all.filter((head) => !knocked.includes(head));
    const runs = [[], knocked, ...all.map((head) => [head]), ...others.map((head) => [...knocked, head])];
    const metrics = await metricsOfSets(open.chain, sourceOf(open, direction), 'heads', runs, signal);
    const before = Float32Array.from(all, (head) => metrics[2 + head]! - metrics[0]!);
    const after = new Float32Array(size).fill(Number.NaN);
    others.forEach((head, k) => {
      after[head] = metrics[2 + size + k]! - metrics[1]!;
    });
    found.set(`before.${direction}`, tensor(before, [size]));
    found.set(`after.${direction}`, tensor(after, [size]));
  }
  return found;
}
