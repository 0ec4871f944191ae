/**
 * A whole study in a process of its own, so that its peak of memory is its own:
 *
 *     node whole-study.mjs FOLDER OUT PAIR OPTIONS
 *
 * Prints one line of JSON: phases with the seconds in which nothing but sessions was made, peak memory, and all from
 * the start of Node to here.
 */
import { loadModel, study } from '../dist/index.js';
import { seconds, THREADS } from './measure.mjs';

const [folder, out, pair, options] = process.argv.slice(2);
const model = await loadModel(folder, { threads: THREADS });
const loaded = performance.now() / 1000;
const clock = sessionClock(model.loaded.engine);
const pairOfModel = model.pair({ ...JSON.parse(pair), contrast: 'removal' });
const handlers = { onProgress: ({ phase }) => clock.enter(phase) };
let found;
const time = await seconds(async () => {
  found = await study(model, pairOfModel, { ...JSON.parse(options), out }, handlers);
});
await model.dispose();
const phases = found.json.phases.map((phase) => ({ ...phase, sessions: clock.byPhase.get(phase.name) ?? 0 }));
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ load: loaded, study: time, total: performance.now() / 1000, peak, phases }));

/** Counts, phase by phase, the seconds in which a session is being made and none runs. */
function sessionClock(engine) {
  const clock = { phase: '', byPhase: new Map(), enter };
  const flying = { prepare: 0, run: 0 };
  let since;
  const settle = () => {
    const now = performance.now();
    if (since !== undefined) {
      clock.byPhase.set(clock.phase, (clock.byPhase.get(clock.phase) ?? 0) + (now - since) / 1000);
    }
    since = flying.prepare > 0 && flying.run === 0 ? now : undefined;
  };
  function enter(phase) {
    settle();
    clock.phase = phase;
  }
  for (const method of ['prepare', 'run']) {
    const call = engine[method];
    engine[method] = async (...given) => {
      settle();
      flying[method]++;
      settle();
      try {
        return await call.apply(engine, given);
      } finally {
        settle();
        flying[method]--;
        settle();
      }
    };
  }
  return clock;
}
