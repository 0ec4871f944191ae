/**
 * `npm run bench [-- study forward neurons]`: runs the benchmarks named, all by default, and prints what they measure.
 * Build first. What each one measures, and how to read it: bench/README.md.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { forward } from './forward.mjs';
import { withGpt2Shape } from './gpt2-shape.mjs';
import { THREADS } from './measure.mjs';
import { neurons } from './neurons.mjs';
import { study } from './study.mjs';

const BENCHMARKS = {
  study,
  forward: () => withGpt2Shape(forward),
  neurons: () => withGpt2Shape(neurons),
};

const { version, dependencies } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
const machine = `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
console.log(
  `mediators ${version}, onnxruntime-node ${dependencies['onnxruntime-node']}, Node ${process.versions.node}`,
);
console.log(`${machine}; ${THREADS} threads; load at the start ${loadavg()[0].toFixed(1)}\n`);

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHMARKS);
const unknown = names.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`expected some of ${Object.keys(BENCHMARKS).join(', ')}, got ${unknown}`);
  process.exit(2);
}
for (const name of names) {
  for (const line of await BENCHMARKS[name]()) console.log(line);
  console.log();
}
console.log(
  `load at the end ${loadavg()[0].toFixed(1)}; above the number of threads, other work was in the way`,
);
