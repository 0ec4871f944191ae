/**
 * What one neuron's effects cost (one direction, the mean over all layers, from a sample of them) against prompt length,
 * difference position, layers and width; beside it the time that its matrix products alone would take at this machine's
 * rate of plain products of the same shapes. Tables, and one figure.
 */
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../dist/index.js';
import { costFigure } from './cost-figure.mjs';
import { allNeuronsFlop, extentOf, productShapes } from './flop.mjs';
import { gemmRates } from './gemm.mjs';
import { writeShape } from './gpt2-shape.mjs';
import { markdownTable } from './markdown.mjs';
import { median, THREADS } from './measure.mjs';
import { neuronSampler, overLayers, sampledLayers } from './neuron-sample.mjs';

const FIGURE = fileURLToPath(new URL('../docs/images/cost.svg', import.meta.url));
/** GPT-2 small's, where nothing else is said. */
const USUAL = { layers: 12, width: 768, length: 19, first: 10 };
/** Positions behind the difference, and the difference's own. */
const SUFFIX = USUAL.length - USUAL.first;
/** A difference position that the shortest prompt has too. */
const EARLY = 5;
const HEAD_WIDTH = 64;
/** Few tokens: the vocabulary costs nothing here. */
const VOCABULARY = 8192;

/** What varies: its name, a shorter one for the figure, and the values. */
const AXES = [
  {
    name: `prompt length, ${SUFFIX} positions behind the difference`,
    title: `length, ${SUFFIX} changed positions`,
    unit: 'tokens',
    values: [10, 19, 40, 80],
    at: (length) => ({ length, first: length - SUFFIX }),
  },
  {
    name: `prompt length, difference at position ${EARLY}`,
    title: `length, difference at ${EARLY}`,
    unit: 'tokens',
    values: [10, 19, 40, 80],
    at: (length) => ({ length, first: EARLY }),
  },
  {
    name: `difference position, ${USUAL.length} tokens`,
    title: `difference position, ${USUAL.length} tokens`,
    unit: 'position',
    values: [1, 5, 10, 15, 18],
    at: (first) => ({ first }),
  },
  { name: 'layers', title: 'layers', unit: 'layers', values: [4, 8, 12, 24], at: (layers) => ({ layers }) },
  {
    name: 'width',
    title: 'width',
    unit: 'd_model',
    values: [256, 512, 768, 1024],
    at: (width) => ({ width }),
  },
];
const PLANS = { whole: { rounds: 3, layers: 4 }, quick: { rounds: 1, layers: 2 } };
/** The quick run's: the ends of each axis, the rest small. */
const QUICK = { layers: 2, width: 256 };

/**
 * @param {{ quick: boolean, svg?: string, where: string }} options `svg`: another place for the figure, without which
 * a quick run has none; `where`: machine and date, shown in it
 */
export async function curves({ quick, svg = quick ? undefined : FIGURE, where }) {
  const places = placesOf(quick);
  const measured = new Map();
  for (const shape of shapesOf(places)) {
    await withModel(shape, async (model) => {
      const own = places.filter(({ layers, width }) => layers === shape.layers && width === shape.width);
      for (const place of own) {
        const key = JSON.stringify(place.extent);
        const known = measured.get(`${place.layers} ${place.width} ${key}`);
        Object.assign(place, known ?? (await costOf(model, place.extent, quick ? PLANS.quick : PLANS.whole)));
        measured.set(`${place.layers} ${place.width} ${key}`, costIn(place));
      }
    });
  }
  const panels = AXES.map((axis) => ({
    ...axis,
    points: places.filter((place) => place.axis === axis.name),
  }));
  if (svg) await writeFile(svg, costFigure(panels, where));
  return { lines: panels.flatMap(table), points: places };
}

/** Every point of every axis: where it lies, and the model and pair that it needs. */
function placesOf(quick) {
  return AXES.flatMap(({ name, values, at }) => {
    const some = quick ? [values[0], values.at(-1)] : values;
    return some.map((value) => {
      const { layers, width, length, first } = { ...USUAL, ...(quick && QUICK), ...at(value) };
      return { axis: name, value, layers, width, extent: { length, first } };
    });
  });
}

/** Each shape of model once. */
function shapesOf(places) {
  const shapes = new Map(places.map(({ layers, width }) => [`${layers} ${width}`, { layers, width }]));
  return [...shapes.values()];
}

async function withModel({ layers, width }, body) {
  const changes = { n_layer: layers, n_embd: width, n_head: width / HEAD_WIDTH, vocab_size: VOCABULARY };
  const folder = await writeShape({ ...changes, bos_token_id: 0, eos_token_id: 0 });
  const model = await loadModel(folder, { threads: THREADS });
  try {
    await body(model);
  } finally {
    await model.dispose();
    rmSync(folder, { recursive: true });
  }
}

const costIn = ({ measured, arithmetic, gemm }) => ({ measured, arithmetic, gemm });

/** Seconds of a neuron, measured and by arithmetic alone; plain products take turns with the layers. */
async function costOf(model, extent, { rounds, layers }) {
  const { config } = model;
  const gemm = await gemmRates(productShapes(config, extent));
  const sampler = await neuronSampler(model, pairOf(extent));
  try {
    const times = new Map(sampledLayers(config.nLayers, layers).map((layer) => [layer, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [layer, list] of times) {
        await gemm.sample();
        list.push(await sampler.secondsOfNeuron(layer, round));
      }
    }
    const rate = median(gemm.rates());
    const flop = allNeuronsFlop(config, extent) / (config.nLayers * config.dMlp);
    return {
      measured: overLayers(times, config.nLayers) / config.nLayers,
      arithmetic: flop / rate,
      gemm: rate,
    };
  } finally {
    await sampler.release();
    await gemm.dispose();
  }
}

/** Two prompts that differ at one position. */
function pairOf({ length, first }) {
  const clean = Array.from({ length }, (_, position) => 1000 + 17 * position);
  const corrupted = clean.map((id, position) => (position === first ? id + 4000 : id));
  const pair = { clean, corrupted, answer: 5335, wrong: 1757 };
  if (extentOf(pair).first !== first) throw new Error(`the pair differs elsewhere than at ${first}`);
  return pair;
}

/** A panel as a table; the share is that of the arithmetic's time in the measured one. */
function table({ name, unit, points }) {
  const rows = points.map(({ value, measured, arithmetic, gemm }) => [
    String(value),
    (1000 * measured).toFixed(2),
    (1000 * arithmetic).toFixed(2),
    (gemm / 1e9).toFixed(0),
    `${((100 * arithmetic) / measured).toFixed(0)}%`,
  ]);
  const head = [
    unit,
    'ms a neuron, measured',
    'ms by arithmetic alone',
    'GFLOP/s of plain products',
    'share',
  ];
  return [`Cost against ${name}:`, '', ...markdownTable(head, rows), ''];
}
