/**
 * Components as they stand in results: [layer, index], from flat arrays [layers, perLayer].
 */

/** A head or a neuron: its layer, and its index within the layer. */
export type Component = [layer: number, index: number];

/** The two kinds of run, as everywhere: noising edits the clean run, denoising the corrupted one. */
export type Direction = 'noising' | 'denoising';

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
