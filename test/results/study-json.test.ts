import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import {
  formatStudyJson,
  parseStudyJson,
  STUDY_SCHEMA,
  type StudyJson,
} from '../../src/results/study-json.ts';
import { sampleScores } from '../support/sample-arrays.ts';
import { sampleStudyJson } from '../support/sample-json.ts';
import { SAMPLE_DEFAULTS } from '../support/sample-study.ts';

function sample(): StudyJson {
  const options = { ...SAMPLE_DEFAULTS, neurons: 64 };
  return sampleStudyJson(options, sampleScores(options, 6.25, 3, 1));
}

describe('study.json', () => {
  it('comes back as it was written', () => {
    const study = sample();
    expect(parseStudyJson(formatStudyJson(study))).toEqual(study);
  });

  it('keeps partners, and does without them', () => {
    const effect = { noising: 0.5, denoising: Number.NaN };
    const partner = {
      kind: 'heads',
      component: [1, 2],
      relation: 'backed_up_by',
      direction: 'noising',
    } as const;
    const partners: StudyJson['partners'] = [
      {
        kind: 'neurons',
        component: [0, 3],
        effect,
        partners: [{ ...partner, component: [1, 2], value: -0.2, noising: -0.2, via: -0.1 }],
        count: 1,
      },
    ];
    const study = { ...sample(), partners, hidden_backups: [] };
    expect(parseStudyJson(formatStudyJson(study))).toEqual(study);
    expect(parseStudyJson(formatStudyJson(sample())).partners).toBeUndefined();
    const other = formatStudyJson(study).replace('backed_up_by', 'loves');
    expect(() => parseStudyJson(other)).toThrow(/at partners\.0\.partners\.0\.relation/);
  });

  it('writes NaN as null and reads it back', () => {
    const study = sample();
    study.completeness_gap.noising!.heads![0] = Number.NaN;
    const text = formatStudyJson(study);
    expect(text).not.toContain('NaN');
    expect(parseStudyJson(text).completeness_gap.noising?.heads?.[0]).toBeNaN();
  });

  it('drops fields that it does not know', () => {
    const text = formatStudyJson(sample()).replace('{', '{"later": 1,');
    expect(parseStudyJson(text)).not.toHaveProperty('later');
  });

  it('refuses a newer major version, naming both', () => {
    const text = formatStudyJson({ ...sample(), schema: 'mediators/study@2' });
    expect(() => parseStudyJson(text)).toThrow(InputError);
    expect(() => parseStudyJson(text)).toThrow(/unknown schema: "mediators\/study@2".*"mediators\/study@1"/);
  });

  it('reads a newer minor version', () => {
    const text = formatStudyJson({ ...sample(), schema: `${STUDY_SCHEMA}.7` });
    expect(parseStudyJson(text).schema).toBe('mediators/study@1.7');
  });

  it.each([
    ['no JSON', 'x', /is not JSON/],
    ['another schema', '{"schema": "other@1"}', /invalid schema: "other@1"/],
    ['no schema', '[]', /invalid schema: undefined/],
    ['a missing field', `{"schema": "${STUDY_SCHEMA}"}`, /invalid study: study.json, at complete/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseStudyJson(text)).toThrow(InputError);
    expect(() => parseStudyJson(text)).toThrow(message);
  });
});
