/**
 * The strongest targets of each source, by l2: largest first, ties to the lower layer, then the lower index.
 */

/** How many targets are listed. */
export const TOP = 64;

/** The TOP largest of what is offered, kept sorted; earlier offers win ties. */
export class Ranked {
  private readonly values = new Float32Array(TOP);
  private readonly layers = new Int32Array(TOP);
  private readonly indices = new Int32Array(TOP);
  private count = 0;
  /** What is not above it need not be offered. Read it first: almost nothing is, and a comparison costs less than a call. */
  least = -1;

  clear(): void {
    this.count = 0;
    this.least = -1;
  }

  /** Values of at least 0; layers, then indices, ascend. Gives what `least` is now. */
  offer(value: number, layer: number, index: number): number {
    if (!(value > this.least)) return this.least;
    let at = Math.min(this.count, TOP - 1);
    while (at > 0 && value > this.values[at - 1]!) {
      this.values[at] = this.values[at - 1]!;
      this.layers[at] = this.layers[at - 1]!;
      this.indices[at] = this.indices[at - 1]!;
      at--;
    }
    this.values[at] = value;
    this.layers[at] = layer;
    this.indices[at] = index;
    this.count = Math.min(this.count + 1, TOP);
    if (this.count === TOP) this.least = this.values[TOP - 1]!;
    return this.least;
  }

  write(index: Int32Array, value: Float32Array): void {
    for (let k = 0; k < this.count; k++) {
      index[2 * k] = this.layers[k]!;
      index[2 * k + 1] = this.indices[k]!;
      value[k] = this.values[k]!;
    }
  }
}
