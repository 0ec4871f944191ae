/**
 * Snapshots of rounded SVG, which double as examples. Look at a changed picture before accepting it:
 * `vitest run test/plots -u`, then open the files in `snapshots/`.
 */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { auditScatter } from '../../src/plots/audit-scatter.ts';
import { circuitFigure } from '../../src/plots/circuit-graph.ts';
import { directionScatter } from '../../src/plots/direction-scatter.ts';
import { faithfulnessCurves } from '../../src/plots/faithfulness-curves.ts';
import type { Figure } from '../../src/plots/figure.ts';
import { gainDots } from '../../src/plots/gain-dots.ts';
import { headMatrix } from '../../src/plots/head-matrix.ts';
import { histograms } from '../../src/plots/histograms.ts';
import { intervalDots } from '../../src/plots/interval-dots.ts';
import { layerHeadMaps } from '../../src/plots/layer-head-maps.ts';
import { layerHistograms } from '../../src/plots/layer-histograms.ts';
import { ledgerWaterfall } from '../../src/plots/ledger-waterfall.ts';
import { meanDifferencePlot } from '../../src/plots/mean-difference.ts';
import { methodScatter } from '../../src/plots/method-scatter.ts';
import { pairMatrix } from '../../src/plots/pair-matrix.ts';
import { recallCurves } from '../../src/plots/recall-curves.ts';
import { tokenStrip } from '../../src/plots/token-strip.ts';
import { LABEL_STYLES } from '../../src/plots/palette.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { sampleHeadEffects } from '../support/sample-arrays.ts';
import { Random } from '../support/random.ts';
import { figureWords as words, noisyPoints } from '../support/sample-points.ts';
import { sampleCircuit } from '../support/sample-circuit.ts';

function grid(layers: number, width: number, seed: number): Tensor {
  const random = new Random(seed);
  return {
    shape: [layers, width],
    data: Float32Array.from({ length: layers * width }, () => random.normal()),
  };
}

