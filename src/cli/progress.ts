/**
 * Progress on stderr: a bar with the time left on a terminal, a line now and then elsewhere.
 */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../study/phases.ts';

/** Between two lines where there is no terminal, in milliseconds. */
const LINE_INTERVAL = 10_000;

export interface ProgressView {
  readonly show: (progress: Progress) => void;
  readonly stop: () => void;
}

/** Shows nothing when quiet. */
export function progressView(quiet: boolean): ProgressView {
  if (quiet) return { show: () => {}, stop: () => {} };
  let bar: SingleBar | undefined;
  let phase = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    stop,
    show: (progress) => {
      if (progress.phase !== phase) {
        stop();
        phase = progress.phase;
        bar = newBar(phase);
        bar.start(progress.total, 0);
      }
      bar?.update(progress.done);
      if (progress.done >= progress.total) stop();
    },
  };
}

function newBar(phase: string): SingleBar {
  return new SingleBar({
    format: `${phase.padEnd(22)} {bar} {percentage}%  {value} of {total}  {duration_formatted}, {eta_formatted} left`,
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: LINE_INTERVAL,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    gracefulExit: false,
  });
}
