/**
 * What a study's runs cost, in FLOP: matrix products alone, 2 m k n each. Norms, softmax and activations are not
 * counted (a few per cent of the time at the widths of real models). A test counts the products of the graphs that
 * really run, and finds these numbers exactly.
 *
 * For a prompt of t tokens whose runs differ from token f on: s = t - f positions are computed, over the keys and
 * values of all t; in the last layer queries, and what follows them, at one position.
 */
import { ALIGNED } from '../../effects/observe.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Pair } from '../../tasks/pair.ts';
import type { Kind } from '../../terms.ts';

/** How much of a pair's prompts has to be computed. */
export interface Extent {
  /** Tokens of each prompt. */
  readonly length: number;
  /** The first position at which the two prompts differ. */
  readonly first: number;
}

export function extentOf({ clean, firstDifference }: Pair): Extent {
  return { length: clean.ids.length, first: firstDifference };
}

/** Products of one row, apart because their ways back differ. FLOP. */
interface Products {
  /** Of activations with weights: back by one product each, as weights need no gradient. */
  readonly weights: number;
  /** Of activations with one another (scores and mixing): back by two. */
  readonly attention: number;
}

const NONE: Products = { weights: 0, attention: 0 };

/** The metric reads two columns of the unembedding. */
const METRIC_COLUMNS = 2;

function add(a: Products, b: Products): Products {
  return { weights: a.weights + b.weights, attention: a.attention + b.attention };
}

const forward = ({ weights, attention }: Products) => weights + attention;
const backward = ({ weights, attention }: Products) => weights + 2 * attention;

/** Keys and values at `positions`, queries and output at `queries` of them, over `keys` tokens. */
function attentionProducts(
  { dModel, dHead, nHeads, nKvHeads }: ModelConfig,
  positions: number,
  queries: number,
  keys: number,
): Products {
  const width = nHeads * dHead;
  return {
    weights: 2 * dModel * (2 * queries * width + 2 * positions * nKvHeads * dHead),
    attention: 2 * 2 * queries * keys * width,
  };
}

/** Two matrices, or three where the MLP is gated. */
function mlpProducts({ family, dModel, dMlp }: ModelConfig, positions: number): Products {
  return { weights: 2 * positions * dModel * dMlp * (family === 'llama' ? 3 : 2), attention: 0 };
}

/** From the last token to F. With several positions a product with a one-hot row picks the last. */
function metricProducts({ dModel }: ModelConfig, positions: number): Products {
  const picking = positions > 1 ? positions : 0;
  return { weights: 2 * dModel * (METRIC_COLUMNS + picking), attention: 0 };
}

/** What a patched run's heads wrote at the last token: each head's change through its part of W_O, rows padded. */
function observationFlop({ dModel, dHead, nHeads }: ModelConfig): number {
  return 2 * nHeads * dHead * Math.ceil(dModel / ALIGNED) * ALIGNED;
}

/** All from the stage behind a component of this kind and layer to F. */
function behind(config: ModelConfig, { length, first }: Extent, kind: Kind, layer: number): Products {
  const size = length - first;
  const last = config.nLayers - 1;
  const positions = (at: number) => (at === last ? 1 : size);
  let sum = metricProducts(config, 1);
  if (kind === 'heads') sum = add(sum, mlpProducts(config, positions(layer)));
  for (let at = layer + 1; at <= last; at++) {
    const block = add(
      attentionProducts(config, size, positions(at), length),
      mlpProducts(config, positions(at)),
    );
    sum = add(sum, block);
  }
  return sum;
}

/** One patched run: a head or neuron of a layer has its other value; all later heads are observed. */
export function patchedRunFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): number {
  const observed = (config.nLayers - 1 - layer) * observationFlop(config);
  return forward(behind(config, extent, kind, layer)) + observed;
}

/** What a direction of patching begins with: the base run through all observing stages. */
export function baseRunFlop(config: ModelConfig, extent: Extent): number {
  const { length, first } = extent;
  const positions = config.nLayers === 1 ? 1 : length - first;
  const start = attentionProducts(config, length - first, positions, length);
  return forward(start) + observationFlop(config) + patchedRunFlop(config, extent, 'heads', 0);
}

/** One point of the path of a layer's integrated gradients: forward, and back to the layer. */
export function pathPointFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): number {
  const products = behind(config, extent, kind, layer);
  return forward(products) + backward(products);
}

/** What both prompts share, once; both forward and back at all positions behind it; all logits at their ends. */
export function bothRunsFlop(config: ModelConfig, { length, first }: Extent): number {
  const { nLayers, dModel, vocabulary } = config;
  const size = length - first;
  const blocks = (positions: number, keys: number) => {
    const one = add(attentionProducts(config, positions, positions, keys), mlpProducts(config, positions));
    return { weights: nLayers * one.weights, attention: nLayers * one.attention };
  };
  const shared = first > 0 ? blocks(first, first) : NONE;
  const own = add(blocks(size, length), metricProducts(config, size));
  return forward(shared) + 2 * (forward(own) + backward(own)) + 2 * 2 * dModel * vocabulary;
}

/** Rows that patch `count` sources in batches: a source alone runs twice (see `patchSources`). */
export function patchedRows(count: number, batch: number): number {
  const alone = batch === 1 ? count : count % batch === 1 ? 1 : 0;
  return count + alone;
}
