/**
 * The approximate scores of one pair: every method of an audit in every direction, each kept as it is done.
 */
import { methodNamed } from '../attribution/methods.ts';
import { throwIfCancelled } from '../errors.ts';
import { baseAndOther, type OpenPair } from '../patch/open-pair.ts';
import type { StudyResults } from '../results/read.ts';
import type { StudyFolder } from '../study/folder.ts';
import type { Done } from '../study/phases.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Direction, Kind } from '../terms.ts';
import { type AuditOptions, THROUGH } from './options.ts';

/** Methods that the study of the pair has run already, and what its scores are called. */
const RECORDED: Readonly<Record<string, string>> = { layer_ig: 'ig' };

/** One method in one direction. */
export interface MethodRun {
  /** The name of its file. */
  readonly unit: string;
  readonly method: string;
  readonly direction: Direction;
}

const SECONDS = 'seconds';

/** What has to be run for the pair with this number: a method's directions one after the other, as they share sessions. */
export function methodRuns(pair: number, { methods, directions }: AuditOptions): MethodRun[] {
  return methods
    .filter((method) => method !== THROUGH.name && RECORDED[method] === undefined)
    .flatMap((method) =>
      directions.map((direction) => ({ unit: `${pair}.${method}.${direction}`, method, direction })),
    );
}

export interface MethodWork {
  readonly folder: StudyFolder;
  readonly kinds: readonly Kind[];
  /** Rows of one program at most, as the study of the pair has them. */
  readonly rows: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs what the folder does not have yet. */
export async function runMethods(
  work: MethodWork,
  open: OpenPair,
  runs: readonly MethodRun[],
  done: Done,
): Promise<void> {
  const { folder, signal } = work;
  for (const [i, run] of runs.entries()) {
    throwIfCancelled(signal);
    if (!(await folder.has(run.unit))) await runMethod(work, open, run);
    // What one method built is nothing to the next.
    if (runs[i + 1]?.method !== run.method) await open.chain.release();
    await done(1);
  }
}

async function runMethod(
  { folder, kinds, rows, signal }: MethodWork,
  { chain, runs }: OpenPair,
  { unit, method, direction }: MethodRun,
): Promise<void> {
  const begun = performance.now();
  const input = { chain, ...baseAndOther(runs, direction), kinds };
  const limits = { ...(rows !== undefined && { rows }), ...(signal && { signal }) };
  const scores = await methodNamed(method).run({ ...input, ...limits });
  const seconds = tensor(Float32Array.of((performance.now() - begun) / 1000), [1]);
  const kept = kinds.map((kind): [string, Tensor] => [kind, scores[kind]!]);
  await folder.save(unit, new Map([...kept, [SECONDS, seconds]]));
}

/** The scores of one pair by method: `<direction>.<kind>` to [layers, n] flat; and the seconds that methods took. */
export interface MethodScores {
  readonly scores: ReadonlyMap<string, ReadonlyMap<string, Float32Array>>;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Reads back what `runMethods` kept, and what the study of the pair has. */
export async function methodScores(
  folder: StudyFolder,
  study: StudyResults,
  pair: number,
  options: AuditOptions,
): Promise<MethodScores> {
  const scores = new Map<string, Map<string, Float32Array>>();
  const seconds: Record<string, number> = {};
  for (const { unit, method, direction } of methodRuns(pair, options)) {
    const kept = await folder.load(unit);
    const own = scores.get(method) ?? new Map<string, Float32Array>();
    for (const kind of options.components) own.set(`${direction}.${kind}`, (kept.get(kind) as Tensor).data);
    scores.set(method, own);
    seconds[method] = (seconds[method] ?? 0) + kept.get(SECONDS)!.data[0]!;
  }
  for (const [method, prefix] of Object.entries(RECORDED)) {
    if (!options.methods.includes(method)) continue;
    const names = options.directions.flatMap((direction) =>
      options.components.map((kind) => `${direction}.${kind}`),
    );
    scores.set(method, new Map(names.map((name) => [name, study.scores.get(`${prefix}.${name}`)!.data])));
    seconds[method] = study.study.phases.find(({ name }) => name === 'integrated gradients')?.seconds ?? 0;
  }
  const ordered = options.methods.flatMap((method) => {
    const own = scores.get(method);
    return own ? [[method, own] as const] : [];
  });
  return { scores: new Map(ordered), seconds };
}
