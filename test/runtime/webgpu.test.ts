/**
 * WebGPU in Node: every op, whole studies through the command line, and the refusal where there is no adapter. It runs on
 * SwiftShader, the software adapter that Chromium brings along, which is slow: tiny shapes only.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { toOnnx } from '../../src/compile/onnx.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { MEASURES } from '../../src/effects/measures.ts';
import { Builder } from '../../src/ops/builder.ts';
import { openStudy, type StudyResults } from '../../src/results/read.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';
import { OP_CASES, SIZES } from '../ops/op-cases.ts';
import { drawInputs, graphOf } from '../ops/op-graphs.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { softwareWebGpu, softwareWebGpuMissing } from '../support/chromium.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { evaluate, type NdArray } from '../support/reference-ops.ts';
import { expectRefusal, runCli } from '../support/run-cli.ts';
import { runStudy, scratch } from '../support/studies.ts';

const CHILD = join(import.meta.dirname, '../support/webgpu-child.mjs');
const MATRICES = KINDS.flatMap((source) =>
  KINDS.flatMap((target) =>
    ['', ...MEASURES.map((measure) => `_${measure}`)].map((suffix) => `${source}_to_${target}${suffix}`),
  ),
);
const MILLISECONDS = 300_000;
const out = scratch();

interface Job {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, NdArray>>;
}

/** The outputs of each graph, on WebGPU. */
async function onWebGpu(jobs: readonly Job[]): Promise<NdArray[][]> {
  const child = spawn(process.execPath, [CHILD], {
    env: { ...process.env, ...softwareWebGpu() },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const asked = jobs.map(({ graph, inputs }) => {
    const { bytes, outputs } = toOnnx(graph, 'webgpu');
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      { shape, data: Array.from(data, String) },
    ]);
    return { bytes: Buffer.from(bytes).toString('base64'), feeds: Object.fromEntries(feeds), outputs };
  });
  child.stdin.end(JSON.stringify(asked));
  const results = JSON.parse(await text(child.stdout)) as { shape: number[]; data: string[] }[][];
  return results.map((list) =>
    list.map(({ shape, data }) => ({ shape, data: Float64Array.from(data, Number) })),
  );
}

const missing = softwareWebGpuMissing();
const name = `WebGPU in Node${missing ? ` (skipped: ${missing})` : ''}`;

describe.skipIf(missing !== undefined).concurrent(name, () => {
  test('gives what the definition of every op gives', { timeout: MILLISECONDS }, async () => {
    const random = new Random(7);
    const jobs = OP_CASES.map((opCase) => ({
      graph: graphOf(opCase).graph,
      inputs: drawInputs(opCase, random),
    }));
    const found = await onWebGpu([...jobs, maskedSoftmax()]);
    jobs.forEach(({ graph, inputs }, i) => {
      const expected = evaluate(graph, { inputs, sizes: SIZES }).result!;
      expect(found[i]![0]!, OP_CASES[i]!.about).toBeClose(expected, TOLERANCES.rounding);
    });
    // Causal attention relies on it.
    expect(Array.from(found.at(-1)![0]!.data)).toEqual([1, 0, 0]);
  });

  test.for([
    { fixture: 'gpt2-plain', about: 'LayerNorm, whole', options: {} },
    { fixture: 'llama-one-layer', about: 'RMSNorm, gated', options: { directions: ['noising'] as const } },
  ])('a study of $fixture ($about) is that of the CPU', { timeout: MILLISECONDS }, async (row) => {
    const { fixture, options } = row;
    const reference = readCase(fixture);
    const folder = out(`${fixture}-webgpu`);
    const words = commandOf(fixture, 'webgpu', folder, options.directions ?? DIRECTIONS);
    expect(await runCli(words, { env: softwareWebGpu() })).toMatchObject({ code: 0, stderr: '' });
    const model = await loadTiny(reference.folder);
    const cpu = await runStudy(model, pairOf(model, reference), {
      out: out(`${fixture}-cpu`),
      steps: 2,
      measures: MEASURES,
      ...options,
    });
    await model.dispose();
    await expectSameStudy(await openStudy(folder), cpu);

    // A folder of one device is not gone on with on the other.
    const other = [...commandOf(fixture, 'cpu', folder, options.directions ?? DIRECTIONS), '--resume'];
    expectRefusal(await runCli(other), /with device "webgpu", got device "cpu"/);
  });

  test('is refused in one line where there is no adapter', async () => {
    const folder = out('refused');
    const none = { VK_ICD_FILENAMES: '/nowhere', VK_DRIVER_FILES: '/nowhere' };
    const result = await runCli(['study', '--device', 'webgpu', '--out', folder], { env: none });
    expectRefusal(result, /expected a WebGPU adapter, got none \(.*\); use --device cpu/);
  });
});

/** A row of a causal mask: all but the first place are minus infinity. */
function maskedSoftmax(): Job {
  const b = new Builder();
  const graph = b.build({ result: b.softmax(b.input('x', [1, 3])) });
  const { NEGATIVE_INFINITY } = Number;
  return {
    graph,
    inputs: { x: { shape: [1, 3], data: Float64Array.of(5, NEGATIVE_INFINITY, NEGATIVE_INFINITY) } },
  };
}

function commandOf(fixture: string, device: string, folder: string, directions: readonly string[]): string[] {
  const { folder: model, pair } = readCase(fixture);
  const ids = ['--clean-ids', pair.clean.join(','), '--corrupted-ids', pair.corrupted.join(',')];
  const answers = ['--answer-id', `${pair.answer}`, '--wrong-id', `${pair.wrong}`];
  const what = ['--steps', '2', '--measures', MEASURES.join(','), '--directions', directions.join(',')];
  const how = ['--device', device, '--threads', '1', '--quiet', '--out', folder];
  const contrast = pair.contrast === undefined ? [] : ['--contrast', pair.contrast];
  return ['study', '--model', model, ...ids, ...answers, ...contrast, ...what, ...how];
}

/** Every score and every effect within the tolerances of the references. */
async function expectSameStudy(found: StudyResults, expected: StudyResults): Promise<void> {
  expect([found.study.provider, expected.study.provider]).toEqual(['webgpu', 'cpu']);
  expect([...found.scores.keys()]).toEqual([...expected.scores.keys()]);
  for (const [score, tensor] of expected.scores) {
    const tolerance = score.startsWith('gain.') ? TOLERANCES.gain : TOLERANCES.reference;
    expect(found.scores.get(score)!, score).toBeClose(tensor, tolerance);
  }
  for (const direction of DIRECTIONS) {
    for (const array of MATRICES) {
      const wanted = await expected.effects.read(direction, array);
      // A direction that was not asked for has none.
      if (!wanted) continue;
      // The mean of a centred head's change is rounding.
      const noise = array.endsWith('_mean') ? { atol: 1e-7 } : {};
      const tolerance = { ...TOLERANCES.reference, ...noise };
      expect((await found.effects.read(direction, array))!, array).toBeClose(wanted, tolerance);
    }
  }
  for (const key of ['latent', 'labels'] as const) expect(found.study[key]).toEqual(expected.study[key]);
}
