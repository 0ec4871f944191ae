/**
 * What must hold whatever the model, and on a model that is linear: there every method gives exact patching.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { atpStar } from '../../src/attribution/atp-star.ts';
import { attribute } from '../../src/attribution/attribute.ts';
import { attributionPositions } from '../../src/attribution/attribution-patching.ts';
import { layerPath, partScores } from '../../src/attribution/layer-path.ts';
import { PHI, splitIntegratedGradients } from '../../src/attribution/split-ig.ts';
import type { Model } from '../../src/patch/model.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import { evaluateMetric, logitDifference } from '../../src/tasks/metric.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { full, type Tensor, zeros } from '../../src/tensor/tensor.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));

describe.each(['gpt2-plain', 'llama-gqa'])('%s', (name) => {
  const reference = readCase(name);

  test('at its beginning, the path of layer integrated gradients has the slope of attribution patching', async () => {
    await using model = await loadTiny(reference.folder);
    await withPair(model, pairOf(model, reference), async ({ chain, runs }) => {
      const { base, other } = baseAndOther(runs, 'noising');
      const to = 1e-4;
      for (const kind of KINDS) {
        for (let layer = 0; layer < model.config.nLayers; layer++) {
          const path = layerPath(chain, layer, kind, base, other);
          const { positions } = await partScores(path, { from: 0, to }, 2, 64);
          const slopes = positions.data.map((score) => score / to);
          const expected = attributionPositions(base, other, kind, layer).data;
          expect(slopes, `${kind} ${layer}`).toBeClose(expected, { rtol: 1e-3 });
        }
      }
    });
  });

  test('parts of Split-IG sum to integrated gradients, and each layer to its share of F’s change', async () => {
    await using model = await loadTiny(reference.folder);
    await withPair(model, pairOf(model, reference), async ({ chain, runs }) => {
      for (const direction of DIRECTIONS) {
        const { base, other } = baseAndOther(runs, direction);
        for (const kind of KINDS) {
          for (let layer = 0; layer < model.config.nLayers; layer++) {
            const steps = 100;
            const { unsaturated, saturated } = await splitIntegratedGradients(
              chain,
              layer,
              kind,
              base,
              other,
              { steps },
            );
            const path = layerPath(chain, layer, kind, base, other);
            const whole = await partScores(path, { from: 0, to: 1 }, 300, 64);
            const both = unsaturated.positions.data.map((value, i) => value + saturated.positions.data[i]!);
            expect(both).toBeClose(whole.positions.data, TOLERANCES.reference);
            const change = sum(whole.positions.data) - whole.gap;
            expect([sum(unsaturated.positions.data), sum(saturated.positions.data)]).toBeClose(
              [PHI * change, (1 - PHI) * change],
              { atol: 1e-4 * largest([...whole.positions.data, change]) },
            );
          }
        }
      }
    });
  });
});

const WIDTH = 32;
const HEADS = 4;
const NEURONS = 12;
const VOCABULARY = 9;
/** So long a stream that LayerNorm multiplies by one number. */
const BALL = 1000;
const G = Math.sqrt(WIDTH) / BALL;

/**
 * A GPT-2 in which everything is linear: attention is even (no queries, no keys), relu neurons are always on, and a
 * long direction that nothing reads or writes fixes the scale of every norm.
 */
