/**
 * Activation patching by other metrics than the logit difference: against the references, alone as in a batch, and what
 * such a metric has no meaning for.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patchSources, preparePatching } from '../../src/effects/patching.ts';
import { InputError } from '../../src/errors.ts';
import { directScores } from '../../src/mediation/direct.ts';
import { componentsPerLayer } from '../../src/model/config.ts';
import type { Model } from '../../src/patch/model.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';
import { CASES, loadTiny, pairOf } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { readMetrics } from '../support/metrics.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each(CASES)('%s', (name) => {
  const { reference, metrics } = readMetrics(name);
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
  });
  afterAll(() => model.dispose());

  test.each([...metrics])('%s: both runs, and every component patched', (word, metric) =>
    withPair(
      model,
      pairOf(model, reference),
      async ({ chain, runs }) => {
        const measured = [runs.clean.metric, runs.corrupted.metric];
        expect(measured).toBeClose(reference.expected(`${word}.metric`).data, TOLERANCES.reference);
        for (const direction of DIRECTIONS) {
          const source = { model: chain.model, metric, ...baseAndOther(runs, direction) };
          const patching = await preparePatching(chain, source, [], []);
          for (const kind of KINDS) {
            const all = upTo(componentsPerLayer(model.config, kind));
            const found: number[] = [];
            for (const layer of upTo(model.config.nLayers)) {
              const { ap } = await patchSources(patching, kind, layer, all);
              found.push(...ap);
            }
            // One alone, in the same bits.
            const [alone] = (await patchSources(patching, kind, 0, [1])).ap;
            expect(alone).toBe(found[1]);
            const expected = reference.expected(`${word}.ap.${direction}.${kind}`);
            expect(found, `${direction} ${kind}`).toBeClose(expected.data, TOLERANCES.reference);
          }
        }
      },
      metric,
    ),
  );
});

test('no metric but a logit difference has direct effects', async () => {
  const { reference, metrics } = readMetrics('llama-gqa');
  await using model = await loadTiny(reference.folder);
  for (const metric of metrics.values()) {
    await withPair(
      model,
      pairOf(model, reference),
      async ({ chain, runs }) => {
        const source = { model: chain.model, metric, ...baseAndOther(runs, 'noising') };
        await expect(preparePatching(chain, source, ['direct'], [])).rejects.toThrow(
          /expected a logit difference for direct effects and the ledger, got/,
        );
        await expect(directScores(chain, source, 'heads', 'direct')).rejects.toThrow(InputError);
      },
      metric,
    );
  }
});
