/**
 * Runs graphs on WebGPU in a process of its own, as the software adapter needs environment variables from its start.
 * Reads from stdin a list of { bytes (base64), feeds, outputs }, writes to stdout the list of their results.
 * Runs the built library: Node 20 cannot run TypeScript.
 */
import { text } from 'node:stream/consumers';
import { createNodeEngine } from '../../dist/runtime/node.js';

const engine = createNodeEngine({ device: 'webgpu', threads: 1 });
const results = [];
for (const [i, { bytes, feeds, outputs }] of JSON.parse(await text(process.stdin)).entries()) {
  const same = (names) => Object.fromEntries(names.map((name) => [name, name]));
  await engine.prepare({ key: `${i}`, bytes: Uint8Array.from(Buffer.from(bytes, 'base64')), weights: [] });
  const step = { session: `${i}`, inputs: same(Object.keys(feeds)), outputs: same(outputs) };
  const tensors = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float32Array.from(data, Number) },
  ]);
  const result = await engine.run({ steps: [step], fetch: outputs }, Object.fromEntries(tensors));
  // As text: JSON has no infinities.
  results.push(
    Object.values(result).map(({ shape, data }) => ({ shape: [...shape], data: [...data].map(String) })),
  );
  await engine.release([`${i}`]);
}
await engine.dispose();
process.stdout.write(JSON.stringify(results));
