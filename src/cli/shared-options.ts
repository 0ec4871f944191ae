/**
 * Options that several commands have. Each is said in one way and read in one way; a command gives the words that are
 * its own, and the default that its help shows.
 */
import { Option } from '@commander-js/extra-typings';
import { MAX_SEED } from '../study/options.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { numberBetween, someOf, wholeNumber, withDefault, wordList } from './values.ts';

/** An option that may be left out: its spelling, and its value where it is given. */
type Optional<Usage extends string, Value> = Option<Usage, undefined, undefined, undefined, false, Value>;

/** `what` says of what. */
export function componentsOption(
  defaults: readonly Kind[],
  what = '',
): Optional<'--components <list>', Kind[]> {
  return new Option('--components <list>', withDefault(`${what}${someOf(KINDS)}`, defaults)).argParser(
    wordList('--components', KINDS),
  );
}

/** `what` says of what; `note` what else to know. */
export function directionsOption(
  defaults: readonly Direction[],
  { what = '', note = '' }: { readonly what?: string; readonly note?: string } = {},
): Optional<'--directions <list>', Direction[]> {
  return new Option(
    '--directions <list>',
    withDefault(`${what}${someOf(DIRECTIONS)}${note}`, defaults),
  ).argParser(wordList('--directions', DIRECTIONS));
}

/** `what` says what the threshold decides. */
export function tauOption(what: string, fallback: number): Optional<'--tau <t>', number> {
  return new Option('--tau <t>', withDefault(`smallest normalised effect that ${what}`, fallback)).argParser(
    numberBetween('--tau', 0, Number.POSITIVE_INFINITY),
  );
}

export function quantileOption(fallback: number): Optional<'--quantile <q>', number> {
  return new Option(
    '--quantile <q>',
    withDefault('highlight threshold, between 0 and 1', fallback),
  ).argParser(numberBetween('--quantile', 0, 1));
}

/** `what` says what is drawn from it. */
export function seedOption(what: string, fallback: number): Optional<'--seed <n>', number> {
  return new Option('--seed <n>', withDefault(what, fallback)).argParser(wholeNumber('--seed', 0, MAX_SEED));
}

/** `rule` says which folders are taken. */
export function outOption(rule: string, fallback: string): Option<'--out <folder>'> {
  return new Option('--out <folder>', withDefault(`folder of results; ${rule}`, fallback));
}

export function resumeOption(): Option<'--resume'> {
  return new Option('--resume', 'go on with what the folder holds');
}

export function planOption(): Option<'--plan'> {
  return new Option('--plan', 'print runs, FLOP, expected time, memory and disk, and stop');
}

/** `what` goes to stdout in place of `instead`. */
export function jsonOption(what: string, instead: string): Option<'--json'> {
  return new Option('--json', `print ${what} on stdout instead of the ${instead}`);
}

export function quietOption(): Option<'--quiet'> {
  return new Option('--quiet', 'no progress');
}

/** What is printed, and where. */
export interface OutputRequest {
  /** JSON on stdout. */
  readonly json: boolean;
  /** Nothing on stderr but errors. */
  readonly quiet: boolean;
}

export function outputRequest(options: {
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}): OutputRequest {
  return { json: options.json === true, quiet: options.quiet === true };
}
