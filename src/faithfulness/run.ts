/**
 * F of circuits on the pairs of a data set. A circuit runs on the clean prompt with every edge outside it patched: one
 * forward run each, circuits of one pair in batches (`edge-sets.ts`).
 */
import { patchEdges } from '../attribution/edges/edge-sets.ts';
import { alone } from '../patch/alone.ts';
import type { Model } from '../patch/model.ts';
import { blocksOf } from '../patch/batches.ts';
import { type MeasuredPair, metricFor, openPrompts, type OpenPair } from '../patch/open-pair.ts';
import type { EdgeCircuit } from './circuit.ts';

/** A data set whose pairs are opened one after the other. */
export interface PairSource {
  readonly size: number;
  /** Runs the body on each pair. Pairs of one shape follow one another; `index` is the place in the list. */
  readonly visit: (body: (open: OpenPair, index: number) => Promise<void>) => Promise<void>;
}

/**
 * Pairs on a model. A visit throws InputError for a pair that does not fit the model, before any runs, and for a model on
 * which other such work runs. Sessions are made once for pairs of one shape.
 */
export function pairSource(model: Model, pairs: readonly MeasuredPair[]): PairSource {
  return {
    size: pairs.length,
    visit: (body) => {
      const metrics = pairs.map((pair) => metricFor(model, pair));
      return alone(model.loaded, 'faithfulness', async (loaded) => {
        for (const block of blocksOf(pairs)) {
          const opened: OpenPair[] = [];
          for (const i of block) opened.push(await openPrompts(loaded, pairs[i]!, metrics[i]!, true));
          // What opened them is not needed to run circuits.
          await loaded.sessions.release();
          for (const [at, open] of opened.entries()) {
            await open.chain.activate();
            await body(open, block[at]!);
          }
          await loaded.sessions.release();
        }
      });
    },
  };
}

/** F over a data set, in the metric's units; rows of `circuits` are circuits, columns pairs in the order of the list. */
export interface CircuitMetrics {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly circuits: readonly (readonly number[])[];
}

export interface RunCircuitsOptions {
  readonly signal?: AbortSignal;
  /** After each pair. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** F of each circuit on each pair. Circuits of the same edges run once. CancelledError by the signal. */
export async function circuitMetrics(
  pairs: PairSource,
  circuits: readonly EdgeCircuit[],
  { signal, onProgress }: RunCircuitsOptions = {},
): Promise<CircuitMetrics> {
  const keys = circuits.map(({ edges }) => keyOf(edges));
  const byKey = new Map(circuits.map((circuit, i) => [keys[i]!, circuit]));
  const place = new Map([...byKey.keys()].map((key, i) => [key, i]));
  const rows = () => new Array<number>(pairs.size).fill(Number.NaN);
  const metrics = { clean: rows(), corrupted: rows(), circuits: circuits.map(rows) };
  let done = 0;
  await pairs.visit(async (open, index) => {
    const found = await metricsOnPair(open, [...byKey.values()], signal);
    metrics.clean[index] = open.runs.clean.metric;
    metrics.corrupted[index] = open.runs.corrupted.metric;
    metrics.circuits.forEach((row, i) => {
      row[index] = found[place.get(keys[i]!)!]!;
    });
    onProgress?.(++done, pairs.size);
  });
  return metrics;
}

/** A text that equal sets of edges share. */
function keyOf(edges: Uint8Array): string {
  return new TextDecoder('latin1').decode(edges);
}

/** F of each circuit on one opened pair: [circuits]. */
export function metricsOnPair(
  { chain, runs }: OpenPair,
  circuits: readonly EdgeCircuit[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const outside = circuits.map(({ graph, edges }) => {
    const width = graph.receivers.length;
    return (node: number, receiver: number) => edges[node * width + receiver] === 0;
  });
  return patchEdges(chain, runs.clean, runs.corrupted, outside, signal);
}
