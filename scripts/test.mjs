/**
 * `npm test`: builds, checks, and runs all tests. It needs Node alone. What some tests need besides (Chromium, Slurm,
 * Python packages, SmolLM2) is installed only when `CI` is set; elsewhere those tests are skipped with their reason.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PYTHON_PACKAGES = ['numpy==2.4.6', 'safetensors==0.8.0', 'zarr==3.1.6'];
const PACKAGES = [
  { program: '/usr/bin/chromium', install: ['chromium'] },
  // Its tests start daemons of their own; what it recommends are plugins for large sites.
  { program: '/usr/sbin/slurmctld', install: ['--no-install-recommends', 'slurm-wlm'] },
];

/** Runs a command with its output shown; ends the process where it fails. */
function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    console.error(`failed: ${command} ${args.join(' ')}`);
    process.exit(status || 1);
  }
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Debian's packages, where they are not there and may be installed. */
function installPackages() {
  const absent = PACKAGES.filter(({ program }) => !existsSync(program));
  if (absent.length === 0 || !works('apt-get', ['--version'])) return;
  const privilege = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [command, ...rest] = [...privilege, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  run(command, [...rest, 'update', '-qq']);
  for (const { install } of absent) run(command, [...rest, 'install', '-y', '-qq', ...install]);
}

/** A virtual environment with what reads our files from Python; returns its interpreter. */
function installPython() {
  const folder = join(root, 'node_modules', '.cache', 'python');
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) run('python3', ['-m', 'venv', folder]);
  const have = works(python, ['-c', 'import numpy, safetensors, zarr']);
  if (!have) run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...PYTHON_PACKAGES]);
  return python;
}

const files = process.argv.slice(2);
run('npm', ['run', '--silent', 'build']);
run('npm', ['run', '--silent', 'check']);
const env = {};
if (process.env.CI) {
  installPackages();
  env.MEDIATORS_PYTHON ??= installPython();
  execFileSync(process.execPath, [join(root, 'scripts', 'fetch-smollm2.mjs')], { stdio: 'inherit' });
}
run('npx', ['--no-install', 'vitest', 'run', ...files], env);
