/**
 * `examples/slurm.sh` on a real Slurm of one machine: a shard is killed, comes back from the queue, and the merged study
 * is byte for byte that of a single run.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differingFiles, filesBelow, runCli } from '../support/run-cli.ts';
import { type Slurm, slurmMissing, startSlurm, until } from '../support/slurm.ts';

const SCRIPT = join(import.meta.dirname, '../../examples/slurm.sh');
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const MODEL = join(import.meta.dirname, '../fixtures/gpt2-plain');
const PAIR = ['--clean-ids', '0,3,27,31,4,50,6', '--corrupted-ids', '0,3,27,66,4,50,6'];
const STUDY = ['--model', MODEL, ...PAIR, '--answer-id', '27', '--wrong-id', '68'];
const SHARDS = 3;
const KILLED = 1;
const SECONDS = 80;

const missing = slurmMissing();
const name = `a job array of Slurm${missing ? ` (skipped: ${missing})` : ''}`;

describe.skipIf(missing !== undefined)(name, () => {
  // Short: the path of a socket below it has at most 107 characters.
  const root = mkdtempSync(join(tmpdir(), 'mediators-slurm-'));
  const [bin, runs, out] = ['bin', 'runs', 'out'].map((part) => join(root, part)) as [string, string, string];
  const processFile = (shard: number, restarts: number) => join(runs, `${shard}.${restarts}`);
  let slurm: Slurm | undefined;

  beforeAll(async () => {
    for (const folder of [bin, runs]) mkdirSync(folder);
    installProgram(bin, runs);
    slurm = await startSlurm(join(root, 'slurm'));
  });
  afterAll(async () => {
    await slurm?.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });

  test('goes on after a shard was killed, and merges to the study of one process', async () => {
    const whole = runCli(['study', ...STUDY, '--threads', '1', '--quiet', '--out', 'whole'], { cwd: root });
    const { run } = slurm!;
    const path = `${bin}${delimiter}${process.env.PATH}`;
    const env = { SHARDS: `${SHARDS}`, CPUS: '1', MEMORY: '1G', PATH: path };
    const merge = await run(SCRIPT, ['submit', out, ...STUDY], env);

    // Killed when it has begun to compute.
    const record = join(out, `.work/shard.${KILLED}-of-${SHARDS}.json`);
    await until('a shard at work', () => existsSync(record), SECONDS);
    process.kill(Number(readFileSync(processFile(KILLED, 0), 'utf8')), 'SIGKILL');

    const ended = async () => /COMPLETED|FAILED|CANCELLED/.test(await field(run, merge, 'JobState'));
    await until('the merge', ended, SECONDS);
    const logs = filesBelow(`${out}.logs`).map((log) => readFileSync(join(`${out}.logs`, log), 'utf8'));
    expect(await field(run, merge, 'JobState'), logs.join('\n')).toBe('COMPLETED');
    // Slurm ran the killed shard once again, and no other.
    expect(filesBelow(runs)).toEqual(['0.0', '1.0', '1.1', '2.0', 'merge.0']);

    expect(await whole).toMatchObject({ code: 0, stderr: '' });
    const isResult = (file: string) => /^[^/]+\.safetensors$/.test(file) || file.startsWith('effects.zarr');
    expect(differingFiles(out, join(root, 'whole'), isResult)).toEqual([]);
    expect(filesBelow(out)).toEqual(filesBelow(join(root, 'whole')));
  });
});

/** `mediators` as it would be installed on a node. Each run leaves the id of its process in a file. */
function installProgram(bin: string, runs: string): void {
  const program = join(bin, 'mediators');
  const id = '${SLURM_ARRAY_TASK_ID:-merge}.${SLURM_RESTART_COUNT:-0}';
  writeFileSync(program, `#!/bin/sh\necho $$ > "${runs}/${id}"\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(program, 0o755);
}

/** Of a job, as `scontrol show job` tells it. */
async function field(run: Slurm['run'], job: string, key: string): Promise<string> {
  const text = await run('scontrol', ['show', 'job', '--oneliner', job]);
  return new RegExp(`\\b${key}=(\\S+)`).exec(text)?.[1] ?? '';
}
