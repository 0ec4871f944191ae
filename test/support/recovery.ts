/**
 * How much of a planted circuit (planted.ts, planted-noise.ts) each method finds: precision and recall of its labels and
 * of its scores, counted over circuits. docs/planted.md prints the tables.
 */
import { METHODS } from '../../src/attribution/methods.ts';
import { DEFAULT_TAU, type Label, labelComponents, normalisedEffects } from '../../src/latent/labels.ts';
import type { Model } from '../../src/patch/model.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import type { StudyResults } from '../../src/results/read.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS, type MetricValues } from '../../src/terms.ts';
import type { Planted } from './planted.ts';
import { runStudy, scoreOf } from './studies.ts';

/** What is planted, what a method claims, and what is both. Precision is found / claimed, recall found / planted. */
export interface Counts {
  readonly planted: number;
  readonly claimed: number;
  readonly found: number;
}

/** One kind of finding, e.g. a column of a table, to its counts. */
export type Findings = ReadonlyMap<string, Counts>;
/** A method, or a measure of pairs, to its findings. */
export type Recovery = ReadonlyMap<string, Findings>;

/** Scores that lie closer than this share of the k-th tie with it. */
const TIE = 0.01;

/** Claimed is what reaches the threshold in size. */
export function countAtLeast(
  sizes: ArrayLike<number>,
  planted: readonly boolean[],
  threshold: number,
): Counts {
  const claimed = planted.map((_, i) => Math.abs(sizes[i]!) >= threshold);
  return {
    planted: planted.filter(Boolean).length,
    claimed: claimed.filter(Boolean).length,
    found: claimed.filter((claims, i) => claims && planted[i]).length,
  };
}

/**
 * Claimed are the k largest sizes, as many as are planted: recall is precision. Those that tie with the k-th share the
 * places that are left, so that rounding decides nothing.
 */
export function countInTop(scores: ArrayLike<number>, planted: readonly boolean[]): Counts {
  const k = planted.filter(Boolean).length;
  if (k === 0) return { planted: 0, claimed: 0, found: 0 };
  const sizes = Array.from(scores, Math.abs);
  const last = sizes.toSorted((a, b) => b - a)[k - 1]!;
  const above = sizes.map((size) => size > last * (1 + TIE));
  const tied = sizes.map((size, i) => !above[i] && size >= last * (1 - TIE));
  const count = (of: readonly boolean[]) => of.filter(Boolean).length;
  const share = (k - count(above)) / count(tied);
  const foundOf = (of: readonly boolean[]) => of.filter((is, i) => is && planted[i]).length;
  return { planted: k, claimed: k, found: foundOf(above) + share * foundOf(tied) };
}

/** Claimed are labels, found those that are the planted ones. `only`: of one label. */
export function countLabels(
  labels: readonly (Label | undefined)[],
  planted: readonly (Label | undefined)[],
  only?: Label,
): Counts {
  const counts = (label: Label | undefined) => label !== undefined && (only === undefined || label === only);
  return {
    planted: planted.filter(counts).length,
    claimed: labels.filter(counts).length,
    found: labels.filter((label, i) => counts(label) && label === planted[i]).length,
  };
}

/** Heads, then neurons, of all layers. */
const bothKinds = <T>(of: (kind: Kind) => Iterable<T>): T[] => KINDS.flatMap((kind) => [...of(kind)]);

type Scores = Readonly<Record<Direction, Float32Array>>;

function findingsOf(planted: Planted, scores: Scores, metric: MetricValues, isSigned: boolean): Findings {
  const labels = bothKinds((kind) => planted[kind].labels);
  const given = isSigned ? labelComponents(scores, metric) : undefined;
  const effects = DIRECTIONS.map((direction) => normalisedEffects(scores[direction], metric, direction));
  const strongest = effects[0]!.map((e, i) => Math.max(Math.abs(e), Math.abs(effects[1]![i]!)));
  const top = (direction: Direction) =>
    countInTop(
      scores[direction],
      bothKinds((kind) => planted[kind].ap[direction]).map((ap) => ap !== 0),
    );
  return new Map([
    ...(given
      ? ([
          ['AND', countLabels(given, labels, 'and')],
          ['OR', countLabels(given, labels, 'or')],
          ['all labels', countLabels(given, labels)],
        ] as const)
      : []),
    ['parts', countAtLeast(strongest, workingParts(planted), DEFAULT_TAU)],
    ['top, noising', top('noising')],
    ['top, denoising', top('denoising')],
  ]);
}

/** Heads and neurons with a part in the circuit: all that are named but the distractor. */
function workingParts({ where, heads, neurons }: Planted): boolean[] {
  const parts = new Set(
    [...where]
      .filter(([role]) => role !== 'distractor')
      .map(([role, [layer, index]]) =>
        role.startsWith('gate')
          ? heads.labels.length + layer * neurons.perLayer + index
          : layer * heads.perLayer + index,
      ),
  );
  return bothKinds((kind) => (kind === 'heads' ? heads : neurons).labels).map((_, i) => parts.has(i));
}

