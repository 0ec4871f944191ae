/**
 * Surveys of all six tasks from files, on the embedded model, against the references: answers, scores, pooled effects and
 * labels. And that what the references say tells the usual mistakes from the truth.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelName } from '../../src/latent/labels.ts';
import { loadModel } from '../../src/load-model.ts';
import type { Model } from '../../src/patch/model.ts';
import { SurveyScores } from '../../src/results/survey-scores.ts';
import { StudyFolder, type Tensors } from '../../src/study/folder.ts';
import type { SurveyOptions } from '../../src/survey/options.ts';
import { answersUnit } from '../../src/survey/record.ts';
import { survey } from '../../src/survey/run.ts';
import type { DataSet, Item } from '../../src/tasks/item.ts';
import { evaluateMetric } from '../../src/tasks/metric.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { farApart, type Tolerance, TOLERANCES } from '../support/close.ts';
import { parquetRows } from '../support/parquet.ts';
import { scratch } from '../support/studies.ts';
import { gpt2 } from '../support/task-models.ts';
import {
  expectedOf,
  hasArray,
  LABEL_CODES,
  NEURONS,
  partOf,
  readTaskSet,
  TASK_SETS,
  type TaskSet,
} from '../support/task-sets.ts';

const out = scratch();
const QUICK: Partial<SurveyOptions> = { gains: false, steps: 50, figures: false, draws: 50 };
const { reference } = TOLERANCES;
/** A patched component's score is a difference of two F, so it carries the rounding of F however small it is. */
const ROUNDING_OF_F = 1e-5;
const GPT2 = gpt2();
let model: Model;
let sets: ReadonlyMap<string, DataSet>;

beforeAll(async () => {
  // Sessions by the thousand: making each one's threads costs more than they save.
  model = await loadModel('embedded', { threads: 1 });
  sets = new Map(TASK_SETS.map((set) => [set.name, readTaskSet(model, set)]));
});
afterAll(() => model.dispose());

const itemsOf = ({ name }: TaskSet) => sets.get(name)!.items;

