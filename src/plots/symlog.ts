/**
 * An axis that is about linear around 0 and logarithmic beyond: most components do next to nothing and a few do much.
 */
export interface SymlogAxis {
  /** The axis ends here on its longer side. */
  limit: number;
  /** Below this size the axis is about linear. */
  linear: number;
}

/** From a value to its place: 0 at 0, odd. */
export function symlog(value: number, { linear }: SymlogAxis): number {
  return Math.sign(value) * Math.log1p(Math.abs(value) / linear);
}

/** From a place to its value. */
export function symexp(at: number, { linear }: SymlogAxis): number {
  return Math.sign(at) * linear * Math.expm1(Math.abs(at));
}

/**
 * 0 and round numbers on both sides, from the end of the axis inwards, as many as there is room for.
 * `space`: room for a tick's text, as a share of half the axis.
 */
export function symlogTicks(axis: SymlogAxis, space: number): number[] {
  const end = symlog(axis.limit, axis);
  const sizes: number[] = [];
  for (let exponent = Math.floor(Math.log10(axis.limit)); 10 ** exponent >= axis.linear / 2; exponent--) {
    for (const digit of [5, 2, 1]) {
      const size = Number(`${digit}e${exponent}`);
      const inner = symlog(sizes.at(-1) ?? axis.limit * 1.5, axis);
      if (size <= axis.limit && inner - symlog(size, axis) > space * end) sizes.push(size);
    }
  }
  const apart = sizes.filter((size) => symlog(size, axis) > space * end);
  return [...apart.map((size) => -size), 0, ...apart.toReversed()];
}
