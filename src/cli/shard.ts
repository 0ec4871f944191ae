/**
 * `--shard`: which part of a study this process computes. The environment of a job array is read only where the option
 * asks for it: an array over something else would silently compute parts.
 */
import { InputError } from '../errors.ts';
import { MAX_SHARDS, type Shard } from '../study/shard.ts';
import { shown } from '../tensor/json.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const FORMS = `i/n (from 0/n to n-1/n, at most ${MAX_SHARDS} shards), auto or auto/n`;
const INDEX = 'JOB_COMPLETION_INDEX';
const ID = 'SLURM_ARRAY_TASK_ID';

/**
 * `i/n`; `auto`: a Slurm array's own index and count; `auto/n`: the index that Kubernetes or Slurm gives, of n.
 * Throws InputError for another value, which names the help of `command`, and where the environment does not tell.
 */
export function readShard(text: string, env: Environment, command: 'study' | 'survey'): Shard {
  const match = /^(?:(auto)|(\d{1,6}))(?:\/(\d{1,6}))?$/.exec(text);
  const [, auto, index, count] = match ?? [];
  if (auto !== undefined && count === undefined) return checked(ofSlurmArray(env), text, command);
  if (count === undefined) throw refused(text, command);
  const own = auto === undefined ? Number(index) : jobIndex(env, Number(count));
  return checked({ index: own, count: Number(count) }, text, command);
}

function checked({ index, count }: Shard, text: string, command: string): Shard {
  if (count < 1 || count > MAX_SHARDS || index >= count) throw refused(text, command);
  return { index, count };
}

function refused(text: string, command: string): InputError {
  return new InputError(
    `expected ${FORMS} for --shard, got ${shown(text)}; mediators ${command} --help has examples`,
  );
}

/** Of an array such as `--array=0-9`, `1-10` or `0-18:2`: the place of the task's id among all. */
function ofSlurmArray(env: Environment): Shard {
  if (env[ID] === undefined && env[INDEX] !== undefined)
    throw new InputError(`expected --shard auto/n with ${INDEX}, which tells no count; give auto/n`);
  const id = variable(env, ID);
  const least = variable(env, 'SLURM_ARRAY_TASK_MIN');
  const most = variable(env, 'SLURM_ARRAY_TASK_MAX');
  const step = env.SLURM_ARRAY_TASK_STEP === undefined ? 1 : variable(env, 'SLURM_ARRAY_TASK_STEP');
  const index = (id - least) / step;
  const count = (most - least) / step + 1;
  const told = env.SLURM_ARRAY_TASK_COUNT;
  const even = Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count;
  if (!even || (told !== undefined && Number(told) !== count)) {
    throw new InputError(
      `expected a Slurm array in equal steps for --shard auto, got id ${id} of ${least} to ${most}, step ${step}, ${told ?? 'no'} tasks; submit such as --array=0-9, or give auto/n`,
    );
  }
  return { index, count };
}

/** The index as it is: so a part of an array can be submitted again. */
function jobIndex(env: Environment, count: number): number {
  const name = env[INDEX] === undefined ? ID : INDEX;
  const index = variable(env, name);
  if (index < count) return index;
  throw new InputError(
    `expected ${name} from 0 to ${count - 1} for --shard auto/${count}, got ${index}; number the jobs from 0`,
  );
}

function variable(env: Environment, name: string): number {
  const text = env[name];
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  const other = name === ID ? ` or ${INDEX}` : '';
  throw new InputError(
    `expected a whole number in ${name}${other} for --shard auto, got ${shown(text)}; give i/n`,
  );
}
