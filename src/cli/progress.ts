/**
 * Progress on stderr: one line for each phase when it ends, with what was done and how long it took. While a phase
 * runs, a bar with the time left on a terminal; elsewhere a line every ten seconds.
 */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../study/phases.ts';

/** Between two lines of one phase where there is no terminal, in milliseconds. */
const LINE_INTERVAL = 10_000;
const NAME_WIDTH = 22;

/** Where progress goes: standard error, or a test's own. */
export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

export interface ProgressView {
  readonly show: (progress: Progress) => void;
  /** Ends the phase that runs without a line, as when the study stops. */
  readonly stop: () => void;
  /** Ends with the total time. */
  readonly finish: () => void;
}

const SILENT: ProgressView = { show: () => {}, stop: () => {}, finish: () => {} };

/** One phase that runs. */
interface Running {
  readonly phase: string;
  readonly started: number;
  readonly bar: SingleBar | undefined;
  lastLine: number;
}

/** Shows nothing when quiet. `now` is a clock in milliseconds. */
export function progressView(
  quiet: boolean,
  stream: ProgressStream = process.stderr,
  now: () => number = () => performance.now(),
): ProgressView {
  if (quiet) return SILENT;
  const begin = now();
  let running: Running | undefined;
  const line = (phase: string, text: string) => stream.write(`${phase.padEnd(NAME_WIDTH)} ${text}\n`);
  const stop = () => {
    running?.bar?.stop();
    running = undefined;
  };
  const start = ({ phase, total }: Progress): Running => {
    stop();
    const bar = stream.isTTY && total > 1 ? newBar(phase, stream) : undefined;
    bar?.start(total, 0, { amount: '' });
    return { phase, bar, started: now(), lastLine: now() };
  };
  return {
    stop,
    show: (progress) => {
      if (running?.phase !== progress.phase) running = start(progress);
      running.bar?.update(progress.done, { amount: amount(progress) });
      const elapsed = now() - running.started;
      if (progress.done >= progress.total) {
        stop();
        line(progress.phase, [total(progress), duration(elapsed)].filter(Boolean).join(', '));
      } else if (!stream.isTTY && now() - running.lastLine >= LINE_INTERVAL) {
        running.lastLine = now();
        line(progress.phase, `${amount(progress)}, ${timeLeft(progress, elapsed)}`);
      }
    },
    finish: () => {
      stop();
      line('total', duration(now() - begin));
    },
  };
}

function newBar(phase: string, stream: NodeJS.WritableStream): SingleBar {
  return new SingleBar({
    format: `${phase.padEnd(NAME_WIDTH)} {bar} {percentage}%  {amount}  {eta_formatted} left`,
    stream,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
}

/** `12 of 60 layers`. */
function amount({ done, total, unit }: Progress): string {
  if (unit === 'bytes') return `${size(done)} of ${size(total)}`;
  return `${done} of ${total}${unit === undefined ? '' : ` ${unit}`}`;
}

/** `60 layers`; nothing for a phase that is one piece of work. */
function total({ total: count, unit }: Progress): string {
  if (unit === undefined) return '';
  return unit === 'bytes' ? size(count) : `${count} ${unit}`;
}

/** Bytes in the largest unit that leaves a whole part: `3.2 MB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`;
}

/** Milliseconds for people: `0.3 s`, `12 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function timeLeft({ done, total: all }: Progress, elapsed: number): string {
  return done === 0 ? `${duration(elapsed)} so far` : `${duration((elapsed * (all - done)) / done)} left`;
}
