/**
 * Warnings: what a pair or its runs do that a reader should know. Nothing here stops a study.
 */
import type { Pair } from './pair.ts';
import type { Prompt, Token } from './prompt.ts';
import { type Contrast, type Direction, isSmallD, type Kind, type MetricValues } from '../terms.ts';

export type LintCode =
  | 'trailing_space'
  | 'answer_without_space'
  | 'many_differences'
  | 'small_d'
  | 'wrong_answer_preferred'
  | 'swap_not_exchanged'
  | 'removal_keeps_answer'
  | 'removal_prefers_wrong'
  | 'as_published'
  | 'completeness_gap'
  | 'processor_types';

export interface Lint {
  readonly code: LintCode;
  readonly message: string;
}

/** More differing positions than this, and more than a quarter of the prompt, are "many". */
const FEW_DIFFERENCES = 3;
/** A completeness gap above this share of its scale deserves a warning. */
export const COMPLETENESS_TOLERANCE = 0.01;

/** Warnings that need the pair alone. */
export function lintPair(pair: Pair): Lint[] {
  return [
    ...lintTrailingSpace(pair.clean, 'clean'),
    ...lintTrailingSpace(pair.corrupted, 'corrupted'),
    ...lintAnswer(pair.answer, 'answer'),
    ...lintAnswer(pair.wrong, 'wrong answer'),
    ...lintDifferences(pair),
  ];
}

function lintTrailingSpace(prompt: Prompt, which: string): Lint[] {
  if (!/[ \t]$/.test(prompt.text ?? '')) return [];
  const message =
    `the ${which} prompt ends in a space: most models then predict poorly, since a word's token carries its ` +
    'leading space; remove it';
  return [{ code: 'trailing_space', message }];
}

function lintAnswer(token: Token, which: string): Lint[] {
  if (!/^\p{L}/u.test(token.text ?? '')) return [];
  const shown = JSON.stringify(token.text);
  const message = `the ${which} ${shown} has no leading space: as a next word the token is ${JSON.stringify(` ${token.text}`)}`;
  return [{ code: 'answer_without_space', message }];
}

function lintDifferences({ clean, corrupted }: Pair): Lint[] {
  const length = clean.ids.length;
  const differing = clean.ids.filter((id, i) => id !== corrupted.ids[i]).length;
  if (differing <= FEW_DIFFERENCES || differing <= length / 4) return [];
  const message =
    `the prompts differ at ${differing} of ${length} positions: an effect may come from any of them; ` +
    'a pair that differs in one word is easier to read';
  return [{ code: 'many_differences', message }];
}

/** Warnings that need the metric of both runs, in logits for a logit difference. */
export function lintRuns(metric: MetricValues, contrast: Contrast): Lint[] {
  const { clean: fClean, corrupted: fCorrupted } = metric;
  const d = fClean - fCorrupted;
  const found: Lint[] = [];
  const warn = (code: LintCode, message: string): void => {
    found.push({ code, message });
  };
  const values = `F is ${shown(fClean)} clean and ${shown(fCorrupted)} corrupted`;
  const small = isSmallD(metric);
  if (small) {
    warn(
      'small_d',
      `${values}: D = ${shown(d)} is too small to divide by; labels and asymmetries are left out`,
    );
  }
  if (!(fClean > 0)) {
    warn('wrong_answer_preferred', `${values}: on the clean prompt the model does not prefer the answer`);
  }
  if (contrast === 'swap' && !(fClean * fCorrupted < 0)) {
    warn(
      'swap_not_exchanged',
      `${values}: in a swap the corrupted prompt should turn the sign of F, and does not`,
    );
  }
  if (contrast === 'removal' && !small && fClean > 0 && fCorrupted > fClean / 2) {
    warn(
      'removal_keeps_answer',
      `${values}: the corrupted prompt keeps ${Math.round((100 * fCorrupted) / fClean)}% of F, so it may still tell the answer`,
    );
  }
  if (contrast === 'removal' && !small && fClean > 0 && fCorrupted < -fClean / 4) {
    warn(
      'removal_prefers_wrong',
      `${values}: in a removal F should come near 0, and here the corrupted prompt prefers the wrong answer; effects are partly of that`,
    );
  }
  return found;
}

/** Completeness of integrated gradients of one kind and direction, per layer. */
export interface Completeness {
  readonly direction: Direction;
  readonly kind: Kind;
  /** |sum of the layer's scores - change of F|, in units of F. */
  readonly gaps: readonly number[];
  /** Sum of the layer's |scores|, in units of F. */
  readonly sums: readonly number[];
}

/** A warning for each kind and direction in which a layer's gap is above 1% of max(|D|, sum of |scores|). */
export function lintCompleteness(all: readonly Completeness[], d: number): Lint[] {
  return all.flatMap(({ direction, kind, gaps, sums }) => {
    const shares = gaps.map((gap, layer) =>
      relativeGap(Math.abs(gap), Math.max(Math.abs(d), sums[layer] ?? 0)),
    );
    const above = shares.filter((share) => !(share <= COMPLETENESS_TOLERANCE)).length;
    if (above === 0) return [];
    const worst = shares.reduce((at, share, layer) => (share > shares[at]! ? layer : at), 0);
    const message =
      `integrated gradients of ${kind}, ${direction}: ${above} of ${gaps.length} layers miss completeness by more than ` +
      `${100 * COMPLETENESS_TOLERANCE}%, layer ${worst} most (${(100 * shares[worst]!).toPrecision(2)}%); use --steps auto`;
    return [{ code: 'completeness_gap', message }];
  });
}

function relativeGap(gap: number, scale: number): number {
  return gap === 0 ? 0 : gap / scale;
}

function shown(value: number): string {
  return value.toPrecision(3);
}
