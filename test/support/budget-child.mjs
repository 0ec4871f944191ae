/**
 * A study of random weights in a process of its own, whose memory can so be told: node budget-child.mjs CONFIG BUDGET
 * OUT. Prints the peak of its resident memory in bytes. Runs the built library: Node 20 cannot run TypeScript.
 */
import { loadCheckpoint } from '../../dist/load-model.js';
import { randomCheckpoint } from '../../dist/study/plan/probe-model.js';
import { study } from '../../dist/study/study.js';
import { pairFromIds } from '../../dist/tasks/pair.js';

const [config, memory, out] = process.argv.slice(2);
const { length, first, ...shape } = JSON.parse(config);
const model = await loadCheckpoint(randomCheckpoint(shape), { threads: 1 });
const clean = new Array(length).fill(1);
const corrupted = clean.map((id, position) => (position === first ? 2 : id));
const pair = pairFromIds(model.config, { clean, corrupted, answer: 3, wrong: 4, contrast: 'removal' });
const options = { out, memory: Number(memory), components: ['heads'], steps: 62, figures: false };
await study(model, pair, options);
await model.dispose();
// In kB on Linux and macOS.
console.log(process.resourceUsage().maxRSS * 1024);