const FIGURES: Readonly<Record<string, () => Figure>> = {
  'audit-scatter': () =>
    auditScatter({
      ...words('audit'),
      unit: 'share of |D|',
      panels: [
        {
          title: 'Method A',
          points: [
            { name: '1.2 n', exact: 0.5, approximate: 0.45, wrongSign: false, label: 'and' },
            { name: '2.0 d', exact: 0.3, approximate: -0.02, wrongSign: true, label: 'or' },
            { name: '0.1 n', exact: 0.001, approximate: Number.NaN, wrongSign: false, label: 'none' },
          ],
        },
        { title: 'Method B', points: [{ name: '1.2 n', exact: 0.5, approximate: 0, wrongSign: false }] },
      ],
      threshold: 0.02,
    }),
  'interval-dots': () =>
    intervalDots({
      ...words('intervals'),
      unit: 'pooled effect e',
      panels: [
        {
          title: 'Noising',
          rows: [
            { name: '9.6', value: 0.8, low: 0.6, high: 0.95, style: LABEL_STYLES.and },
            { name: '10.2 <&>', value: -0.2, low: -0.4, high: 0.05, style: LABEL_STYLES.inhibitory },
          ],
        },
        { title: 'Denoising', rows: [{ name: '9.6', value: 0.01, low: Number.NaN, high: Number.NaN }] },
      ],
    }),
  'method-scatter': () =>
    methodScatter({
      ...words('method'),
      axes: { x: 'exact e', y: 'method’s e' },
      unit: 'components',
      sameUnit: true,
      panels: [
        {
          title: 'Noising',
          points: [
            ...noisyPoints(40, 1),
            { name: '9.6 <&>', x: 2.5, y: -1.5, style: LABEL_STYLES.and },
            { name: '9.9', x: Number.NaN, y: 1 },
          ],
        },
        {
          title: 'Denoising: nothing moves',
          points: [
            { name: '0.0', x: 0, y: 0.5 },
            { name: '0.1', x: 0, y: -0.5 },
          ],
        },
      ],
    }),
  'method-scatter-clusters': () =>
    methodScatter({
      ...words('clusters'),
      axes: { x: 'D (logits)', y: 'correlation' },
      unit: 'clusters',
      panels: [
        { title: 'Heads', points: noisyPoints(15, 2).map(({ name, x, y }) => ({ name, x: 5 + x, y })) },
      ],
    }),
  'mean-difference': () =>
    meanDifferencePlot({
      ...words('differences'),
      first: 'method',
      second: 'exact',
      unit: 'pooled effect e',
      panels: [
        {
          title: 'Noising',
          points: noisyPoints(60, 3).map(({ name, x, y }) => ({ name, first: x, second: y })),
        },
        {
          title: 'Few',
          points: [
            { name: '1.2 <&>', first: 0.5, second: 0.3, style: LABEL_STYLES.or },
            { name: '2.0', first: 0.25, second: 0.2 },
            { name: '2.1', first: Number.NaN, second: 0.2 },
          ],
        },
        { title: 'None', points: [] },
      ],
    }),
  'interval-bars': () =>
    intervalDots({
      ...words('bars'),
      unit: 'pooled effect e',
      bars: true,
      panels: [
        {
          title: 'Noising',
          rows: [
            { name: '9.6', value: 0.8, low: 0.6, high: 0.95, style: LABEL_STYLES.and },
            { name: '10.2', value: -0.2, low: -0.4, high: 0.05 },
          ],
        },
      ],
    }),
  histograms: () =>
    histograms({
      ...words('histograms'),
      unit: 'correlation',
      panels: [
        {
          title: 'Noising',
          values: [...noisyPoints(60, 7).map(({ x }) => x), Number.NaN],
          color: '#0072b2',
        },
        { title: 'Constant', values: [0.5, 0.5, 0.5], color: '#d55e00' },
        { title: 'None <&>', values: [Number.NaN], color: '#d55e00' },
      ],
    }),
  'recall-curves': () =>
    recallCurves({
      ...words('recall'),
      panels: [
        {
          title: 'Heads',
          count: 24,
          lines: [
            {
              series: 0,
              title: 'Method A',
              points: [
                { k: 1, mean: 1, least: 1, most: 1 },
                { k: 3, mean: 0.5, least: 0.33, most: 0.67 },
                { k: 10, mean: 0.8, least: 0.7, most: 0.9 },
              ],
            },
            { series: 1, title: 'Method B', points: [{ k: 1, mean: 0, least: 0, most: 0 }] },
          ],
        },
      ],
    }),
  'faithfulness-curves': () =>
    faithfulnessCurves({
      ...words('faithfulness'),
      panels: [
        {
          title: 'eap.edges.signed.greedy',
          note: 'CPR 0.9 (random 0.4), CMD 0.1 (random 0.6)',
          circuit: [
            { k: 0.001, f: 0, low: Number.NaN, high: Number.NaN },
            { k: 0.02, f: 0.7, low: 0.5, high: 0.8 },
            { k: 0.5, f: 1.2, low: 1.1, high: 1.25 },
            { k: 1, f: 1, low: 1, high: 1 },
          ],
          random: [
            { k: 0.001, f: 0, least: 0, most: 0 },
            { k: 0.02, f: 0.05, least: -0.1, most: 0.2 },
            { k: 0.5, f: 0.4, least: 0.1, most: 0.9 },
            { k: 1, f: 1, least: 1, most: 1 },
          ],
          complement: [
            { k: 0.001, f: 1 },
            { k: 0.02, f: -3 },
            { k: 0.5, f: 0.1 },
            { k: 1, f: 0 },
          ],
        },
        {
          title: 'No f <&>',
          note: '',
          circuit: [
            { k: 0.001, f: Number.NaN, low: Number.NaN, high: Number.NaN },
            { k: 1, f: 1, low: Number.NaN, high: Number.NaN },
          ],
          random: [],
          complement: [],
        },
      ],
    }),
  'circuit-graph': () => circuitFigure({ ...words('circuit'), graph: sampleCircuit() }),
  'token-strip': () =>
    tokenStrip({
      ...words('tokens'),
      clean: ['<bos>', ' Paul', '\n', '<script>'],
      corrupted: ['<bos>', ' John', '\n', '<script>'],
      predictions: {
        clean: [{ token: ' Mary', logit: 3.25, probability: 0.5 }],
        corrupted: [{ token: '\u0000&', logit: 1, probability: 0.25 }],
      },
      answer: ' Mary',
    }),
  'layer-head-maps': () =>
    layerHeadMaps({
      ...words('maps'),
      maps: [
        { title: 'noising', values: grid(3, 4, 1) },
        {
          title: 'denoising',
          values: { shape: [3, 4], data: grid(3, 4, 2).data.with(5, Number.NaN) },
          source: [0, 1],
        },
      ],
      scale: 'diverging',
      unit: 'normalised effect e',
    }),
  'direction-scatter': () =>
    directionScatter({
      ...words('scatter'),
      kind: 'heads',
      points: [
        { component: [1, 2], noising: 0.5, denoising: 0.04, label: 'and' },
        { component: [2, 0], noising: 0.03, denoising: 0.4, label: 'or' },
        { component: [0, 0], noising: 0.001, denoising: 0.01 },
      ],
      tau: 0.02,
      contrast: 'removal',
      axes: { noising: 'e, noising', denoising: 'e, denoising' },
    }),
  'head-matrix': () =>
    headMatrix({
      ...words('matrix'),
      values: sampleHeadEffects({ layers: 3, heads: 2, neurons: 4 }, true, 5),
      scale: 'diverging',
      unit: 'effect through the target (logits)',
    }),
  'ledger-waterfall': () =>
    ledgerWaterfall({
      ...words('ledger'),
      groups: [
        {
          title: 'noising',
          items: [
            { name: 'head 1.2 (AND)', parts: [-2, 0.5, -1, 0.25] },
            { name: 'head 0.1', parts: [1, -0.5, 0, 0] },
          ],
        },
      ],
      unit: 'change of F (logits)',
    }),
  'pair-matrix': () =>
    pairMatrix({
      ...words('pairs'),
      components: ['0.1', '1.2', 'L1N305', '2.0'],
      panels: [
        { title: 'noising', values: { shape: [4, 4], data: grid(4, 4, 6).data.with(0, Number.NaN) } },
        { title: 'denoising', values: { shape: [4, 4], data: grid(4, 4, 7).data.with(9, 40) } },
      ],
      axes: { row: 'source', column: 'target' },
      unit: 'via (part of D)',
    }),
  'gain-dots': () =>
    gainDots({
      ...words('gains'),
      kind: 'heads',
      layers: 2,
      groups: [
        {
          title: 'noising',
          points: [
            { component: [0, 1], gain: 1.5, role: 'and' },
            { component: [0, 2], gain: 0.75, role: 'control' },
            { component: [1, 0], gain: 3, role: 'adder' },
          ],
        },
        { title: 'denoising', points: [] },
      ],
    }),
  'layer-histograms': () =>
    layerHistograms({
      ...words('histograms'),
      groups: [{ title: 'noising', values: grid(2, 50, 4), color: '#0072b2' }],
      unit: 'normalised effect e',
      tau: 0.02,
    }),
};

