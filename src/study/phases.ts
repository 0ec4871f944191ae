/**
 * Progress, wall time and peak memory of each phase.
 */

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What is counted: `layers`, `components`, `bytes`, `files`. Absent where a phase is one piece of work. */
  readonly unit?: string;
}

export interface PhaseRecord {
  readonly name: string;
  readonly seconds: number;
  /** Peak resident memory of the whole process while the phase ran. */
  readonly peak_bytes: number;
}

/** Told of units of work as they are done. */
export type Done = (count: number) => Promise<void>;

const SAMPLE_MILLISECONDS = 50;
/** A process that is killed forgets at most so much of its time. */
const KEEP_MILLISECONDS = 5000;

export class Phases {
  readonly records: PhaseRecord[] = [];

  /** `keep` is given all phases so far, the running one too: every few seconds while units finish, and at each end. */
  constructor(
    private readonly onProgress: (progress: Progress) => void = () => {},
    private readonly keep: (records: readonly PhaseRecord[]) => Promise<void> = () => Promise.resolve(),
  ) {}

  /** Runs one phase; its body reports units of work done. */
  async run<T>(name: string, total: number, body: (done: Done) => Promise<T>, unit?: string): Promise<T> {
    const report = (done: number) =>
      this.onProgress({ phase: name, done, total, ...(unit === undefined ? {} : { unit }) });
    const clock = new Clock(name);
    let finished = 0;
    let kept = performance.now();
    report(0);
    let result: T;
    try {
      result = await body(async (count) => {
        finished += count;
        report(finished);
        if (performance.now() - kept < KEEP_MILLISECONDS) return;
        kept = performance.now();
        await this.keep([...this.records, clock.record()]);
      });
    } catch (error) {
      this.records.push(clock.stop());
      // The first error says more.
      await this.keep(this.records).catch(() => {});
      throw error;
    }
    this.records.push(clock.stop());
    await this.keep(this.records);
    return result;
  }
}

/** Time and peak memory of one phase while it runs. */
class Clock {
  private readonly started = performance.now();
  private peak = process.memoryUsage.rss();
  private readonly sampler = setInterval(() => {
    this.peak = Math.max(this.peak, process.memoryUsage.rss());
  }, SAMPLE_MILLISECONDS);

  constructor(private readonly name: string) {
    this.sampler.unref();
  }

  record(): PhaseRecord {
    const seconds = (performance.now() - this.started) / 1000;
    return { name: this.name, seconds, peak_bytes: Math.max(this.peak, process.memoryUsage.rss()) };
  }

  stop(): PhaseRecord {
    clearInterval(this.sampler);
    return this.record();
  }
}

/** Phases of several runs, by name: seconds added up, the largest peak. */
export function summedPhases(records: readonly PhaseRecord[]): PhaseRecord[] {
  const sums = new Map<string, PhaseRecord>();
  for (const { name, seconds, peak_bytes } of records) {
    const before = sums.get(name) ?? { name, seconds: 0, peak_bytes: 0 };
    sums.set(name, {
      name,
      seconds: before.seconds + seconds,
      peak_bytes: Math.max(before.peak_bytes, peak_bytes),
    });
  }
  return [...sums.values()];
}
