import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelComponents, labelSets } from '../../src/latent/labels.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import { type Planted, writePlanted } from './planted.ts';
import { writeNoisyPlanted } from './planted-noise.ts';

describe('the planted circuits', () => {
  let folder: string;
  let planted: Planted;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'planted-'));
    planted = await writePlanted(join(folder, 'a'), 1);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('have the labels that their patching scores give', () => {
    for (const kind of ['heads', 'neurons'] as const) {
      const { ap, labels } = planted[kind];
      const stored = {
        noising: Float32Array.from(ap.noising),
        denoising: Float32Array.from(ap.denoising),
      };
      expect(labelComponents(stored, planted.metric)).toEqual(labels);
    }
  });

  it('hold four AND, five OR, one adder and one inhibitory head, and five adder neurons', () => {
    const count = (kind: 'heads' | 'neurons'): Record<string, number> =>
      Object.fromEntries(
        Object.entries(labelSets(planted[kind].labels, planted[kind].perLayer, 'removal')).map(
          ([name, list]) => [name, list.length],
        ),
      );
    expect(count('heads')).toEqual({ and: 4, or: 5, adder: 1, inhibitory: 1, mixed: 0 });
    expect(count('neurons')).toEqual({ and: 0, or: 0, adder: 5, inhibitory: 0, mixed: 0 });
  });

  it('are a folder in Hugging Face format', async () => {
    const config = JSON.parse(await readFile(join(planted.folder, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ model_type: 'gpt2', n_layer: 3, n_inner: 16, tie_word_embeddings: false });
    const bytes = await readFile(join(planted.folder, 'model.safetensors'));
    const tensors = decodeSafetensors(bytes, 'model.safetensors');
    expect(tensors.get('transformer.h.2.mlp.c_fc.weight')!.shape).toEqual([32, 16]);
    expect(tensors.get('transformer.h.0.attn.c_attn.weight')!.shape).toEqual([32, 96]);
    expect(tensors.size).toBe(5 + 3 * 12);
  });

  it('lie elsewhere with another seed, and in the same place with the same', async () => {
    const again = await writePlanted(join(folder, 'b'), 1);
    const other = await writePlanted(join(folder, 'c'), 2);
    expect([...again.where]).toEqual([...planted.where]);
    expect([...other.where]).not.toEqual([...planted.where]);
    for (const [role, [layer]] of planted.where) expect(other.where.get(role)![0]).toBe(layer);
  });

  it('noisy: the truth of the plain ones, other weights, the same again with the same seed', async () => {
    const written = async (name: string, seed: number) => {
      const noisy = await writeNoisyPlanted(join(folder, name), seed);
      return { noisy, bytes: await readFile(join(noisy.folder, 'model.safetensors')) };
    };
    const { noisy, bytes } = await written('d', 1);
    expect(noisy).toEqual({ ...planted, folder: noisy.folder });
    expect(bytes).not.toEqual(await readFile(join(planted.folder, 'model.safetensors')));
    expect(bytes).toEqual((await written('e', 1)).bytes);
    expect(bytes).not.toEqual((await written('f', 2)).bytes);
  });
});