async function writeLinear(folder: string, seed: number): Promise<string> {
  const random = new Random(seed);
  const layers = 2;
  /** Rows of mean 0 that do not touch the first direction, (1, -1, 0, ...). */
  const rows = (count: number, scale: number): Tensor => {
    const t = zeros([count, WIDTH]);
    for (let r = 0; r < count; r++) {
      for (let n = 1; n < WIDTH / 2; n++) {
        const value = (scale * random.normal()) / Math.sqrt(WIDTH);
        t.data[r * WIDTH + 2 * n] = value;
        t.data[r * WIDTH + 2 * n + 1] = -value;
      }
    }
    return t;
  };
  /** Columns `from` on of a matrix [d_model, columns] are such rows. */
  const columns = (total: number, from: number, scale: number): Tensor => {
    const t = zeros([WIDTH, total]);
    const given = rows(total - from, scale);
    for (let c = from; c < total; c++)
      for (let i = 0; i < WIDTH; i++) t.data[i * total + c] = given.data[(c - from) * WIDTH + i]!;
    return t;
  };
  const positions = zeros([8, WIDTH]);
  for (let p = 0; p < 8; p++) positions.data.set([BALL * Math.SQRT1_2, -BALL * Math.SQRT1_2], p * WIDTH);
  const tensors: Record<string, Tensor> = {
    'wte.weight': rows(VOCABULARY, 1),
    'wpe.weight': positions,
    'ln_f.weight': full([WIDTH], 1),
    'ln_f.bias': zeros([WIDTH]),
  };
  for (let layer = 0; layer < layers; layer++) {
    const own: Record<string, Tensor> = {
      'ln_1.weight': full([WIDTH], 1),
      'ln_1.bias': zeros([WIDTH]),
      'attn.c_attn.weight': columns(3 * WIDTH, 2 * WIDTH, 1 / G),
      'attn.c_attn.bias': zeros([3 * WIDTH]),
      'attn.c_proj.weight': rows(WIDTH, 1),
      'attn.c_proj.bias': zeros([WIDTH]),
      'ln_2.weight': full([WIDTH], 1),
      'ln_2.bias': zeros([WIDTH]),
      'mlp.c_fc.weight': columns(NEURONS, 0, 1 / G),
      'mlp.c_fc.bias': full([NEURONS], 50),
      'mlp.c_proj.weight': rows(NEURONS, 1),
      'mlp.c_proj.bias': zeros([WIDTH]),
    };
    for (const [name, tensor] of Object.entries(own)) tensors[`h.${layer}.${name}`] = tensor;
  }
  const named = Object.entries(tensors).map(([name, tensor]) => ({ name: `transformer.${name}`, tensor }));
  named.push({ name: 'lm_head.weight', tensor: rows(VOCABULARY, 1 / G) });
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'relu',
    layer_norm_epsilon: 1e-5,
    n_embd: WIDTH,
    n_head: HEADS,
    n_inner: NEURONS,
    n_layer: layers,
    n_positions: 8,
    vocab_size: VOCABULARY,
    bos_token_id: 0,
    eos_token_id: 0,
    tie_word_embeddings: false,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(named));
  return folder;
}

/** F(patched) - F(base) of every component, by whole runs: [layers, components] flat. */
async function exactPatching(model: Model, pair: Pair, direction: Direction, kind: Kind): Promise<number[]> {
  const noising = direction === 'noising';
  const [base, other] = noising ? [pair.clean, pair.corrupted] : [pair.corrupted, pair.clean];
  const metric = logitDifference(pair.answer.id, pair.wrong.id);
  const hook = kind === 'heads' ? 'attn.hook_z' : 'mlp.hook_post';
  const { cache } = await model.runWithCache(other.ids, { names: `*${hook}` });
  const before = evaluateMetric(metric, (await model.lastLogits(base.ids)).data);
  const scores: number[] = [];
  for (let layer = 0; layer < model.config.nLayers; layer++) {
    for (let index = 0; index < (kind === 'heads' ? HEADS : NEURONS); index++) {
      const at = `blocks.${layer}.${hook}`;
      const patched = await model.lastLogits(base.ids, [{ at, value: cache.get(at)!, index: [index] }]);
      scores.push(evaluateMetric(metric, patched.data) - before);
    }
  }
  return scores;
}

/** float32 keeps a stream of length 1000 to 6e-5. */
const LINEAR = { rtol: 2e-3 };
/** Where a path is split carries the rounding of F over F's change, which may be small. */
const SPLIT = 1e-2;

test.each([1, 2])('on a linear model every method gives exact patching, seed %i', async (seed) => {
  await using model = await loadTiny(await writeLinear(out('linear'), seed));
  const pair = pairFromIds(model.config, {
    clean: [0, 3, 5, 7],
    corrupted: [0, 4, 5, 8],
    answer: 1,
    wrong: 2,
  });
  for (const direction of DIRECTIONS) {
    const scored = (method: string) => attribute(model, pair, { method, direction, steps: 4 });
    const patching = await scored('attribution_patching');
    const ig = await scored('layer_ig');
    const unsaturated = await scored('split_ig_unsaturated');
    const saturated = await scored('split_ig_saturated');
    const undropped = await withPair(model, pair, ({ chain, runs }) =>
      atpStar({ chain, ...baseAndOther(runs, direction), kinds: KINDS }, false),
    );
    for (const kind of KINDS) {
      const exact = await exactPatching(model, pair, direction, kind);
      for (const scores of [patching, ig, undropped]) expect(scores[kind]!.data).toBeClose(exact, LINEAR);
      expect(unsaturated[kind]!.data).toBeClose(
        exact.map((ap) => PHI * ap),
        { rtol: SPLIT },
      );
      expect(saturated[kind]!.data).toBeClose(
        exact.map((ap) => (1 - PHI) * ap),
        { atol: SPLIT * largest(exact) },
      );
    }
  }
});