describe.each(Object.entries(FIGURES))('%s', (name, draw) => {
  const { svg } = draw();

  it('looks as it did', async () => {
    await expect(svg).toMatchFileSnapshot(`snapshots/${name}.svg`);
  });

  it('is the same every time', () => {
    expect(draw().svg).toBe(svg);
  });

  it('stands alone: namespace, size, rounded numbers, no ids, no warning, nothing loaded', () => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]* viewBox="0 0 \d+ \d+"/);
    expect(svg).not.toMatch(/\sid=|href=|url\(|NaN|undefined|⚠/);
    expect(svg.replace(/>[^<]*</g, '><')).not.toMatch(/\d\.\d{3,}/);
    expect(svg).not.toMatch(/<script|\u0000/);
  });
});

describe('what figures refuse', () => {
  it.each([
    [
      'missing maps: none given',
      () => layerHeadMaps({ ...words('m'), maps: [], scale: 'diverging', unit: '' }),
    ],
    [
      'invalid map b: shape [2, 3], expected [2, 2]',
      () =>
        layerHeadMaps({
          ...words('m'),
          maps: [
            { title: 'a', values: grid(2, 2, 1) },
            { title: 'b', values: grid(2, 3, 1) },
          ],
          scale: 'diverging',
          unit: '',
        }),
    ],
    [
      'invalid values of noising: shape [2, 3], expected [2, 2]',
      () =>
        pairMatrix({
          ...words('p'),
          components: ['0.0', '1.0'],
          panels: [{ title: 'noising', values: grid(2, 3, 1) }],
          axes: { row: '', column: '' },
          unit: '',
        }),
    ],
    [
      'invalid panels: 3, expected 1 or 2',
      () =>
        methodScatter({
          ...words('m'),
          axes: { x: '', y: '' },
          unit: 'pairs',
          panels: [1, 2, 3].map(() => ({ title: '', points: [] })),
        }),
    ],
    [
      'invalid values: shape [2, 2], expected 4 axes',
      () => headMatrix({ ...words('m'), values: grid(2, 2, 1), scale: 'diverging', unit: '' }),
    ],
  ])('%s', (message, draw) => {
    expect(draw).toThrow(new InputError(message));
  });
});
