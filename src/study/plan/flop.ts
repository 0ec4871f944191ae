/**
 * What a study's runs cost, in FLOP: matrix products alone, 2 m k n each. Norms, softmax and activations are not
 * counted (a few per cent of the time at the widths of real models). A test counts the products of the graphs that
 * really run, and finds these numbers exactly.
 *
 * For a prompt of t tokens whose runs differ from token f on: s = t - f positions are computed, over the keys and
 * values of all t; in the last layer queries, and what follows them, at one position.
 */
import { alignedWidth } from '../../ops/alignment.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { PromptPair } from '../../tasks/pair.ts';
import { LINE_POSITIONS } from '../../patch/suffix.ts';
import type { Kind } from '../../terms.ts';

/** How much of a pair's prompts has to be computed. */
export interface Extent {
  /** Tokens of each prompt. */
  readonly length: number;
  /** The first position at which the two prompts differ. */
  readonly first: number;
  /** Columns of the unembedding that the metric reads; those of a logit difference by default (`columnsOf`). */
  readonly columns?: number;
}

export function extentOf({ clean, firstDifference }: PromptPair): Extent {
  return { length: clean.ids.length, first: firstDifference };
}

/** Products of one row, apart because their ways back differ. FLOP. */
interface Products {
  /** Of activations with weights, or with earlier keys and values: back by one product each, as those need no gradient. */
  readonly weights: number;
  /** Of activations with one another (scores and mixing): back by two. */
  readonly attention: number;
}

/** Rows of a base run: as many as a source alone has. */
const ENTRANCE_ROWS = 2;

const NONE: Products = { weights: 0, attention: 0 };

/** A logit difference reads two columns of the unembedding. */
export function columnsOf({ columns = 2 }: Extent): number {
  return columns;
}

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
  const linear = 2 * dModel * (2 * queries * width + 2 * positions * nKvHeads * dHead);
  return {
    weights: linear + 2 * 2 * queries * (keys - positions) * width,
    attention: 2 * 2 * queries * positions * width,
  };
}

/** Two matrices, or three where the MLP is gated. */
function mlpProducts({ family, dModel, dMlp }: ModelConfig, positions: number): Products {
  return { weights: 2 * positions * dModel * dMlp * (family === 'llama' ? 3 : 2), attention: 0 };
}

/** From the last token to F. With several positions a product with a one-hot row picks the last. */
function metricProducts({ dModel }: ModelConfig, extent: Extent, positions: number): Products {
  const picking = positions > 1 ? positions : 0;
  return { weights: 2 * dModel * (columnsOf(extent) + picking), attention: 0 };
}

/** The norms of what a patched run's heads wrote at the last token: each head's change through its factor. */
function observationFlop({ dHead, nHeads }: ModelConfig): number {
  return 2 * nHeads * dHead * alignedWidth(dHead);
}

/**
 * The linear maps that read the norm of what enters the stage behind a component: queries, keys and values behind a
 * neuron, the MLP's first matrices behind a head. One row for each position, or for one alone.
 */
function readFlop(config: ModelConfig, size: number, kind: Kind, layer: number): number {
  const { family, nLayers, dModel, dHead, nHeads, nKvHeads, dMlp } = config;
  if (kind === 'heads') return 2 * size * dModel * dMlp * (family === 'llama' ? 2 : 1);
  const queries = layer + 1 === nLayers - 1 ? 1 : size;
  return 2 * dModel * dHead * (queries * nHeads + 2 * size * nKvHeads);
}

/** Whether streams behind a component enter the next stage as a line (`SuffixChain.takesLine`, processed weights). */
function isOnLine({ nLayers }: ModelConfig, { length, first }: Extent, layer: number): boolean {
  // Behind the last attention one position counts, and behind the last MLP nothing is read.
  return length - first >= LINE_POSITIONS && layer < nLayers - 1;
}

