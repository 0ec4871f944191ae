/**
 * Components as they stand in results: [layer, index], from flat arrays [layers, perLayer].
 */

import type { Component } from '../terms.ts';

/** The components whose flat position satisfies the test, by layer, then index. */
export function componentsWhere(
  count: number,
  perLayer: number,
  test: (position: number) => boolean,
): Component[] {
  const found: Component[] = [];
  for (let i = 0; i < count; i++) {
    if (test(i)) found.push([Math.floor(i / perLayer), i % perLayer]);
  }
  return found;
}