/** Exact patching and every method, on one circuit. */
async function methodRecovery(
  model: Model,
  planted: Planted,
  results: StudyResults,
): Promise<Map<string, Findings>> {
  const { metric } = results.study;
  const exact = (direction: Direction) =>
    Float32Array.from(bothKinds((kind) => scoreOf(results, `ap.${direction}.${kind}`).data));
  const found = new Map<string, Findings>();
  const ap = { noising: exact('noising'), denoising: exact('denoising') };
  found.set('exact patching', findingsOf(planted, ap, metric, true));
  await withPair(model, pairFromIds(model.config, planted.pair), async ({ chain, runs }) => {
    for (const { name, run, sign } of METHODS) {
      const scored = async (direction: Direction) => {
        const scores = await run({ chain, ...baseAndOther(runs, direction), kinds: KINDS });
        return Float32Array.from(bothKinds((kind) => scores[kind]!.data));
      };
      const scores = { noising: await scored('noising'), denoising: await scored('denoising') };
      found.set(`\`${name}\``, findingsOf(planted, scores, metric, sign !== 'none'));
    }
  });
  return found;
}

/** Pairs of heads by exact interaction and mediation, and by `through`, on one circuit. */
async function pairRecovery(planted: Planted, results: StudyResults): Promise<Map<string, Findings>> {
  const { metric } = results.study;
  const { pairs } = (await results.mediation())!;
  const found = new Map<string, Findings>();
  for (const direction of DIRECTIONS) {
    const { interaction, via } = pairs[direction]!;
    const through = (await results.effects.read(direction, 'heads_to_heads_through'))!.data;
    for (const [name, measure, values] of [
      ['interaction', 'interaction', interaction],
      ['via', 'via', via],
      ['through', 'via', through],
    ] as const) {
      const all = pairsOf(planted, measure, direction);
      const scores = all.map(({ at }) => values[at]!);
      const truth = all.map(({ isPlanted }) => isPlanted);
      const threshold = DEFAULT_TAU * Math.abs(metric.clean - metric.corrupted);
      const findings = new Map([
        ['pairs', countAtLeast(scores, truth, threshold)],
        ['top', countInTop(scores, truth)],
      ]);
      found.set(`\`${name}\`, ${direction}`, findings);
    }
  }
  found.set('hidden backups', new Map([['pairs', hiddenBackups(planted, results)]]));
  return found;
}

/** The heads that the study lists as shown by pairs alone: the backup should be the one. */
function hiddenBackups({ where, heads }: Planted, { study }: StudyResults): Counts {
  const listed = study.hidden_backups!.map(({ component }) => component.join());
  const backup = where.get('backup')!.join();
  const all = heads.labels.map((_, i) => [Math.floor(i / heads.perLayer), i % heads.perLayer].join());
  return countAtLeast(
    all.map((head) => Number(listed.includes(head))),
    all.map((head) => head === backup),
    1,
  );
}

/** All pairs of heads that a measure speaks of: an earlier and a later layer, or any two for an interaction. */
function pairsOf(
  { heads, where, edges }: Planted,
  measure: 'interaction' | 'via',
  direction: Direction,
): { at: number; isPlanted: boolean }[] {
  const count = heads.labels.length;
  const place = (role: string) => where.get(role)![0] * heads.perLayer + where.get(role)![1];
  const planted = new Set(
    edges
      .filter((edge) => edge.measure === measure && edge[direction] !== 0)
      .map(({ source, target }) => [place(source), place(target)].sort((a, b) => a - b).join()),
  );
  const layerOf = (head: number) => Math.floor(head / heads.perLayer);
  return Array.from({ length: count * count }, (_, at) => [Math.floor(at / count), at % count] as const)
    .filter(([s, t]) => (measure === 'interaction' ? s < t : layerOf(s) < layerOf(t)))
    .map(([s, t]) => ({ at: s * count + t, isPlanted: planted.has(`${s},${t}`) }));
}

export interface CircuitRecovery {
  readonly methods: Recovery;
  readonly pairs: Recovery;
}

/** Runs everything on one circuit. `out`: a folder for its study. */
export async function recover(model: Model, planted: Planted, out: string): Promise<CircuitRecovery> {
  const pair = pairFromIds(model.config, planted.pair);
  // The study's own integrated gradients are not read here.
  const results = await runStudy(model, pair, { out, steps: 1 });
  return {
    methods: await methodRecovery(model, planted, results),
    pairs: await pairRecovery(planted, results),
  };
}

/** Counts of several circuits, added up. */
export function together(all: readonly Recovery[]): Recovery {
  const sum = (counts: readonly Counts[]): Counts => {
    const total = (of: keyof Counts) => counts.reduce((so, each) => so + each[of], 0);
    return { planted: total('planted'), claimed: total('claimed'), found: total('found') };
  };
  return new Map(
    [...all[0]!].map(([name, findings]) => [
      name,
      new Map([...findings.keys()].map((key) => [key, sum(all.map((each) => each.get(name)!.get(key)!))])),
    ]),
  );
}

const ratio = (part: number, whole: number): string => (whole === 0 ? '–' : (part / whole).toFixed(2));

/** "precision / recall"; one number where as many are claimed as are planted. */
function shown(counts: Counts | undefined, isTop: boolean): string {
  if (!counts) return '–';
  const recall = ratio(counts.found, counts.planted);
  return isTop ? recall : `${ratio(counts.found, counts.claimed)} / ${recall}`;
}

/** A table in Markdown: a row for each method or measure, a column for each finding of each group of circuits. */
export function recoveryTable(
  first: string,
  columns: readonly (readonly [title: string, recovery: Recovery, key: string])[],
): string {
  const names = [...columns[0]![1].keys()];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line([first, ...columns.map(([title]) => title)]),
    line(['', ...columns].map(() => '---')).replaceAll(' ', ''),
    ...names.map((name) =>
      line([
        name,
        ...columns.map(([, recovery, key]) => shown(recovery.get(name)!.get(key), key.startsWith('top'))),
      ]),
    ),
  ].join('\n');
}
