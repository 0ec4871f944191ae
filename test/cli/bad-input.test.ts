/**
 * Every mistake that a user can make, made as a user makes it: exit code 2, one line, no trace, nothing left behind.
 * The loaders' own tests (test/model) know many more ways to damage a file.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { expectRefusal, filesBelow, runCli } from '../support/run-cli.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const root = mkdtempSync(join(tmpdir(), 'mediators-cli-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function newFolder(): string {
  const folder = join(root, `case-${folders++}`);
  mkdirSync(folder);
  return folder;
}

/** Runs in a folder of its own, and finds it as it was. */
async function refused(args: readonly string[], message: RegExp): Promise<void> {
  const cwd = newFolder();
  expectRefusal(await runCli(args, { cwd }), message);
  expect(filesBelow(cwd)).toEqual([]);
}

type Row = readonly [args: readonly string[], message: RegExp];

/** `mediators study` and what stands in the row. */
function study(line: string, message: RegExp): Row {
  return [['study', ...(line === '' ? [] : line.split(' '))], message];
}

describe.concurrent('commands', () => {
  const rows: Row[] = [
    [['studdy'], /unknown command 'studdy' \(Did you mean study\?\); see mediators --help/],
    [
      ['help', 'nonsense'],
      /expected a command, study, survey, ablate, faithfulness, compare, merge, paths, audit, report, export or tasks, got "nonsense"; see mediators --help/,
    ],
    [['--nonsense'], /unknown option '--nonsense'; see mediators --help/],
    ...['models', 'lab'].map(
      (name): Row => [[name, '--task', 'ioi', 'x'], new RegExp(`${name} is not yet there`)],
    ),
    [['models', '--help'], /models is not yet there/],
    [['survey', '--task', 'ioi', 'x'], /too many arguments for 'survey'/],
    [['report'], /missing required argument 'folder'; see mediators report --help/],
    [['report', 'a', 'b'], /too many arguments for 'report'/],
    [
      ['report', 'no-such-folder'],
      /expected the folder of a finished study, survey, comparison, audit or faithfulness, got no-such-folder: no such folder/,
    ],
  ];
  test.each(rows)('%j', refused);
});

describe.concurrent('options', () => {
  const rows: Row[] = [
    study('--modle x', /unknown option '--modle' \(Did you mean --model\?\); see mediators study --help/),
    study('extra', /too many arguments for 'study'/),
    study('--model', /option '--model <source>' argument missing/),
    study('--out', /option '--out <folder>' argument missing/),
    study('--pair ioi', /expected removal or notebook for --pair, got "ioi"/),
    study('--contrast none --clean-ids 1', /expected removal or swap for --contrast, got "none"/),
    study('--components attention', /expected some of heads, neurons.* for --components, got "attention"/),
    study('--components heads,heads', /each once/),
    study('--directions clean_corrupt', /expected some of noising, denoising.*got "clean_corrupt"/),
    study('--measures change', /expected some of .*through.* for --measures, got "change"/),
    study('--mediation all', /expected mediation to be none, heads or heads\+neurons:N .*, got "all"/),
    study('--mediation heads+neurons:0', /expected mediation to be .*, got "heads\+neurons:0"/),
    study(
      '--components neurons --mediation heads',
      /expected mediation to be none where components leave out/,
    ),
    study('--components heads --mediation heads+neurons:4', /expected mediation to be heads or none where/),
    study('--shard 0/2 --mediation heads+neurons:4', /expected mediation to be heads or none with shards/),
    study('--steps 0', /expected a whole number from 1 to 10000 for --steps, got "0"/),
    study('--steps 1e3', /for --steps, got "1e3"/),
    study('--steps 100000000', /from 1 to 10000 for --steps/),
    study('--quantile 1', /expected a number between 0 and 1 for --quantile, got "1"/),
    study('--quantile NaN', /for --quantile, got "NaN"/),
    study('--tau 0', /expected a number above 0 for --tau, got "0"/),
    study('--tau -0.1', /above 0 for --tau, got "-0.1"/),
    study('--seed -1', /expected a whole number from 0 to 4294967295 for --seed, got "-1"/),
    study('--batch 65', /expected a whole number from 1 to 64 for --batch, got "65"/),
    study('--memory much', /expected an amount of memory such as 2GB.* for --memory, got "much"/),
    study('--memory 1MB', /expected a memory budget of at least [\d.]+ MB .*got 1 MB; give --memory/),
    study('--memory 1MB --plan', /expected a memory budget of at least/),
    study('--threads 0', /for --threads, got "0"/),
    study('--threads 100000', /from 1 to 1024 for --threads/),
    [['study', '--steps', 'a\nb'], /for --steps, got "a\\nb"/],
  ];
  test.each(rows)('%j', refused);

  const later: Row[] = [study('--device gpu', /expected cpu or webgpu for --device, got "gpu"/)];
  test.each(later)('of later versions: %j', refused);
});

