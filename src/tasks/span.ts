/**
 * The declared span of a pair: outside of it both prompts must be the same tokens.
 */
import type { Tokenizer } from '../model/tokenizer.ts';
import { ItemError } from './item-error.ts';
import type { Prompt } from './prompt.ts';
import type { Range } from './template.ts';

/**
 * Checks two prompts of equal length. A token belongs to the span if it covers one of its characters; besides the span
 * it may cover white space alone. Throws ItemError where a token outside differs, or holds more than the span.
 */
export function checkSpan(
  clean: Prompt,
  corrupted: Prompt,
  tokenizer: Tokenizer,
  spans: { readonly clean: readonly Range[]; readonly corrupted: readonly Range[] },
): void {
  const inClean = tokensInSpan(clean, tokenizer, spans.clean, 'clean');
  const inCorrupted = tokensInSpan(corrupted, tokenizer, spans.corrupted, 'corrupted');
  clean.ids.forEach((id, i) => {
    if (id === corrupted.ids[i] || (inClean.has(i) && inCorrupted.has(i))) return;
    throw new ItemError(
      'corrupted',
      `expected the same tokens outside the declared span, got ${JSON.stringify(clean.tokens[i])} and ${JSON.stringify(corrupted.tokens[i])} at position ${i}`,
    );
  });
}

/** Positions of the tokens that cover the span. */
function tokensInSpan(
  prompt: Prompt,
  tokenizer: Tokenizer,
  spans: readonly Range[],
  part: 'clean' | 'corrupted',
): Set<number> {
  const text = prompt.text ?? '';
  const found = new Set<number>();
  let at = 0;
  // A beginning-of-sequence token has no place in the text.
  const from = prompt.ids.length - tokenizer.encode(text).length;
  for (let i = from; i < prompt.ids.length; i++) {
    const token = prompt.tokens[i]!;
    if (!text.startsWith(token, at))
      throw new ItemError(
        part,
        `expected tokens that are whole characters, got parts of one at position ${i}`,
      );
    const end = at + token.length;
    const covered = spans.filter(([first, last]) => first < end && at < last);
    if (covered.length > 0) {
      found.add(i);
      const outside = Array.from({ length: token.length }, (_, k) => at + k).filter(
        (k) => !covered.some(([first, last]) => first <= k && k < last) && !/\s/.test(text[k]!),
      );
      if (outside.length > 0)
        throw new ItemError(
          part,
          `expected tokens that hold no more than the declared span, got ${JSON.stringify(token)} at position ${i}`,
        );
    }
    at = end;
  }
  return found;
}
