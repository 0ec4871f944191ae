/**
 * Numbers and counts as sentences have them. Minus signs are real ones, none stands before a number that is rounded to 0,
 * and "-" stands where there is no number.
 */

/** Two digits after the point, or as many as asked for. */
export function real(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return '-';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** `0.52 (0.31 to 0.70)`: a value with its 95% interval, where it has one. */
export function ranged({ value, low, high }: { value: number; low: number; high: number }): string {
  return Number.isFinite(low) && Number.isFinite(high)
    ? `${real(value)} (${real(low)} to ${real(high)})`
    : real(value);
}

/** A share in whole percent. */
export function percent(share: number): string {
  return Number.isNaN(share) ? '-' : `${Math.round(100 * share)}%`;
}

/** A number with its word: "1 pair", "2 pairs". */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** With a capital at its beginning. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
