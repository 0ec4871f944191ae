/**
 * From arrays to `study.json`: latent sets, labels, controls, predictions, provenance.
 */
import { compareWithControls } from '../latent/controls.ts';
import { latentSets } from '../latent/highlight.ts';
import { asymmetry, effectStrength, labelComponents, labelSets, labelStability } from '../latent/labels.ts';
import type { LoadedModel } from '../model/loaded.ts';
import type { PerDirection, PredictionJson, StudyJson } from '../results/study-json.ts';
import type { Pair, Prompt, Token } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StudyOptions } from './options.ts';
import { type Contrast, type Direction, isSmallD, type MetricValues } from '../terms.ts';

const LIKELIEST = 5;

export type Scores = ReadonlyMap<string, Tensor>;

/** Asymmetries of IG, and of AP where both directions were patched; none as published, where scores are not of components. */
export function asymmetries(
  scores: Scores,
  metric: MetricValues,
  options: StudyOptions,
): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  if (options.asPublished) return result;
  for (const kind of options.components) {
    for (const method of ['ig', 'ap']) {
      const noising = scores.get(`${method}.noising.${kind}`);
      const denoising = scores.get(`${method}.denoising.${kind}`);
      if (!noising || !denoising) continue;
      const data = asymmetry({ noising: noising.data, denoising: denoising.data }, metric);
      result.set(`asymmetry.${method}.${kind}`, { shape: noising.shape, data });
    }
  }
  return result;
}

type Analysis = Pick<StudyJson, 'latent' | 'labels' | 'label_stability' | 'controls'>;

/** Latent sets, labels, their stability, and gains against controls. Labels need AP of components in both directions. */
export function analyse(
  scores: Scores,
  own: ReadonlyMap<string, Tensor>,
  metric: MetricValues,
  contrast: Contrast,
  options: StudyOptions,
): Analysis {
  const analysis: Analysis = { latent: {}, labels: {}, label_stability: {}, controls: {} };
  for (const kind of options.components) {
    const ig = (direction: Direction) => scores.get(`ig.${direction}.${kind}`)!;
    const perLayer = ig('noising').shape[1]!;
    analysis.latent[kind] = latentSets(ig('noising').data, ig('denoising').data, options.quantile, perLayer);
    const [noising, denoising] = [scores.get(`ap.noising.${kind}`), scores.get(`ap.denoising.${kind}`)];
    if (!noising || !denoising || options.asPublished) continue;
    const ap = { noising: noising.data, denoising: denoising.data };
    const labels = labelComponents(ap, metric, options.tau);
    analysis.labels[kind] = labelSets(labels, perLayer, contrast);
    if (isSmallD(metric)) continue;
    analysis.label_stability[kind] = labelStability(ap, metric, options.tau);
    const strength = effectStrength(ap, metric);
    const controls: PerDirection<ReturnType<typeof compareWithControls>> = {};
    for (const direction of options.directions) {
      controls[direction] = compareWithControls({
        labels,
        contrast,
        gain: scores.get(`gain.${direction}.${kind}`)!.data,
        own: own.get(`${direction}.${kind}`)!.data,
        strength,
        perLayer,
        seed: options.seed,
      });
    }
    analysis.controls[kind] = controls;
  }
  return analysis;
}

/** The likeliest next tokens of a row of logits. */
export function predictions(model: LoadedModel, logits: Tensor): PredictionJson[] {
  const { data } = logits;
  const largest = data.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
  const total = data.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  const order = Array.from(data.keys()).sort((a, b) => data[b]! - data[a]! || a - b);
  return order.slice(0, LIKELIEST).map((id) => ({
    id,
    token: tokenText(model, id),
    logit: data[id]!,
    probability: Math.exp(data[id]! - largest) / total,
  }));
}

function tokenText(model: LoadedModel, id: number): string {
  const { tokenizer } = model;
  return tokenizer && id < tokenizer.size ? tokenizer.tokenText(id) : String(id);
}

/** The pair as `study.json` tells it. */
export function describePair(pair: Pair, contrast: Contrast): StudyJson['pair'] {
  const prompt = ({ text, ids, tokens }: Prompt) => ({
    text: text ?? null,
    ids: [...ids],
    tokens: [...tokens],
  });
  const token = ({ id, text }: Token) => ({ id, text: text ?? null });
  return {
    clean: prompt(pair.clean),
    corrupted: prompt(pair.corrupted),
    first_difference: pair.firstDifference,
    contrast,
    answer: token(pair.answer),
    wrong: token(pair.wrong),
  };
}
