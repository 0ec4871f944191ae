/**
 * What a run was measured on, and what disturbed it: after each phase the load, the share of the cores that went to
 * other processes or was stolen by other machines of the host, and the rate of plain matrix products.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { median, seconds } from './measure.mjs';

/** A phase counts as disturbed where others had more than this share of the cores. */
const OTHERS = 0.05;
/** ... or where plain products were slower than their median by more than this. */
const SLOWER = 0.1;
/** Clock ticks a second in /proc. */
const TICKS = 100;

/** Versions by package. */
export function versions() {
  const { version, dependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return {
    mediators: version,
    'onnxruntime-node': dependencies['onnxruntime-node'],
    node: process.versions.node,
  };
}

/** Processor, cores and memory in words. */
export function machine() {
  return `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
}

/**
 * Runs phases and records what went on beside them.
 * @param {{ sample: () => Promise<number> }} gemm
 * @param {number[]} pids other processes that belong to the measurement
 */
export function watched(gemm, pids) {
  const records = [];
  return {
    records,
    /** Runs a phase, then samples the rate of plain products. */
    async phase(name, body) {
      const before = usage(pids);
      let result;
      const time = await seconds(async () => {
        result = await body();
      });
      const after = usage(pids);
      const share = (key) => (after[key] - before[key]) / TICKS / time / availableParallelism();
      const known = before && after;
      records.push({
        name,
        seconds: time,
        load: loadavg()[0],
        others: known ? Math.max(0, share('busy') - share('own')) : null,
        stolen: known ? share('stolen') : null,
        gemm: await gemm.sample(),
      });
      return result;
    },
    disturbances: () => disturbances(records),
  };
}

/** One line for each phase that was disturbed. */
function disturbances(records) {
  const usual = median(records.map(({ gemm }) => gemm));
  return records.flatMap(({ name, others, stolen, gemm, load }) => {
    const reasons = [];
    if (others > OTHERS) reasons.push(`other processes had ${percent(others)} of the cores`);
    if (stolen > OTHERS) reasons.push(`other machines of the host had ${percent(stolen)}`);
    if (gemm < usual * (1 - SLOWER))
      reasons.push(`plain products ${percent(1 - gemm / usual)} slower behind it`);
    return reasons.length === 0 ? [] : [`${name}: ${reasons.join(', ')} (load ${load.toFixed(1)})`];
  });
}

const percent = (share) => `${(100 * share).toFixed(0)}%`;

/** Clock ticks so far of all processes, of the measurement's own, and stolen; undefined where /proc does not tell. */
function usage(pids) {
  try {
    const all = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1).map(Number);
    const [user, nice, system, , , irq, softirq, stolen] = all;
    const children = ticks('self')
      .slice(2)
      .reduce((sum, value) => sum + value, 0);
    const own = [process.pid, ...pids].map((pid) => ticks(pid)[0] + ticks(pid)[1]);
    return {
      busy: user + nice + system + irq + softirq,
      own: own.reduce((sum, value) => sum + value, children),
      stolen,
    };
  } catch {
    return undefined;
  }
}

/** User and system ticks of a process, and those of its children that have ended. */
function ticks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces.
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
}
