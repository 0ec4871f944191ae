import { describe, expect, it } from 'vitest';
import { summaryText, wantsColour } from '../../src/cli/summary.ts';
import type { StudyJson } from '../../src/results/study-json.ts';
import { readStudyJson } from '../../src/results/read.ts';
import { sampleFolder } from '../support/sample-folder.ts';

async function summary(change: Partial<StudyJson>, colour = false): Promise<string[]> {
  const folder = await sampleFolder();
  const json = { ...(await readStudyJson(folder)), ...change };
  return summaryText({ folder, page: 'x/report.html', json, wasComplete: false }, colour).split('\n');
}

const METRIC = { name: 'logit_difference', clean: 4, corrupted: -1, D: 5 };

describe('the summary', () => {
  it('names labels as the definitions spell them, and a few heads', async () => {
    const heads = Array.from({ length: 8 }, (_, head): [number, number] => [1, head]);
    const lines = await summary({
      metric: METRIC,
      labels: { heads: { and: heads, or: [], inhibitory: [[0, 2]] }, neurons: {} },
      lint: [{ code: 'many_differences', message: 'they differ' }],
    });
    expect(lines.slice(1)).toEqual([
      'heads labelled: 8 AND (1.0 1.1 1.2 1.3 1.4 1.5 …), 1 inhibitory (0.2)',
      'neurons: none labelled',
      'warning: they differ',
      'page: x/report.html',
    ]);
  });

  it('says nothing of labels where D is small or one direction was left out', async () => {
    const small = { ...METRIC, clean: 4, corrupted: 3.9, D: 0.1 };
    expect(await summary({ metric: small, lint: [] })).toHaveLength(2);
    expect(await summary({ metric: METRIC, labels: {}, lint: [] })).toHaveLength(2);
  });

  it('names partners, and what only pairs show, in a line each', async () => {
    const entry = (index: number, partners: object[]) => ({
      kind: 'heads' as const,
      component: [9, index] as [number, number],
      effect: { noising: 0.5, denoising: 0.1 },
      partners: partners as never[],
      count: partners.length,
    });
    const partner = { kind: 'heads', component: [10, 2], direction: 'noising', value: -0.18 };
    const pairs = {
      partners: [
        entry(0, []),
        entry(1, [{ ...partner, relation: 'backed_up_by', via: -0.17 }]),
        entry(2, [{ ...partner, kind: 'neurons', relation: 'and', value: 0.312 }]),
        entry(3, [{ ...partner, relation: 'needs', value: 0.0031 }]),
        entry(4, [{ ...partner, relation: 'or' }]),
      ],
      hidden_backups: [entry(7, [{ ...partner, relation: 'backs_up' }])],
    };
    const lines = await summary({ metric: METRIC, labels: {}, lint: [], ...pairs });
    expect(lines.slice(1, 3)).toEqual([
      'partners: 9.1 backed up by 10.2: −0.18; 9.2 AND with L10N2: +0.31; 9.3 needs 10.2: +0.0031 in noising; 1 more',
      'seen in pairs only: 9.7 backs up 10.2: −0.18',
    ]);
    const small = { ...METRIC, clean: 4, corrupted: 3.9, D: 0.1 };
    expect(await summary({ metric: small, labels: {}, lint: [], ...pairs })).toHaveLength(2);
  });

  it('has colour only where asked', async () => {
    expect((await summary({}, false)).join('')).not.toContain('\x1b');
    expect((await summary({}, true)).join('')).toContain('\x1b');
  });
});

it.each([
  [true, {}, true],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [undefined, {}, false],
])('colour on a terminal %s with %j: %s', (isTTY, environment, wanted) => {
  expect(wantsColour({ isTTY }, environment)).toBe(wanted);
});