/** All from the stage behind a component of this kind and layer to F. */
function behind(config: ModelConfig, extent: Extent, kind: Kind, layer: number): Products {
  const { length, first } = extent;
  const size = length - first;
  const last = config.nLayers - 1;
  const positions = (at: number) => (at === last ? 1 : size);
  let sum = metricProducts(config, extent, 1);
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

/** What a batch costs: so much for each of its rows, and so much whatever their number. */
export interface BatchFlop {
  readonly row: number;
  readonly shared: number;
}

/**
 * Patched runs, each with another head or neuron of a layer at its other value; all later heads are observed. A
 * neuron's vector is projected once in the stage behind it, and the base run's stream once a batch.
 */
export function patchedFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): BatchFlop {
  const observed = (config.nLayers - 1 - layer) * observationFlop(config);
  const row = forward(behind(config, extent, kind, layer)) + observed;
  if (kind === 'heads' || !isOnLine(config, extent, layer)) return { row, shared: 0 };
  const { dModel, dHead, nHeads, nKvHeads } = config;
  const shared = readFlop(config, extent.length - extent.first, kind, layer);
  return { row: row - shared + 2 * dModel * dHead * (nHeads + 2 * nKvHeads), shared };
}

/**
 * Points of the path of a layer's integrated gradients: forward, and back to the layer. On a line, both its ends are
 * projected once, and so is what comes back.
 */
export function pathFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): BatchFlop {
  const products = behind(config, extent, kind, layer);
  const row = forward(products) + backward(products);
  if (!isOnLine(config, extent, layer)) return { row, shared: 0 };
  const read = readFlop(config, extent.length - extent.first, kind, layer);
  return { row: row - 2 * read, shared: 3 * read };
}

/** FLOP of so many rows in so many batches. */
export function batchFlop({ row, shared }: BatchFlop, rows: number, batches = 1): number {
  return row * rows + shared * batches;
}

/** The base run that a layer's sources are compared with, twice over; plain ones share that of the whole chain. */
export function entranceFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): number {
  if (kind === 'neurons' && isOnLine(config, extent, layer))
    return batchFlop(patchedFlop(config, extent, kind, layer), ENTRANCE_ROWS);
  const { length, first } = extent;
  const positions = config.nLayers === 1 ? 1 : length - first;
  const start = forward(attentionProducts(config, length - first, positions, length));
  return ENTRANCE_ROWS * (start + observationFlop(config) + patchedFlop(config, extent, 'heads', 0).row);
}

/** All base runs of one direction: the plain one, and one for each layer whose neurons enter on a line. */
export function entrancesFlop(config: ModelConfig, extent: Extent, components: readonly Kind[]): number {
  let sum = entranceFlop(config, extent, 'heads', 0);
  if (!components.includes('neurons')) return sum;
  for (let layer = 0; layer < config.nLayers; layer++)
    if (isOnLine(config, extent, layer)) sum += entranceFlop(config, extent, 'neurons', layer);
  return sum;
}

/** A component patched alone, nothing observed: what pairs start from. */
export function firstFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): number {
  return forward(behind(config, extent, kind, layer));
}

/** A pair's run, from behind its second component. What a head writes is a product of its own. */
export function pairFlop(config: ModelConfig, extent: Extent, kind: Kind, layer: number): number {
  const positions = layer === config.nLayers - 1 ? 1 : extent.length - extent.first;
  const written = kind === 'heads' ? 2 * positions * config.dHead * config.dModel : 0;
  return forward(behind(config, extent, kind, layer)) + written;
}

/** The base run of pairs. */
export function pairBaseFlop(config: ModelConfig, extent: Extent): number {
  const { length, first } = extent;
  const queries = config.nLayers === 1 ? 1 : length - first;
  const start = forward(attentionProducts(config, length - first, queries, length));
  return ENTRANCE_ROWS * (start + forward(behind(config, extent, 'heads', 0)));
}

/** What both prompts share, once; both forward and back at all positions behind it. */
export function bothRunsFlop(config: ModelConfig, extent: Extent): number {
  const { length, first } = extent;
  const { nLayers } = config;
  const size = length - first;
  const blocks = (positions: number, keys: number) => {
    const one = add(attentionProducts(config, positions, positions, keys), mlpProducts(config, positions));
    return { weights: nLayers * one.weights, attention: nLayers * one.attention };
  };
  const shared = first > 0 ? blocks(first, first) : NONE;
  const own = add(blocks(size, length), metricProducts(config, extent, size));
  return forward(shared) + 2 * (forward(own) + backward(own));
}

/** All logits at the ends of both prompts. */
export function logitsFlop({ dModel, vocabulary }: ModelConfig): number {
  return 2 * 2 * dModel * vocabulary;
}

/** Rows that patch `count` sources in batches: a source alone runs twice (see `patchSources`). */
export function patchedRows(count: number, batch: number): number {
  const alone = batch === 1 ? count : count % batch === 1 ? 1 : 0;
  return count + alone;
}
