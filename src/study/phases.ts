/**
 * Progress, wall time and peak memory of each phase.
 */

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What is counted: `layers`, `components`, `bytes`. Absent where a phase is one piece of work. */
  readonly unit?: string;
}

export interface PhaseRecord {
  readonly name: string;
  readonly seconds: number;
  /** Peak resident memory of the whole process while the phase ran. */
  readonly peak_bytes: number;
}

const SAMPLE_MILLISECONDS = 50;

export class Phases {
  readonly records: PhaseRecord[] = [];

  constructor(private readonly onProgress: (progress: Progress) => void = () => {}) {}

  /** Runs one phase; its body reports units of work done. */
  async run<T>(
    name: string,
    total: number,
    body: (done: (count: number) => void) => Promise<T>,
    unit?: string,
  ): Promise<T> {
    const report = (done: number) =>
      this.onProgress({ phase: name, done, total, ...(unit === undefined ? {} : { unit }) });
    const started = performance.now();
    let peak = process.memoryUsage.rss();
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, SAMPLE_MILLISECONDS);
    sampler.unref();
    let finished = 0;
    report(0);
    try {
      return await body((count) => {
        finished += count;
        report(finished);
      });
    } finally {
      clearInterval(sampler);
      const seconds = (performance.now() - started) / 1000;
      this.records.push({ name, seconds, peak_bytes: Math.max(peak, process.memoryUsage.rss()) });
    }
  }
}
