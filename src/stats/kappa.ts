/**
 * Agreement of two labellings of the same things beyond chance: Cohen's kappa (Cohen 1960, A coefficient of agreement for
 * nominal scales).
 *
 *   kappa = (observed - expected) / (1 - expected)
 *   observed: share on the diagonal of the cross table
 *   expected: the same share if one labelling were dealt to the things at random, each label as often as it is
 *           = sum over labels of (row total / n) (column total / n)
 *
 * 1: the same labels everywhere; 0: as much as chance; below 0: less than that.
 */

export interface Kappa {
  /** NaN where chance alone gives all, as with one label for everything, and for no things. */
  readonly kappa: number;
  readonly observed: number;
  readonly expected: number;
  readonly n: number;
}

/** `table`: counts, square, rows and columns in one order of labels. */
export function cohenKappa(table: readonly (readonly number[])[]): Kappa {
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = table.map((_, j) => table.reduce((sum, row) => sum + row[j]!, 0));
  const n = rows.reduce((sum, count) => sum + count, 0);
  const observed = table.reduce((sum, row, i) => sum + row[i]!, 0) / n;
  const expected = rows.reduce((sum, count, i) => sum + (count / n) * (columns[i]! / n), 0);
  // Rounding must not make a large kappa of a chance that gives all.
  const certain = rows.some((count, i) => count === n && columns[i] === n);
  return { kappa: certain ? Number.NaN : (observed - expected) / (1 - expected), observed, expected, n };
}