const TEXT = { clean: 'John gave milk to', corrupted: 'Mary gave milk to', answer: ' Mary', wrong: ' John' };

/** `mediators study` of a text pair, with some of its parts exchanged. */
function texts(change: Partial<typeof TEXT>, ...rest: string[]): string[] {
  const parts = Object.entries({ ...TEXT, ...change });
  return ['study', ...parts.flatMap(([name, text]) => [`--${name}`, text]), ...rest];
}

const IDS = { clean: '0,3,27,31,4,50,6', corrupted: '0,3,27,66,4,50,6', answer: '27', wrong: '68' };

/** `mediators study` of a pair of ids on a fixture without a tokenizer. */
function ids(change: Partial<typeof IDS>, ...rest: string[]): string[] {
  const { clean, corrupted, answer, wrong } = { ...IDS, ...change };
  const pair = [
    '--clean-ids',
    clean,
    '--corrupted-ids',
    corrupted,
    '--answer-id',
    answer,
    '--wrong-id',
    wrong,
  ];
  return ['study', '--model', join(FIXTURES, 'gpt2-plain'), ...pair, ...rest];
}

describe.concurrent('pairs', () => {
  const rows: Row[] = [
    [
      texts({ corrupted: 'Mary gave some milk to' }),
      /equal length, got 5 tokens \(clean\) and 6 \(corrupted\); side by side .*1: "John" \/ "Mary".*3: " milk" \/ " some"/,
    ],
    [texts({ corrupted: TEXT.clean }), /two different prompts, got the same 5 tokens twice; change a word/],
    [texts({ clean: '', corrupted: '' }, '--no-bos'), /a clean prompt of at least one token, got none/],
    [
      texts({ answer: ' Antananarivo' }),
      /the answer to be one token, got 7 tokens: " Antananarivo" \(" An" "t"/,
    ],
    [
      texts({ wrong: 'cabinet' }),
      /the wrong answer to be one token, .*"cabinet".*write it with its leading space, " cabinet"/,
    ],
    [texts({ answer: '' }), /the answer to be one token, got 0 tokens: ""/],
    [texts({ wrong: ' Mary' }), /two different answers, got " Mary" twice/],
    [texts({ clean: ' to'.repeat(64), corrupted: ' at'.repeat(64) }), /at most 64 tokens, .*got 65/],
    [ids({ clean: '0,3,27,31,4,50,83' }), /ids of the clean prompt from 0 to 82, got 83/],
    [ids({ wrong: '99999999999' }), /ids of the wrong answer from 0 to 82, got 99999999999/],
    [ids({ corrupted: '0,3,27' }), /got 7 tokens \(clean\) and 3 \(corrupted\).*3: "31" \/ \(end\)/],
    [
      ids({ clean: '1,2,' }),
      /expected token ids with commas between for --clean-ids, got .*; for example --clean-ids 5,17,3/,
    ],
    [ids({ clean: '1;2' }), /for --clean-ids, got "1;2"/],
    [ids({ answer: '-1' }), /expected a whole number from 0 for --answer-id, got "-1"/],
    [
      ids({ clean: '0,3,27', corrupted: '0,3,66' }, '--as-published'),
      /at least 4 tokens for --as-published.*number of a head \(up to 3\) for a position, got 3; give longer/,
    ],
    [ids({ clean: '0,3,27', corrupted: '0,3,66' }, '--as-published', '--plan'), /at least 4 tokens for/],
    [ids({}, '--bos'), /expected ids as they are, got --bos or --no-bos beside --clean-ids/],
    [ids({}, '--clean', 'x'), /expected one pair, got more than one description/],
    [texts({}, '--pair', 'notebook'), /expected one pair, got more than one description/],
    [['study', '--clean', 'x', '--wrong', ' y'], /together, got none for --corrupted, --answer/],
    [['study', '--clean-ids', '1'], /together, got none for --corrupted-ids, --answer-id, --wrong-id/],
    [['study', '--contrast', 'swap'], /--contrast beside a pair of your own/],
    [
      ['study', '--model', join(FIXTURES, 'gpt2-plain')],
      /with a tokenizer for a pair of texts, got gpt2-plain: .*give the pair by --clean-ids/,
    ],
  ];
  test.each(rows)('%j', refused);
});

/** A copy of a fixture's checkpoint in a new folder. */
function copyOf(fixture: string): string {
  const folder = newFolder();
  for (const name of ['config.json', 'model.safetensors', 'model.gguf']) {
    const path = join(FIXTURES, fixture, name);
    if (existsSync(path)) copyFileSync(path, join(folder, name));
  }
  return folder;
}

function writeConfig(folder: string, change: Readonly<Record<string, unknown>>): void {
  const path = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...config, ...change }));
}

