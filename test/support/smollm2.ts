/**
 * SmolLM2-135M-Instruct, a real language model, where it can be had: fetched once when `CI` is set.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../src/model/cache-folder.ts';

const FETCH = join(import.meta.dirname, '../../scripts/fetch-smollm2.mjs');
const PATH = join(cacheFolder(), 'smollm2-135m', 'SmolLM2-135M-Instruct.Q4_1.gguf');

/** Path of its GGUF file; undefined where it is not there and may not be fetched. */
export function smollm2(): string | undefined {
  if (!existsSync(PATH) && process.env.CI) execFileSync(process.execPath, [FETCH], { stdio: 'inherit' });
  return existsSync(PATH) ? PATH : undefined;
}

/** Why a test without it is skipped. */
export const NO_SMOLLM2: string = `no model at ${PATH}; run node scripts/fetch-smollm2.mjs`;
