/**
 * The option `--mediation`: of which pairs exact mediation and interaction are computed.
 */
import { InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';

/** `heads+neurons:256`: all heads, and so many neurons, the strongest by |e|. */
export type MediationOption = 'none' | 'heads' | `heads+neurons:${number}`;

/** All pairs of so many neurons are more than any study of today computes. */
const MAX_NEURONS = 100_000;

export interface Mediated {
  readonly heads: boolean;
  /** How many of the strongest neurons. */
  readonly neurons: number;
}

/** What an option asks for. Throws InputError for a text that is none. */
export function mediatedOf(option: string): Mediated {
  if (option === 'none') return { heads: false, neurons: 0 };
  if (option === 'heads') return { heads: true, neurons: 0 };
  const count = Number(/^heads\+neurons:([1-9]\d{0,5})$/.exec(option)?.[1]);
  if (!(count <= MAX_NEURONS))
    throw new InputError(
      `expected mediation to be none, heads or heads+neurons:N (N from 1 to ${MAX_NEURONS}), got ${shown(option)}`,
    );
  return { heads: true, neurons: count };
}
