/**
 * Writes a complete synthetic study folder: the three result files with seeded numbers and no model.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import FileSystemStore from '@zarrita/storage/fs';
import * as zarr from 'zarrita';
import { parseMediation } from '../../src/results/mediation.ts';
import { formatStudyJson, type StudyJson } from '../../src/results/study-json.ts';
import { describePartners } from '../../src/study/partners.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Arrays, sampleHeadEffects, type SampleShape, sampleScores, widthOf } from './sample-arrays.ts';
import { sampleStudyJson } from './sample-json.ts';
import { sampleMediation } from './sample-mediation.ts';
import { type Contrast, DIRECTIONS, type Direction, KINDS, type Kind } from '../../src/terms.ts';

export interface SampleOptions {
  layers?: number;
  heads?: number;
  neurons?: number;
  contrast?: Contrast;
  kinds?: readonly Kind[];
  directions?: readonly Direction[];
  /** Measures of the head to head effects beside `change`. */
  measures?: readonly string[];
  /** Makes D so small that nothing is normalised. */
  smallD?: boolean;
  /** Leaves out the effect matrices and ledgers. */
  absent?: boolean;
  /** Pairs of heads, with so many neurons besides; by default none, as older studies have it. */
  mediation?: 'none' | 'heads' | `heads+neurons:${number}`;
  /** Text of the answer token; may be hostile. */
  answer?: string;
  seed?: number;
}

export type ResolvedSample = Required<SampleOptions>;

/** A study of 4 layers, 8 heads and 512 neurons a layer. */
export const SAMPLE_DEFAULTS: ResolvedSample = {
  layers: 4,
  heads: 8,
  neurons: 512,
  contrast: 'removal',
  kinds: KINDS,
  directions: DIRECTIONS,
  measures: ['through'],
  smallD: false,
  absent: false,
  mediation: 'none',
  answer: ' Mary',
  seed: 1,
};

/** Writes the folder and returns its `study.json`. */
export async function writeSampleStudy(folder: string, options: SampleOptions = {}): Promise<StudyJson> {
  const sample = { ...SAMPLE_DEFAULTS, ...options };
  const arrays = sampleScores(sample, sample.smallD ? 0.05 : 6.25, 12, sample.seed);
  addAsymmetry(arrays, sample);
  const study = sampleStudyJson(sample, arrays);
  const kept = [...arrays].filter(([name]) => isKept(name, sample));
  await mkdir(folder, { recursive: true });
  const tensors = kept.map(([name, tensor]) => ({ name, tensor }));
  await writeFile(join(folder, 'scores.safetensors'), encodeSafetensors(tensors));
  await writeEffects(join(folder, 'effects.zarr'), sample);
  if (sample.mediation !== 'none') Object.assign(study, await writePairs(folder, sample, arrays, study));
  await writeFile(join(folder, 'study.json'), formatStudyJson(study));
  return study;
}

/** Writes `mediation.safetensors`; the fields of study.json that follow from it. */
async function writePairs(
  folder: string,
  sample: ResolvedSample,
  scores: Arrays,
  study: StudyJson,
): Promise<Partial<StudyJson>> {
  const { directions, seed, mediation } = sample;
  const neurons = Number(mediation.split(':')[1] ?? 0);
  const tensors = sampleMediation({ shape: sample, D: study.metric.D, scores, directions, neurons, seed });
  await writeFile(join(folder, 'mediation.safetensors'), encodeSafetensors(tensors));
  const parsed = parseMediation(new Map(tensors.map(({ name, tensor }) => [name, tensor])), sample);
  const kept = new Map([...scores].filter(([name]) => isKept(name, sample)));
  study.options.mediation = mediation;
  return describePartners(parsed, kept, study.metric, sample.contrast, Number(study.options.tau));
}

/** IG always runs in both directions; everything else only in those asked for. */
function isKept(name: string, { kinds, directions, absent }: ResolvedSample): boolean {
  const [method, direction, kind] = name.split('.');
  if (method === 'logits') return true;
  if (method === 'asymmetry') {
    const asked = kinds.some((k) => k === kind);
    return asked && (direction === 'ig' || directions.length === 2);
  }
  if (method === 'ledger' && absent) return false;
  return kinds.some((k) => k === kind) && (method === 'ig' || directions.some((d) => d === direction));
}

function addAsymmetry(arrays: Arrays, sample: ResolvedSample): void {
  const D = sample.smallD ? Number.NaN : 6.25;
  for (const kind of KINDS) {
    for (const method of ['ap', 'ig']) {
      const noising = arrays.get(`${method}.noising.${kind}`)!;
      const denoising = arrays.get(`${method}.denoising.${kind}`)!;
      const data = noising.data.map((value, i) => -value / D - denoising.data[i]! / D);
      arrays.set(`asymmetry.${method}.${kind}`, { shape: noising.shape, data });
    }
  }
}

async function writeEffects(folder: string, sample: ResolvedSample): Promise<void> {
  const root = zarr.root(new FileSystemStore(folder));
  await zarr.create(root, { attributes: { schema: 'mediators/effects@1', complete: true } });
  for (const direction of sample.directions) {
    await zarr.create(root.resolve(direction), { attributes: {} });
    if (sample.absent || !sample.kinds.includes('heads')) continue;
    for (const measure of ['change', ...sample.measures]) {
      const seed = sample.seed + (direction === 'noising' ? 20 : 30);
      const values = sampleHeadEffects(sample, measure !== 'change', seed);
      const name = measure === 'change' ? 'heads_to_heads' : `heads_to_heads_${measure}`;
      await writeMatrix(root.resolve(`${direction}/${name}`), values, sample, measure);
    }
  }
}

/** One chunk: one source layer, one target layer, up to 64 sources, all targets. Unreachable chunks are absent. */
async function writeMatrix(
  at: zarr.Location<FileSystemStore>,
  values: Tensor,
  shape: SampleShape,
  measure: string,
): Promise<void> {
  const width = widthOf('heads', shape);
  const array = await zarr.create(at, {
    shape: [...values.shape],
    chunkShape: [1, Math.min(64, width), 1, width],
    dtype: 'float32',
    fillValue: 0,
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'zstd', configuration: { level: 3, checksum: false } },
    ],
    dimensionNames: ['source_layer', 'source_head', 'target_layer', 'target_head'],
    attributes: { model: 'synthetic', measure, units: measure === 'change' ? 'residual stream' : 'F' },
  });
  for (let s = 0; s < shape.layers; s++) {
    for (let t = s; t < shape.layers; t++) {
      const block = new Float32Array(width * width);
      for (let i = 0; i < width; i++) {
        const from = ((s * width + i) * shape.layers + t) * width;
        block.set(values.data.subarray(from, from + width), i * width);
      }
      await zarr.set(array, [s, null, t, null], { data: block, shape: [width, width], stride: [width, 1] });
    }
  }
}