describe.each(TASK_SETS)('$name', (set) => {
  const folder = out(set.name);
  /** Patching by the task's metric, and by the twin that labels read where it has one. */
  const exact = ['ap', ...(hasArray(set, 'ap_logit.noising.heads') ? ['ap_logit'] : [])];
  const ways = (methods: readonly string[]) =>
    methods.flatMap((method) => DIRECTIONS.map((direction) => ({ method, direction })));
  const largest = (array: string) => Math.max(...expectedOf(set, array).data.map(Math.abs));
  const scoresClose = (method: string): Tolerance => ({
    ...reference,
    atol: ROUNDING_OF_F * largest(method === 'ap_logit' ? 'label_metric' : 'metric'),
  });
  let data: DataSet;
  let components: Record<string, unknown>[];
  /** How both prompts of each pair are answered: the survey keeps it until its tables are made. */
  let answers: Tensors[] = [];

  beforeAll(async () => {
    data = sets.get(set.name)!;
    const kept = new StudyFolder(folder);
    const answersOf = (_: Item, pair: number) => {
      const path = kept.unitPath(answersUnit(pair));
      return decodeSafetensors(readFileSync(path), path);
    };
    const onProgress = ({ phase, done }: { readonly phase: string; readonly done: number }) => {
      if (phase === 'statistics' && done === 0) answers = data.items.map(answersOf);
    };
    await survey(model, data, { ...QUICK, components: ['heads'], out: folder }, { onProgress });
    components = await parquetRows(folder, 'components.parquet');
  });

  test('six pairs of several lengths, with GPT-2’s ids in the file', () => {
    expect(data.skipped).toEqual([]);
    const lengths = data.items.map(({ clean }) => clean.ids.length);
    expect(lengths).toEqual([...expectedOf(set, 'length').data]);
    expect(new Set(lengths).size).toBeGreaterThan(2);
    expect(readTaskSet(GPT2, set).items).toHaveLength(6);
  });

  test('both prompts of every pair are answered as they should', () => {
    const all = { metric: 'metric', label_metric: 'logitMetric', rank: 'rank', probability: 'probability' };
    for (const [array, name] of Object.entries(all)) {
      const got = answers.flatMap((answered) => [...answered.get(name)!.data]);
      expect(got, array).toBeClose(expectedOf(set, array).data, reference);
    }
  });

  test('pairs.parquet', async () => {
    const rows = await parquetRows(folder, 'pairs.parquet');
    const columns = {
      metric_clean: ['metric', 0],
      metric_corrupted: ['metric', 1],
      label_metric_clean: ['label_metric', 0],
      label_metric_corrupted: ['label_metric', 1],
      answer_rank: ['rank', 0],
      answer_probability: ['probability', 0],
    } as const;
    for (const [column, [array, side]] of Object.entries(columns)) {
      const wanted = expectedOf(set, array).data.filter((_, i) => i % 2 === side);
      expect(
        rows.map((row) => Number(row[column])),
        column,
      ).toBeClose(wanted, reference);
    }
    expect(rows.map(({ length }) => Number(length))).toEqual([...expectedOf(set, 'length').data]);
    expect(rows.map(({ solved }) => Number(solved))).toEqual([...expectedOf(set, 'solved').data]);
    expect(data.items.map(({ reverseOf }) => Number(reverseOf !== undefined))).toEqual([
      ...expectedOf(set, 'reversed').data,
    ]);
  });

  test('scores of heads, pair by pair', async () => {
    const scores = new SurveyScores(join(folder, 'scores.zarr'));
    for (const { method, direction } of ways([...exact, 'ig'])) {
      const name = `${method}.${direction}.heads`;
      for (const i of data.items.keys())
        expect(await scores.read(name, i), `${name} of pair ${i}`).toBeClose(
          partOf(expectedOf(set, name), i),
          scoresClose(method),
        );
    }
  });

  test('pooled effects, deviations and shares of heads', () => {
    const solved = [...expectedOf(set, 'solved').data];
    expect(new Set(components.map(({ pairs }) => pairs))).toEqual(
      new Set(solved.includes(0) ? ['all', 'solved'] : ['all']),
    );
    for (const pairs of solved.includes(0) ? ['all', 'solved'] : ['all']) {
      for (const { method, direction } of ways([...exact, 'ig'])) {
        const rows = components.filter(
          (row) => row.pairs === pairs && row.method === method && row.direction === direction,
        );
        const array = (what: string) => expectedOf(set, `${pairs}.${what}${method}.${direction}.heads`).data;
        const column = (name: string) => rows.map((row) => Number(row[name]));
        const about = `${pairs} ${method} ${direction}`;
        expect(column('mean'), about).toBeClose(array(''), reference);
        expect(column('sd'), about).toBeClose(array('sd.'), reference);
        if (exact.at(-1) === method || method === 'ig') {
          const wanted = array('highlighted.');
          const known = column('highlighted_share').map((share, c) => (wanted[c]! >= 0 ? share : Number.NaN));
          expect(known, about).toBeClose(wanted, reference);
          expect(wanted.filter(Number.isNaN).length, about).toBeLessThan(8);
        }
        expect(new Set(column('n'))).toEqual(
          new Set([pairs === 'all' ? solved.length : solved.filter(Boolean).length]),
        );
      }
    }
  });

  test('labels of heads', () => {
    for (const pairs of new Set(components.map((row) => String(row.pairs)))) {
      const codes = [...expectedOf(set, `${pairs}.labels`).data].map((code) => LABEL_CODES[code]!);
      const names = codes.map((code) => (code === 'none' ? null : labelName(code, data.contrast)));
      for (const { method, direction } of ways(exact)) {
        const rows = components.filter(
          (row) => row.pairs === pairs && row.method === method && row.direction === direction,
        );
        expect(rows.map(({ label }) => label ?? null)).toEqual(names);
      }
    }
  });

  test('neurons of the first pairs', async () => {
    const few = { ...data, items: data.items.slice(0, NEURONS.pairs) };
    const neurons = out(`${set.name} neurons`);
    const options = { ...QUICK, components: ['neurons' as const], methods: ['ap'] };
    await survey(model, few, { ...options, out: neurons });
    const scores = new SurveyScores(join(neurons, 'scores.zarr'));
    const rows = (await parquetRows(neurons, 'components.parquet')).filter(({ pairs }) => pairs === 'all');
    for (const { method, direction } of ways(exact)) {
      const name = `${method}.${direction}.neurons`;
      for (const i of few.items.keys()) {
        const found = (await scores.read(name, i)).filter((_, c) => c % NEURONS.every === 0);
        expect(found, `${name} of pair ${i}`).toBeClose(
          partOf(expectedOf(set, name), i),
          scoresClose(method),
        );
      }
      const pooled = rows.filter(
        (row) =>
          row.method === method && row.direction === direction && Number(row.index) % NEURONS.every === 0,
      );
      expect(
        pooled.map(({ mean }) => Number(mean)),
        name,
      ).toBeClose(expectedOf(set, `all.${name}`).data, { ...reference, atol: ROUNDING_OF_F });
    }
  });
});

