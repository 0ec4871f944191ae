/**
 * What `--shard` reads: its value, and for `auto` the environment of a job array.
 */
import { describe, expect, test } from 'vitest';
import { readShard } from '../../src/cli/shard.ts';
import { InputError } from '../../src/errors.ts';

type Environment = Readonly<Record<string, string>>;

/** A task of `sbatch --array=MIN-MAX:STEP`. */
function slurm(id: number, least: number, most: number, step = 1, count?: number): Environment {
  return {
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_MIN: `${least}`,
    SLURM_ARRAY_TASK_MAX: `${most}`,
    SLURM_ARRAY_TASK_STEP: `${step}`,
    SLURM_ARRAY_TASK_COUNT: `${count ?? Math.floor((most - least) / step) + 1}`,
  };
}

describe('--shard', () => {
  const pod = { JOB_COMPLETION_INDEX: '3' };
  test.each<[string, Environment, number, number]>([
    ['0/1', {}, 0, 1],
    ['2/3', slurm(7, 0, 9), 2, 3],
    ['auto', slurm(0, 0, 9), 0, 10],
    ['auto', slurm(9, 0, 9), 9, 10],
    ['auto', slurm(1, 1, 4), 0, 4],
    ['auto', slurm(18, 0, 18, 2), 9, 10],
    ['auto', slurm(5, 5, 5), 0, 1],
    // A part of an array that is submitted again: the index is the id itself.
    ['auto/10', slurm(7, 3, 7, 4), 7, 10],
    ['auto/5', pod, 3, 5],
  ])('%s of %j is shard %i of %i', (text, env, index, count) => {
    expect(readShard(text, env, 'survey')).toEqual({ index, count });
  });

  test.each<[string, Environment, RegExp]>([
    [
      '3/3',
      {},
      /expected i\/n \(from 0\/n to n-1\/n, .*\), auto or auto\/n for --shard, got "3\/3"; mediators survey --help/,
    ],
    ['-1/3', {}, /got "-1\/3"/],
    ['0/0', {}, /got "0\/0"/],
    ['1', {}, /got "1"/],
    ['1/2/3', {}, /got "1\/2\/3"/],
    ['0/10001', {}, /at most 10000 shards/],
    ['0.5/2', {}, /got "0\.5\/2"/],
    ['', {}, /got ""/],
    ['auto', {}, /a whole number in SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX .*got nothing; give i\/n/],
    ['auto', { SLURM_ARRAY_TASK_ID: '1' }, /SLURM_ARRAY_TASK_MIN for --shard auto, got nothing/],
    ['auto', { ...slurm(1, 0, 3), SLURM_ARRAY_TASK_ID: 'x' }, /got "x"/],
    ['auto', { ...slurm(1, 0, 3), SLURM_ARRAY_TASK_STEP: '0' }, /equal steps/],
    // --array=1,3,7
    ['auto', slurm(3, 1, 7, 1, 3), /a Slurm array in equal steps .*id 3 of 1 to 7, step 1, 3 tasks/],
    ['auto', { JOB_COMPLETION_INDEX: '0' }, /tells no count; give auto\/n/],
    ['auto/4', { JOB_COMPLETION_INDEX: '4' }, /JOB_COMPLETION_INDEX from 0 to 3 for --shard auto\/4, got 4/],
    ['auto/4', {}, /got nothing/],
    ['auto/0', { JOB_COMPLETION_INDEX: '0' }, /.+/],
  ])('%s of %j is refused', (text, env, message) => {
    expect(() => readShard(text, env, 'survey')).toThrow(InputError);
    expect(() => readShard(text, env, 'survey')).toThrow(message);
  });
});