/** Puts bytes in place of others of the same file. */
function overwrite(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'latin1');
  if (!text.includes(from)) throw new Error(`expected ${from} in ${path}`);
  writeFileSync(path, text.replace(from, to), 'latin1');
}

function cut(path: string, bytes: number): void {
  writeFileSync(path, readFileSync(path).subarray(0, bytes));
}

describe.concurrent('models by name', () => {
  test.each<Row>([
    study('--model no/such/folder', /got "no\/such\/folder", which does not exist; check the path/),
    study('--model openai-community/gpt2', /a name on a model hub; download it to a folder/),
    study('--model gpt2-small', /"gpt2-small", which does not exist/),
    study('--model .', /got the folder "\." without config\.json/),
    [['study', '--model', ''], /got "", which does not exist/],
    [['study', '--model', import.meta.filename], /bad-input\.test\.ts"; give the folder it lies in/],
  ])('%j', refused);
});

describe.concurrent('damaged models', () => {
  const config = (change: Readonly<Record<string, unknown>>) => (folder: string) =>
    writeConfig(folder, change);
  const weights = (folder: string) => join(folder, 'model.safetensors');
  const rows: [string, string, (folder: string) => void, RegExp][] = [
    ['truncated safetensors', 'gpt2-plain', (f) => cut(weights(f), 30_000), /truncated, download it again/],
    ['empty safetensors', 'gpt2-plain', (f) => cut(weights(f), 0), /model\.safetensors: .*got 0 bytes/],
    ['missing safetensors', 'gpt2-plain', (f) => rmSync(weights(f)), /expected model\.safetensors or/],
    [
      'a header of 2^60 bytes',
      'gpt2-plain',
      (f) => {
        const bytes = readFileSync(weights(f));
        bytes.writeBigUInt64LE(2n ** 60n);
        writeFileSync(weights(f), bytes);
      },
      /model\.safetensors: expected .*header/,
    ],
    [
      'a negative shape',
      'gpt2-plain',
      (f) => overwrite(weights(f), '"shape":[16', '"shape":[-6'),
      /non-negative integers/,
    ],
    [
      'overlapping tensors',
      'gpt2-plain',
      (f) => overwrite(weights(f), '"data_offsets":[192,', '"data_offsets":[100,'),
      /model\.safetensors/,
    ],
    [
      'config.json that is none',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'config.json'), '{'),
      /expected JSON/,
    ],
    [
      'deep config.json',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'config.json'), '['.repeat(99_999)),
      /nested at most/,
    ],
    [
      'another architecture',
      'gpt2-plain',
      config({ architectures: ['MambaForCausalLM'] }),
      /MambaForCausalLM/,
    ],
    ['a huge width', 'gpt2-plain', config({ n_embd: 1e300 }), /expected n_embd to be/],
    ['a negative count', 'gpt2-plain', config({ n_layer: -2 }), /n_layer to be at least 1, got -2/],
    [
      'yarn',
      'llama-gqa',
      config({ rope_scaling: { type: 'yarn' }, rope_parameters: null }),
      /rope type "yarn"/,
    ],
    [
      'deep tokenizer.json',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'tokenizer.json'), '{"a":'.repeat(999)),
      /tokenizer\.json: .*nested at most/,
    ],
    [
      'a tokenizer that makes no sense',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'tokenizer.json'), '{"model": {"type": "Unigram", "vocab": {"a": 0}}}'),
      /tokenizer\.json: expected .* download it again/,
    ],
  ];
  test.each(rows)('%s', async (_, fixture, damage, message) => {
    const folder = copyOf(fixture);
    damage(folder);
    await refused([...ids({}), '--model', folder], message);
  });

  const gguf: [string, (path: string) => void, RegExp][] = [
    [
      'truncated GGUF',
      (path) => cut(path, 100_000),
      /model\.gguf: expected at most 100000 bytes before tensor/,
    ],
    ['a GGUF file cut in its header', (path) => cut(path, 100), /model\.gguf: /],
    ['another format', (path) => overwrite(path, 'GGUF', 'GGML'), /a GGUF file, got another format/],
    ['another GGUF architecture', (path) => overwrite(path, 'llama', 'qwen2'), /architecture "qwen2"/],
  ];
  test.each(gguf)('%s', async (_, damage, message) => {
    const path = join(copyOf('gguf/f32'), 'model.gguf');
    damage(path);
    await refused(['study', '--model', path], message);
  });

  test('weights that are no numbers, which only their reading finds', async () => {
    const folder = copyOf('gpt2-plain');
    const tensors = decodeSafetensors(readFileSync(weights(folder)), 'model.safetensors');
    tensors.get('transformer.h.1.ln_2.bias')!.data[0] = Number.NaN;
    const list = [...tensors].map(([name, tensor]) => ({ name, tensor }));
    writeFileSync(weights(folder), encodeSafetensors(list));
    await refused(
      [...ids({}), '--model', folder, '--quiet'],
      /expected finite weights, got NaN in tensor "transformer\.h\.1\.ln_2\.bias"/,
    );
  });

  test('--bos without a token', async () => {
    const folder = copyOf('llama-mha');
    writeConfig(folder, { bos_token_id: null, vocab_size: 99 });
    cpSync(join(FIXTURES, 'tokenizer/smollm.json'), join(folder, 'tokenizer.json'));
    await refused(
      texts({}, '--bos', '--model', await withVocabulary(folder)),
      /with a beginning-of-sequence token, got one without; leave --bos out/,
    );
  });
});

