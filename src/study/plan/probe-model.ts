/**
 * A checkpoint of random weights in memory, in the shape of any config: what a machine's rate is measured on, as speed
 * does not care whether weights were trained.
 */
import { InputError } from '../../errors.ts';
import type { Checkpoint } from '../../model/checkpoint.ts';
import type { ModelConfig } from '../../model/config.ts';
import { expectedTensors } from '../../model/layout.ts';
import { seededRandom } from '../../stats/random.ts';
import { sizeOf } from '../../tensor/tensor.ts';

const SEED = 20;
/** Deviation of trained weights of this field, roughly: values stay in a range in which nothing overflows. */
const DEVIATION = 0.02;
/** A tensor repeats a block of this many values. */
const BLOCK = 1 << 16;

/** A checkpoint of this config whose weights are random, the same each time. */
export function randomCheckpoint(config: ModelConfig): Checkpoint {
  const shapes = new Map(expectedTensors(config));
  const random = seededRandom(SEED);
  const block = Float32Array.from({ length: BLOCK }, () => DEVIATION * normal(random));
  return {
    id: 'random weights',
    config,
    has: (name) => shapes.has(name),
    read: (name) => {
      const shape = shapes.get(name);
      if (!shape) throw new InputError(`expected a tensor of the model, got ${name}`);
      return Promise.resolve({ shape, data: filled(sizeOf(shape), block, isGain(name) ? 1 : 0) });
    },
    sha256: () => Promise.resolve(`random ${SEED}`),
    close: () => Promise.resolve(),
  };
}

/** The gain of a norm: around 1. */
function isGain(name: string): boolean {
  return /(ln_\w+|layernorm|norm)\.weight$/.test(name);
}

function filled(size: number, block: Float32Array, mean: number): Float32Array {
  const data = new Float32Array(size);
  for (let at = 0; at < size; at += BLOCK) data.set(block.subarray(0, Math.min(BLOCK, size - at)), at);
  return mean === 0 ? data : data.map((value) => mean + value);
}

/** Normally distributed, nearly: a sum of 12 uniform numbers. */
function normal(random: { below(n: number): number }): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.below(2 ** 24) / 2 ** 24;
  return sum;
}
