/**
 * A Slurm of this machine alone, for the tests that need one: the two daemons of Debian's slurm-wlm, as the user who runs
 * the test, with their files in one folder. The machine's own Slurm, where there is one, is left alone.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const DAEMONS = ['slurmctld', 'slurmd'] as const;
/** Debian keeps daemons where not every user's PATH looks. */
const PATH = `${process.env.PATH}${delimiter}/usr/sbin`;
const START_SECONDS = 20;
const STOP_SECONDS = 10;

export interface Slurm {
  /** Runs a program of Slurm's, or one that calls them, and resolves to what it printed. Throws where it fails. */
  readonly run: (
    command: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<string>;
  /** Cancels all jobs and ends the daemons. */
  readonly stop: () => Promise<void>;
}

/**
 * Why a test that needs Slurm is to be skipped; undefined where it is to run. With CI set it always runs, and fails
 * where there is none.
 */
export function slurmMissing(): string | undefined {
  const folders = PATH.split(delimiter);
  const has = (name: string) => folders.some((folder) => existsSync(join(folder, name)));
  if (process.env.CI || DAEMONS.every(has)) return undefined;
  return 'no slurmctld and slurmd; install them (Debian: apt install slurm-wlm)';
}

/** Starts it in a new or empty folder; its one node then waits for jobs. */
export async function startSlurm(folder: string): Promise<Slurm> {
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name), { recursive: true });
  const conf = join(folder, 'slurm.conf');
  writeFileSync(conf, configuration(folder, await freePorts()));
  const env = environment(conf);
  const run: Slurm['run'] = async (command, args, further) =>
    (await promisify(execFile)(command, args, { env: { ...env, ...further } })).stdout.trim();
  const daemons = DAEMONS.map((name) => start(name, join(folder, `${name}.out`), env));
  const stop = () => stopAll(run, daemons);
  try {
    const idle = async () => (await run('sinfo', ['--noheader', '--format=%T'])) === 'idle';
    await until('an idle node', () => idle().catch(() => false), START_SECONDS);
    return { run, stop };
  } catch (error) {
    await stop();
    const said = DAEMONS.map((name) => readFileSync(join(folder, `${name}.out`), 'utf8').slice(-2000));
    throw new Error(`Slurm did not start: ${said.join('\n')}`, { cause: error });
  }
}

/** Polls until it holds. Throws where it does not in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`expected ${what} within ${seconds} s`);
    await sleep(10);
  }
}

/**
 * No munge, no control groups, no accounting, so that no service and no privilege is needed. The node claims two cores
 * whatever the machine has. A requeued job waits for its credential to expire: 5 s is the least that Slurm takes.
 */
function configuration(folder: string, [controller, node]: readonly [number, number]): string {
  const host = hostname().split('.')[0]!;
  const user = userInfo().username;
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1
SlurmdParameters=config_overrides
KillWait=1
StateSaveLocation=${join(folder, 'state')}
SlurmdSpoolDir=${join(folder, 'spool')}
SlurmctldPidFile=${join(folder, 'slurmctld.pid')}
SlurmdPidFile=${join(folder, 'slurmd.pid')}
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4096
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** Without what a Slurm that runs the test itself may have set. */
function environment(conf: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(SLURM|SBATCH|SINFO|SQUEUE)_/.test(name));
  return { ...Object.fromEntries(own), PATH, SLURM_CONF: conf };
}

/** Two that were free a moment ago. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) server.close();
  return [ports[0]!, ports[1]!];
}

/** In the foreground (-D), so that it is a child whose end can be awaited. */
function start(name: string, log: string, env: NodeJS.ProcessEnv): ChildProcess {
  const out = openSync(log, 'a');
  const child = spawn(name, ['-D'], { env, stdio: ['ignore', out, out] });
  // Where it cannot be run, the node never gets idle, and that is told.
  child.on('error', () => {});
  closeSync(out);
  return child;
}

async function stopAll(run: Slurm['run'], daemons: readonly ChildProcess[]): Promise<void> {
  // The daemons would leave jobs running.
  const cancelled = async () => {
    await run('scancel', ['--me']);
    return (await run('squeue', ['--noheader'])) === '';
  };
  if (daemons.every(runs)) await until('no jobs', cancelled, STOP_SECONDS).catch(() => {});
  for (const daemon of daemons) daemon.kill();
  const ended = () => !daemons.some(runs);
  await until('ended daemons', ended, STOP_SECONDS).catch(() => {});
  for (const daemon of daemons) if (runs(daemon)) daemon.kill('SIGKILL');
}

function runs({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
