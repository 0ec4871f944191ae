/** The folder of `--out`, asked before anything else is read. */
import { readdir } from 'node:fs/promises';
import { checkOut } from '../study/folder.ts';
import type { Shard } from '../study/shard.ts';

/** What the options of a command say of it. A shard goes on by itself, without `--resume`. */
export interface OutOptions {
  readonly out: string;
  readonly resume: boolean;
  readonly shard?: Shard;
}

/**
 * Throws InputError as `checkOut`. Says on stderr where `--resume` finds nothing to go on with: the folder may be
 * misspelt.
 */
export async function checkOutFolder({ out, resume, shard }: OutOptions, quiet: boolean): Promise<void> {
  await checkOut(out, resume);
  if (!resume || quiet || (shard?.count ?? 1) > 1) return;
  const entries = await readdir(out).catch(() => []);
  if (entries.length === 0) process.stderr.write(`nothing to resume in ${out}: starting anew\n`);
}
