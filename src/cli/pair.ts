/**
 * Which pair the options describe.
 */
import { InputError } from '../errors.ts';
import { BUILT_IN_PAIRS, type IdPair, type TextPair } from '../tasks/pair.ts';
import type { Contrast } from '../terms.ts';

export interface PairOptions {
  readonly pair?: 'removal' | 'notebook';
  readonly clean?: string;
  readonly corrupted?: string;
  readonly answer?: string;
  readonly wrong?: string;
  readonly cleanIds?: number[];
  readonly corruptedIds?: number[];
  readonly answerId?: number;
  readonly wrongId?: number;
  readonly contrast?: Contrast;
  readonly bos?: boolean;
}

/** A pair as it was asked for. */
export interface PairRequest {
  readonly pair: TextPair | IdPair;
  readonly bos?: boolean;
}

const TEXT = { clean: '--clean', corrupted: '--corrupted', answer: '--answer', wrong: '--wrong' } as const;
const IDS = {
  cleanIds: '--clean-ids',
  corruptedIds: '--corrupted-ids',
  answerId: '--answer-id',
  wrongId: '--wrong-id',
} as const;

/** Reads the pair's options before any model is opened. Throws InputError where they do not make one pair. */
export function requestedPair(options: PairOptions): PairRequest {
  const text = given(options, TEXT);
  const ids = given(options, IDS);
  const ways = [options.pair !== undefined, text.length > 0, ids.length > 0].filter(Boolean).length;
  if (ways > 1) {
    throw new InputError(
      'expected one pair, got more than one description; give --pair, or the four texts, or the four ids',
    );
  }
  if (ids.length > 0) {
    complete(options, IDS);
    if (options.bos !== undefined)
      throw new InputError(
        'expected ids as they are, got --bos or --no-bos beside --clean-ids; leave it out',
      );
    const pair = {
      clean: options.cleanIds!,
      corrupted: options.corruptedIds!,
      answer: options.answerId!,
      wrong: options.wrongId!,
    };
    return { pair: options.contrast ? { ...pair, contrast: options.contrast } : pair };
  }
  const bos = options.bos === undefined ? {} : { bos: options.bos };
  if (text.length > 0) {
    complete(options, TEXT);
    const pair = {
      clean: options.clean!,
      corrupted: options.corrupted!,
      answer: options.answer!,
      wrong: options.wrong!,
    };
    return { pair: options.contrast ? { ...pair, contrast: options.contrast } : pair, ...bos };
  }
  if (options.contrast !== undefined) {
    throw new InputError(
      'expected --contrast beside a pair of your own, got it with a built-in pair, which declares its own; leave it out',
    );
  }
  return { pair: BUILT_IN_PAIRS[options.pair ?? 'removal'], ...bos };
}

function given(options: PairOptions, names: Readonly<Record<string, string>>): string[] {
  return Object.keys(names).filter((key) => options[key as keyof PairOptions] !== undefined);
}

function complete(options: PairOptions, names: Readonly<Record<string, string>>): void {
  const missing = Object.entries(names).filter(([key]) => options[key as keyof PairOptions] === undefined);
  if (missing.length > 0) {
    throw new InputError(
      `expected ${Object.values(names).join(', ')} together, got none for ${missing.map(([, name]) => name).join(', ')}`,
    );
  }
}
