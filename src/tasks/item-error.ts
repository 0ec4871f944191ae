import { InputError } from '../errors.ts';

/** Why an example cannot be used. `part` says what of it is wrong: clean, corrupted, answer, wrong or a file's column. */
export class ItemError extends InputError {
  constructor(
    readonly part: string,
    message: string,
  ) {
    super(message);
  }
}
