import { describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/exit.ts';
import { CancelledError, InputError, RunError } from '../../src/errors.ts';

describe('an error becomes one line and an exit code', () => {
  it.each([
    [new InputError('expected a, got b'), 'expected a, got b', 2],
    [new InputError('expected a,\n  got b\n'), 'expected a, got b', 2],
    [new CancelledError('cancelled'), 'cancelled', 130],
    [new RunError('the worker stopped (code 1)'), 'failed: the worker stopped (code 1)', 1],
    [new TypeError('x is\nundefined'), 'failed: x is undefined', 1],
    ['text', 'failed: text', 1],
  ])('%s', (error, line, code) => expect(explain(error, [])).toEqual({ line, code }));
});
