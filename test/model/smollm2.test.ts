/** A real language model in a GGUF file. `scripts/fetch-smollm2.mjs` puts it where this test looks. */
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/model/loaders/open.ts';
import { NO_SMOLLM2, smollm2 } from '../support/smollm2.ts';

/** First values as Python's gguf package has them, rows put back in Hugging Face's order. */
const QUERY_ROW_33 = Float32Array.of(-0.0546569824, 0.224945068, 0.085144043, -0.101257324);
const EMBEDDING_OF_MARY = Float32Array.of(-0.0241088867, 0.0075340271, 0.16122818, -0.140132904);

test('SmolLM2-135M opens; its tokens and weights are right', async ({ skip }) => {
  const path = smollm2();
  if (path === undefined) return skip(NO_SMOLLM2);
  const checkpoint = await openCheckpoint(path);
  expect(checkpoint.config).toMatchObject({
    nLayers: 30,
    dModel: 576,
    nHeads: 9,
    nKvHeads: 3,
    dHead: 64,
    dMlp: 1536,
    vocabulary: 49_152,
    tiedEmbeddings: true,
    rotary: { theta: 100_000 },
  });
  const tokenizer = checkpoint.tokenizer!;
  expect([' Mary', ' John', ' Paul'].map((text) => tokenizer.encode(text).length)).toEqual([1, 1, 1]);
  expect(tokenizer.encode('Hello world! 123')).toEqual([19556, 905, 17, 216, 33, 34, 35]);
  expect(tokenizer.encode('Café déjà vu.')).toEqual([51, 1939, 2756, 32564, 90, 16739, 386, 101, 30]);
  expect(tokenizer.prependsBos).toBe(false);
  const query = await checkpoint.read('model.layers.3.self_attn.q_proj.weight');
  expect(query.shape).toEqual([576, 576]);
  expect(query.data.slice(33 * 576, 33 * 576 + 4)).toEqual(QUERY_ROW_33);
  const embedding = await checkpoint.read('model.embed_tokens.weight');
  expect(embedding.data.slice(5099 * 576, 5099 * 576 + 4)).toEqual(EMBEDDING_OF_MARY);
  await checkpoint.close();
});
