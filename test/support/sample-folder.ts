import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type SampleOptions, writeSampleStudy } from './sample-study.ts';

/** A synthetic study in a temporary folder that goes when the test ends. */
export async function sampleFolder(options: SampleOptions = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mediators-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeSampleStudy(folder, { neurons: 64, ...options });
  return folder;
}
