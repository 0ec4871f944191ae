/**
 * What the passes of a survey cost on one pair: runs, FLOP and seconds, counted as a study's plan counts them.
 */
import { MAX_ROWS } from '../attribution/integrated-gradients.ts';
import { componentsPerLayer, type ModelConfig } from '../model/config.ts';
import { BATCH, batchesOf, twiceIfAlone } from '../patch/batches.ts';
import {
  type BatchFlop,
  batchFlop,
  entrancesFlop,
  type Extent,
  firstFlop,
  pairBaseFlop,
  patchedFlop,
} from '../study/plan/flop.ts';
import { type Batches, blockBytes } from '../study/plan/memory.ts';
import { pathWork, type PhasePlan } from '../study/plan/plan.ts';
import { programSeconds, type Rates } from '../study/plan/rates.ts';
import type { Kind } from '../terms.ts';
import { approximation, EXACT } from './options.ts';
import { type Pass, TWIN } from './passes.ts';

export type Amounts = Pick<PhasePlan, 'runs' | 'flop' | 'seconds'>;

/** What a survey's passes run with, whatever the pair. */
export interface PassWork {
  readonly config: ModelConfig;
  readonly rates: Rates;
  /** Points of a path; the method's own number where undefined. */
  readonly steps: number | undefined;
}

/** A survey keeps to no budget: programs are as large as they can be. */
export const BATCHES: Batches = { rows: MAX_ROWS, batch: BATCH };

export function sumOf(parts: readonly Amounts[]): Amounts {
  const sum = (pick: (part: Amounts) => number) => parts.reduce((total, part) => total + pick(part), 0);
  return {
    runs: sum(({ runs }) => runs),
    flop: sum(({ flop }) => flop),
    seconds: sum(({ seconds }) => seconds),
  };
}

/** Exact patching, by the task's metric or by that of labels. */
export function isPatching(method: string): boolean {
  return method === EXACT || method === TWIN;
}

/** Rows of each pass along the path of a layer; undefined for a method that goes no such way. */
export function passRows(method: string, steps: number | undefined): readonly number[] | undefined {
  return approximation(method).passes?.(steps);
}

/** Seconds that the sessions of a method on one kind take: none where it has no runs, or none that are counted. */
export function sessionSeconds({ config, rates, steps }: PassWork, method: string): number {
  if (isPatching(method)) return rates.patchingSessions * blockBytes(config);
  const rows = passRows(method, steps) ?? [];
  return rows.length > 0 ? rates.attributionSessions * blockBytes(config) : 0;
}

/** One pass on a pair of this extent, that of the metric which the pass runs by. */
export function passAmounts(work: PassWork, { method, kind, arrays }: Pass, extent: Extent): Amounts {
  if (!isPatching(method)) return pathAmounts(work, method, kind, extent);
  return arrays.length > 1 ? observedAmounts(work, kind, extent) : scoresAmounts(work, kind, extent);
}

function pathAmounts(
  { config, rates, steps }: PassWork,
  method: string,
  kind: Kind,
  extent: Extent,
): Amounts {
  const rows = passRows(method, steps) ?? [];
  if (rows.length === 0) return sumOf([]);
  const path = { config, rates, extent, batches: BATCHES };
  return sumOf(layersOf(config).map((layer) => pathWork(path, kind, layer, rows)));
}

/** Patching that observes all others (`patchSources`), from base runs of its own. */
function observedAmounts(work: PassWork, kind: Kind, extent: Extent): Amounts {
  const { config, rates } = work;
  const begin = {
    runs: 0,
    flop: entrancesFlop(config, extent, [kind]),
    seconds: rates.direction * blockBytes(config),
  };
  return sumOf([begin, patchedAmounts(work, kind, (layer) => patchedFlop(config, extent, kind, layer))]);
}

/** Patching of which F alone is kept (`patchingScores`). */
function scoresAmounts(work: PassWork, kind: Kind, extent: Extent): Amounts {
  const { config } = work;
  const begin = { runs: 0, flop: pairBaseFlop(config, extent), seconds: 0 };
  const rowOf = (layer: number) => ({ row: firstFlop(config, extent, kind, layer), shared: 0 });
  return sumOf([begin, patchedAmounts(work, kind, rowOf)]);
}

/** A run for each component of a kind. */
function patchedAmounts(
  { config, rates }: PassWork,
  kind: Kind,
  costOf: (layer: number) => BatchFlop,
): Amounts {
  const programs = batchesOf(componentsPerLayer(config, kind));
  const rows = programs.reduce((sum, indices) => sum + twiceIfAlone(indices).length, 0);
  const costs = layersOf(config).map((layer) => batchFlop(costOf(layer), rows, programs.length));
  const each = costs.map((flop, layer) => ({
    runs: componentsPerLayer(config, kind),
    flop,
    seconds: programSeconds(rates.patching[kind], config, layer, rows, (at) => costs[at]!),
  }));
  return sumOf(each);
}

function layersOf({ nLayers }: ModelConfig): number[] {
  return Array.from({ length: nLayers }, (_, layer) => layer);
}
