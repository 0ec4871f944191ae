/**
 * Which study it is, and what computed it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { LoadedModel } from '../model/loaded.ts';
import type { Pair } from '../tasks/pair.ts';
import type { Identity } from './folder.ts';
import type { StudyOptions } from './options.ts';

/** What of a model a study's identity needs. */
export type Studied = Pick<LoadedModel, 'raw' | 'sha256' | 'config'> & {
  readonly engine: Pick<LoadedModel['engine'], 'provider'>;
};

/**
 * What `--resume` and `merge` compare: all that tells what the files hold, and the batch. Threads, shards and what is
 * shown do not matter.
 */
export async function identityOf(model: Studied, pair: Pair, options: StudyOptions): Promise<Identity> {
  return {
    ...(await modelIdentity(model)),
    clean: pair.clean.ids.join(','),
    corrupted: pair.corrupted.ids.join(','),
    answer: pair.answer.id,
    wrong: pair.wrong.id,
    contrast: pair.contrast ?? null,
    ...optionsIdentity(options),
  };
}

/** The model's part of it, and what computes. */
export async function modelIdentity(model: Studied): Promise<Identity> {
  return {
    model: await model.sha256(),
    config: createHash('sha256').update(JSON.stringify(model.config)).digest('hex').slice(0, 16),
    version: versions().mediators ?? '',
    weights: model.raw ? 'raw' : 'processed',
    // Devices agree only within tolerance.
    device: model.engine.provider,
  };
}

/** The options' part of it. */
export function optionsIdentity(options: StudyOptions): Identity {
  return {
    as_published: options.asPublished,
    components: options.components.join(','),
    directions: options.directions.join(','),
    measures: options.measures.join(','),
    mediation: options.mediation,
    full: options.full,
    steps: options.steps,
    quantile: options.quantile,
    tau: options.tau,
    seed: options.seed,
    batch: options.batch,
    rows: options.rows ?? null,
  };
}

export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  return {
    mediators: own.version,
    'onnxruntime-node': own.dependencies['onnxruntime-node'] ?? 'unknown',
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The type of this machine's processor: results of one type are the same bit for bit. */
export function processorType(): string {
  const model = cpus()[0]?.model.trim().replace(/\s+/g, ' ');
  return `${model || 'unknown'} (${process.arch})`;
}
