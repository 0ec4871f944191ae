/**
 * Samples of every side, in turns: the notebook's way, the batched way, Captum, one forward pass, and ours at the same
 * layers. Plain products are measured behind each (machine.mjs).
 */
import { forwardTurns } from './forward.mjs';
import { PAIR } from './gpt2-shape.mjs';
import { median } from './measure.mjs';
import { neuronSampler, sampledLayers } from './neuron-sample.mjs';

const BATCHES = [32, 64, 128];
/** Effects on neurons that come back from the batched side, to be compared. */
const ROWS = 2;

/**
 * How much is sampled. Captum's layers are spread over the rounds; a step of the notebook costs the same at every layer.
 */
export const PLANS = {
  whole: { rounds: 4, layers: 4, notebookNeurons: 3, captumLayers: 3, steps: 50, forwards: 5, choices: 3 },
  quick: { rounds: 2, layers: 2, notebookNeurons: 2, captumLayers: 2, steps: 50, forwards: 2, choices: 1 },
};

/** Both directions of both kinds at a few layers. */
function captumUnits({ captumLayers }, nLayers) {
  return sampledLayers(nLayers, captumLayers).flatMap((layer) =>
    ['heads', 'neurons'].flatMap((kind) =>
      ['noising', 'denoising'].map((direction) => ({ direction, kind, layer })),
    ),
  );
}

/**
 * Makes all sides ready. `batch` of the batched side is the best of three for the same neurons, each in turn.
 * @returns what `turn` collects, and `turn` itself
 */
export async function openTurns(model, reference, plan, watch) {
  const { nLayers } = model.config;
  const layers = sampledLayers(nLayers, plan.layers);
  const sampler = await neuronSampler(model, PAIR);
  const { batch, choices } = await watch.phase('choice of a batch size', () => chooseBatch(reference, plan));
  const perLayer = () => new Map(layers.map((layer) => [layer, []]));
  const samples = {
    batch,
    choices,
    ours: perLayer(),
    notebook: perLayer(),
    batched: perLayer(),
    captum: { heads: new Map(), neurons: new Map() },
    forward: { own: [], other: [] },
    /** What the other sides computed, to be compared with our studies. */
    answers: { notebook: [], batched: [], captum: [], forward: undefined },
  };
  const sides = sidesOf({ model, reference, plan, sampler, samples, layers });
  return {
    samples,
    async turn(round) {
      for (const [name, side] of Object.entries(sides)) {
        await watch.phase(`round ${round + 1}, ${name}`, () => side(round));
      }
    },
  };
}

/** Each side's turn. */
function sidesOf({ model, reference, plan, sampler, samples, layers }) {
  const { answers } = samples;
  const units = captumUnits(plan, model.config.nLayers);
  return {
    async 'our sample'(round) {
      for (const layer of layers) {
        samples.ours.get(layer).push(await sampler.secondsOfNeuron(layer, round));
      }
    },
    async notebook(round) {
      for (const layer of layers) {
        const indices = consecutive(round, plan.notebookNeurons);
        const answer = await reference.ask({ do: 'notebook', layer, indices });
        samples.notebook.get(layer).push(answer.seconds / indices.length);
        answers.notebook.push({ layer, indices, ...answer });
      }
    },
    async batched(round) {
      for (const layer of layers) {
        const indices = consecutive(round, samples.batch);
        const answer = await reference.ask({
          do: 'batched',
          layer,
          indices,
          batch: samples.batch,
          rows: ROWS,
        });
        samples.batched.get(layer).push(answer.seconds / indices.length);
        answers.batched.push({ layer, indices, ...answer });
      }
    },
    async Captum(round) {
      for (const unit of units.filter((_, i) => i % plan.rounds === round)) {
        const answer = await reference.ask({ do: 'captum', ...unit, steps: plan.steps });
        const measured = samples.captum[unit.kind];
        measured.set(unit.layer, [...(measured.get(unit.layer) ?? []), answer.seconds]);
        answers.captum.push({ ...unit, scores: answer.scores });
      }
    },
    async forward() {
      const { own, other, ours, theirs } = await forwardTurns(model, reference, plan.forwards);
      samples.forward.own.push(...own);
      samples.forward.other.push(...other);
      answers.forward = { ours, theirs };
    },
  };
}

/** The median seconds that 128 neurons of the first layer take in batches of each size; the first pass does not count. */
async function chooseBatch(reference, plan) {
  const indices = consecutive(0, Math.max(...BATCHES));
  const ask = (batch) => reference.ask({ do: 'batched', layer: 0, indices, batch });
  await ask(BATCHES[0]);
  const times = new Map(BATCHES.map((batch) => [batch, []]));
  for (let i = 0; i < plan.choices; i++) {
    for (const [batch, measured] of times) measured.push((await ask(batch)).seconds);
  }
  const choices = Object.fromEntries([...times].map(([batch, measured]) => [batch, median(measured)]));
  const batch = BATCHES.reduce((best, each) => (choices[each] < choices[best] ? each : best));
  return { batch, choices };
}

/** Numbers of the neurons of a round. */
function consecutive(round, count) {
  return Array.from({ length: count }, (_, i) => round * count + i);
}
