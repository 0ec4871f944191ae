/** Exact moments at which a process of a test gets a signal from itself. */
const PRELOAD = new URL('stop-at.mjs', import.meta.url).href;

/** The count-th time (the first by default) that such a file comes under its name, or that this is said on stderr. */
export type StopAt = (
  | {
      readonly file: RegExp;
      /** When it is whole and still has its temporary name. */
      readonly before?: boolean;
    }
  | { readonly text: string }
) & {
  readonly count?: number;
  /** That of Ctrl-C by default. */
  readonly signal?: NodeJS.Signals;
};

/** What Node and the environment need before a program for it. */
export function stopping(stopAt: StopAt | undefined): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  if (stopAt === undefined) return { args: [], env: {} };
  const { count = 1, signal = 'SIGINT' } = stopAt;
  const moment: Record<string, string> =
    'text' in stopAt
      ? { STOP_AT_TEXT: stopAt.text }
      : { STOP_AT_FILE: stopAt.file.source, ...(stopAt.before && { STOP_AT_BEFORE: '1' }) };
  return {
    args: ['--import', PRELOAD],
    env: { ...moment, STOP_AT_COUNT: String(count), STOP_AT_SIGNAL: signal },
  };
}
