/**
 * Which shards still have to run, in words.
 */
import { shellWord } from './command.ts';
import { optionsOf, shapeOf, type ShardRecord } from './record.ts';
import { owners, type Shard, shardText } from './shard.ts';
import type { StudyShard } from './study.ts';
import { unitsOf } from './units.ts';

/** So many shards are named. */
const SHOWN = 8;

/** The shards, of as many as the record's study has, of which units are not there. */
export function missingShards(record: ShardRecord, there: ReadonlySet<string>): number[] {
  const units = unitsOf(shapeOf(record), optionsOf(record));
  const owner = owners(units, record.shard.count);
  const missing = owner.filter((_, i) => !there.has(units[i]!.name));
  return [...new Set(missing)].sort((a, b) => a - b);
}

/** `shard 2 of 3`, `shards 0, 1 of 3` */
export function shardNames(indices: readonly number[], count: number): string {
  const names = indices.slice(0, SHOWN).join(', ');
  return `${indices.length === 1 ? 'shard' : 'shards'} ${names}${indices.length > SHOWN ? ', ...' : ''} of ${count}`;
}

/** What to run for a shard; a record made by no command tells the call. */
export function shardCommand({ command }: ShardRecord, shard: Shard, out: string): string {
  if (!command.startsWith('mediators ')) return `studyShard() with shard ${shardText(shard)}`;
  return `${command} --shard ${shardText(shard)} --out ${shellWord(out)}`;
}

/** What a shard ends with: what its folder holds and what is to be done next. */
export function shardLine({ folder, record, units, total }: StudyShard): string {
  const out = shellWord(folder);
  const done = `shard ${shardText(record.shard)} is done: ${folder} holds ${units.length} of ${total} units`;
  if (units.length === total) return `${done}; finish the study: mediators merge --out ${out} ${out}`;
  const missing = shardNames(missingShards(record, new Set(units)), record.shard.count);
  return `${done}, not yet all of ${missing}; then: mediators merge --out DIR ${out} PART..., or, if all share this folder: mediators merge --out ${out} ${out}`;
}