/** Takes `vocab_size` back to what the weights hold: only the tokenizer matters here. */
async function withVocabulary(folder: string): Promise<string> {
  const original = JSON.parse(readFileSync(join(FIXTURES, 'llama-mha/config.json'), 'utf8')) as {
    vocab_size: number;
  };
  writeConfig(folder, { vocab_size: original.vocab_size });
  return folder;
}

/** Folders in which this user may make nothing: permissions do not stop root, /proc does. */
function closedPlaces(): string[] {
  const places = process.platform === 'linux' ? ['/proc/mediators'] : [];
  if (process.platform === 'win32' || process.getuid?.() === 0) return places;
  const folder = newFolder();
  chmodSync(folder, 0o555);
  return [...places, folder, join(folder, 'new')];
}

describe.concurrent('--out', () => {
  test('a folder that is not empty', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await refused(['study', '--out', folder], /an empty folder for --out, got .* with 1 entry; .*--resume/);
    const result = await runCli(['study', '--out', folder, '--resume']);
    expectRefusal(result, /a folder of an unfinished study, got .* with notes\.txt; choose another/);
    expect(filesBelow(folder)).toEqual(['notes.txt']);
  });

  test('a file, and a path through one', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, 'mine');
    await refused(['study', '--out', file], /that can be written for --out, got .*a path through a file/);
    await refused(['study', '--out', join(file, 'a/b')], /a path through a file/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('no name', () => refused(['study', '--out', ''], /a folder for --out, got an empty name/));

  test.each(closedPlaces())('a place that cannot be written: %s', (place) =>
    refused(['study', '--out', place], /that can be written for --out, got .*; choose another/),
  );
});