describe('the references tell', () => {
  const others = TASK_SETS.flatMap((a) => TASK_SETS.filter((b) => b !== a).map((b) => [a, b] as const));
  /** Logits at the last position of both prompts of each pair, one pair after the other; padded to `length`. */
  const logitsOf = async (items: readonly Item[], length = 0): Promise<Float32Array[]> => {
    const found: Float32Array[] = [];
    for (const { ids } of items.flatMap(({ clean, corrupted }) => [clean, corrupted])) {
      const padded = [...ids, ...new Array<number>(Math.max(0, length - ids.length)).fill(0)];
      found.push((await model.lastLogits(padded)).data);
    }
    return found;
  };
  const plain = new Map<string, readonly Float32Array[]>();
  beforeAll(async () => {
    for (const set of TASK_SETS) plain.set(set.name, await logitsOf(itemsOf(set)));
  });
  /** F of both prompts of each pair, by a metric that may be another's. */
  const measured = (logits: readonly Float32Array[], metricOf: (pair: number) => Item['metric']): number[] =>
    logits.map((row, i) => evaluateMetric(metricOf(Math.floor(i / 2)), row));

  test('every data set from every other', () => {
    for (const [a, b] of others)
      for (const array of [
        'metric',
        'label_metric',
        'ap.noising.heads',
        'ap.denoising.heads',
        'ig.noising.heads',
      ])
        expect(
          farApart(expectedOf(a, array).data, expectedOf(b, array).data, reference),
          `${array} of ${a.name} and ${b.name}`,
        ).toBeDefined();
  });

  test.each(TASK_SETS)('the metric of another task from that of $name', (set) => {
    const expected = expectedOf(set, 'metric').data;
    const items = itemsOf(set);
    const logits = plain.get(set.name)!;
    expect(measured(logits, (i) => items[i]!.metric)).toBeClose(expected, reference);
    for (const other of TASK_SETS.filter(({ task }) => task !== set.task)) {
      const wrong = measured(logits, (i) => itemsOf(other)[i]!.metric);
      expect(farApart(wrong, expected, reference), other.name).toBeDefined();
    }
  });

  test.each(TASK_SETS)('the last position of padded prompts from the last token, $name', async (set) => {
    const items = itemsOf(set);
    const longest = Math.max(...items.map(({ clean }) => clean.ids.length));
    const wrong = measured(await logitsOf(items, longest), (i) => items[i]!.metric);
    expect(farApart(wrong, expectedOf(set, 'metric').data, reference)).toBeDefined();
  });

  test.each(TASK_SETS.filter(({ task }) => task !== 'gender_bias'))(
    'the first pair’s metric from each pair’s own, $name',
    (set) => {
      const wrong = measured(plain.get(set.name)!, () => itemsOf(set)[0]!.metric);
      expect(farApart(wrong, expectedOf(set, 'metric').data, reference)).toBeDefined();
    },
  );
});
