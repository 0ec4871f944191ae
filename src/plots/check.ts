/** Checks of what figures are given; every message has the form `missing|unknown|invalid X: value`. */
import { InputError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Throws where there are no panels, points or whatever a figure cannot do without. */
export function checkSome(what: string, list: readonly unknown[]): void {
  if (list.length === 0) throw new InputError(`missing ${what}: none given`);
}

/** Throws where an array is not of this rank, or not of this shape. */
export function checkShape(what: string, { shape }: Tensor, expected: readonly number[] | number): void {
  const rank = typeof expected === 'number' ? expected : expected.length;
  const fits =
    shape.length === rank && (typeof expected === 'number' || expected.every((size, i) => size === shape[i]));
  const wanted = typeof expected === 'number' ? `${rank} axes` : `[${expected.join(', ')}]`;
  if (!fits) throw new InputError(`invalid ${what}: shape [${shape.join(', ')}], expected ${wanted}`);
}
