/**
 * From measurements to the rows of a table: what, ours, the other side, ratio, target, met or not.
 */
import { allNeuronsFlop, extentOf } from './flop.mjs';
import { FORWARD_TARGET } from './forward.mjs';
import { PAIR } from './gpt2-shape.mjs';
import { median } from './measure.mjs';
import { overLayers } from './neuron-sample.mjs';
import { phaseOf } from './whole.mjs';

const NOTEBOOK_TIMES = 115;
const BATCHED_TIMES = 6;
const GEMM_SHARE = 0.9;
const CAPTUM_TIMES = 50;
const OWN_WORK_MINUTES = 4.5;
const BOTH_MINUTES = 7.5;
/** The machine that the minutes are meant for, in FLOP per second. */
const MACHINE = 140e9;
const MEMORY = 3e9;

/**
 * @param {object} run config, gemm (FLOP per second), samples, studies
 * @returns rows; `met` is undefined where there is no target or nothing was measured
 */
export function rowsOf(run) {
  return [
    ...neuronRows(run),
    gradientRow(run),
    minutesRow(run, 'notebook', "the notebook's own work: `--directions noising`", OWN_WORK_MINUTES),
    minutesRow(run, 'both', 'whole study, both directions', BOTH_MINUTES),
    fullRow(run),
    memoryRow(run),
    forwardRow(run.samples.forward),
  ].filter((row) => row !== undefined);
}

function neuronRows({ config, gemm, samples, studies }) {
  const study = studies.find(({ name }) => name === 'neurons');
  if (!study) return [];
  const { work, sessions } = phaseOf(study, 'patching');
  const count = config.nLayers * config.dMlp;
  const whole = (side) => config.dMlp * overLayers(samples[side], config.nLayers);
  const against = (side, name, times) => {
    const ratio = whole(side) / work;
    return {
      what: `effects of all ${count.toLocaleString('en-US')} neurons, one direction, against ${name}`,
      ours: `${time(work)} (and ${time(sessions)} to start sessions)`,
      other: `${time(whole(side))}, extrapolated`,
      ratio: `${ratio.toFixed(1)}x`,
      target: `at least ${times}x`,
      met: ratio >= times,
    };
  };
  const flop = allNeuronsFlop(config, extentOf(PAIR));
  const share = flop / work / gemm;
  return [
    against('notebook', "the notebook's way", NOTEBOOK_TIMES),
    against('batched', `the batched way (${samples.batch} at a time)`, BATCHED_TIMES),
    {
      what: 'the same, ours too from samples, all sides in turns',
      ours: time(whole('ours')),
      other: `${time(whole('notebook'))}; ${time(whole('batched'))}`,
      ratio: `${(whole('notebook') / whole('ours')).toFixed(1)}x; ${(whole('batched') / whole('ours')).toFixed(1)}x`,
    },
    {
      what: 'the whole against plain matrix products, output included',
      ours: `${rate(flop / work)} for ${(flop / 1e12).toFixed(1)} TFLOP`,
      other: rate(gemm),
      ratio: `${(100 * share).toFixed(0)}%`,
      target: `at least ${100 * GEMM_SHARE}%`,
      met: share >= GEMM_SHARE,
    },
  ];
}

function gradientRow({ config, samples, studies }) {
  const times = studies
    .filter(({ name }) => name !== 'neurons')
    .map((study) => phaseOf(study, 'integrated gradients'));
  if (times.length === 0) return undefined;
  const ours = median(times.map(({ seconds }) => seconds));
  const { heads, neurons } = samples.captum;
  const theirs = 2 * (overLayers(heads, config.nLayers) + overLayers(neurons, config.nLayers));
  return {
    what: 'layer IG, 50 points, heads and neurons, both directions, against Captum',
    ours: `${time(ours)} (${time(median(times.map(({ sessions }) => sessions)))} of it to start sessions)`,
    other: `${time(theirs)}, extrapolated`,
    ratio: `${(theirs / ours).toFixed(1)}x`,
    target: `at least ${CAPTUM_TIMES}x`,
    met: theirs / ours >= CAPTUM_TIMES,
  };
}

/** A whole study, from the start of Node to the page. */
function minutesRow({ gemm, studies }, name, what, minutes) {
  const study = studies.find((each) => each.name === name);
  if (!study) return undefined;
  const scaled = (study.total * gemm) / MACHINE;
  return {
    what: `${what}, start of Node and page included`,
    ours: `${time(study.total)}; scaled to ${rate(MACHINE)}: ${time(scaled)}`,
    target: `under ${minutes} min at ${rate(MACHINE)}`,
    met: scaled < minutes * 60,
  };
}

function fullRow({ studies }) {
  const study = studies.find(({ name }) => name === 'full');
  return (
    study && {
      what: 'both directions with `--full`, no page',
      ours: `${time(study.total)}; ${(study.bytes / 1e9).toFixed(1)} GB on disk`,
    }
  );
}

function memoryRow({ studies }) {
  if (studies.length === 0) return undefined;
  const peaks = studies.map(({ name, peak }) => `${name} ${(peak / 1e9).toFixed(2)}`).join(', ');
  return {
    what: 'peak resident memory of a whole study',
    ours: `${peaks} GB`,
    target: `under ${MEMORY / 1e9} GB`,
    met: studies.every(({ peak }) => peak < MEMORY),
  };
}

function forwardRow({ own, other }) {
  const ratio = median(other) / median(own);
  return {
    what: 'one forward pass with cache, batch 1, same hook points, against TransformerLens',
    ours: `${(1000 * median(own)).toFixed(0)} ms`,
    other: `${(1000 * median(other)).toFixed(0)} ms`,
    ratio: `${ratio.toFixed(1)}x`,
    target: `at least ${FORWARD_TARGET}x`,
    met: ratio >= FORWARD_TARGET,
  };
}

/** Seconds in the unit that reads best. */
export function time(seconds) {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(2)} h`;
}

/** A rate of arithmetic. */
export function rate(perSecond) {
  return `${(perSecond / 1e9).toFixed(0)} GFLOP/s`;
}
