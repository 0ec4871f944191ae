/**
 * A study or a shard of one in a process of its own, so that a test can kill it:
 * node study-child.mjs CASE OUT [INDEX COUNT].
 * Tells its progress on stderr. Runs the built library: Node 20 cannot run TypeScript.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../dist/load-model.js';
import { study, studyShard } from '../../dist/study/study.js';
import { pairFromIds } from '../../dist/tasks/pair.js';

const [folder, out, index, count] = process.argv.slice(2);
const pair = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
const model = await loadModel(folder, { threads: 1 });
const options = index
  ? { out, shard: { index: Number(index), count: Number(count) } }
  : { out, resume: true };
const run = index ? studyShard : study;
await run(model, pairFromIds(model.config, pair), options, {
  onProgress: ({ phase, done }) => process.stderr.write(`${phase}: ${done}\n`),
});
await model.dispose();
