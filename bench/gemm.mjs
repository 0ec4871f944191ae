/**
 * What this machine can do: the rate of plain matrix products through the same engine with the same threads.
 */
import { Builder, createNodeEngine, toOnnx } from './internals.mjs';
import { median, seconds, THREADS } from './measure.mjs';

/** Different weights of one session, so that they do not stay in the processor's cache. */
const PRODUCTS = 6;

/**
 * A measurement for each shape [m, k, n]: a session that multiplies x [m, k] with several weights [k, n]. Only the
 * last row of each product leaves the session.
 * @param {readonly (readonly [number, number, number])[]} shapes
 */
export async function gemmRates(shapes) {
  const engine = createNodeEngine({ threads: THREADS });
  const steps = [];
  for (const [m, k, n] of shapes) {
    const key = [m, k, n].join('x');
    const b = new Builder();
    const x = b.input('x', [m, k]);
    const names = Array.from({ length: PRODUCTS }, (_, i) => `w${i}`);
    const rows = names.map((name) => [name, b.slice(b.matmul(x, b.weight(name, [k, n])), 0, m - 1, m)]);
    const { bytes } = toOnnx(b.build(Object.fromEntries(rows)));
    const weights = names.map((path) => ({ path, data: new Float32Array(k * n).fill(0.01) }));
    await engine.prepare({ key, bytes, weights });
    await engine.put({ [key]: { shape: [m, k], data: new Float32Array(m * k).fill(0.01) } });
    const outputs = Object.fromEntries(names.map((name) => [name, `${key} ${name}`]));
    steps.push({ session: key, inputs: { x: key }, outputs });
  }
  const flop = shapes.map(([m, k, n]) => 2 * m * k * n * PRODUCTS);
  const times = shapes.map(() => []);
  return {
    /** Takes one measurement of every shape; gives the median rate of these. */
    async sample() {
      const run = (step) => engine.run({ steps: [step], fetch: [] }, {});
      // Behind other work the first run also wakes threads and memory: it does not count.
      await run(steps[0]);
      for (const [i, step] of steps.entries()) times[i].push(await seconds(() => run(step)));
      return median(times.map((measured, i) => flop[i] / measured.at(-1)));
    },
    /** The median rate of each shape, in FLOP per second. */
    rates: () => times.map((measured, i) => flop[i] / median(measured)),
    dispose: () => engine.dispose(),
  };
}
