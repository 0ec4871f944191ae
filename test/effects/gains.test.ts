import { describe, expect, it } from 'vitest';
import { gainOf, reachesTargets } from '../../src/effects/gains.ts';

describe('gains', () => {
  it('divide the norm of what others changed by the own change', () => {
    expect(gainOf(9, 2)).toBe(1.5);
    expect(gainOf(0, 2)).toBe(0);
  });

  it('do not exist for a source that did not change', () => {
    expect(gainOf(0, 0)).toBeNaN();
    expect(gainOf(4, Number.NaN)).toBeNaN();
  });

  it('do not depend on the size of the change', () => {
    expect(gainOf(7 * 25, 3 * 5)).toBeCloseTo(gainOf(7, 3), 14);
  });
});

describe('reachesTargets', () => {
  it.each([
    // kind, layer of 3, kept kinds, reaches
    ['heads', 0, ['heads'], true],
    ['heads', 2, ['heads'], false],
    ['heads', 2, ['heads', 'neurons'], true],
    ['heads', 2, ['neurons'], true],
    ['neurons', 1, ['neurons'], true],
    ['neurons', 2, ['heads', 'neurons'], false],
    ['heads', 0, [], false],
  ] as const)('%s of layer %i with %j: %s', (kind, layer, kinds, reaches) => {
    expect(reachesTargets(kind, layer, 3, kinds)).toBe(reaches);
  });
});
