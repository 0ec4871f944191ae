/**
 * Which arrays `effects.zarr` holds, and which are too large to be written whole.
 */
import type { ArrayPlan } from '../chunk-store.ts';
import { matrixName, matrixPlan } from '../effects/store.ts';
import { TOP } from '../effects/strongest.ts';
import type { AnyMeasure } from '../effects/unit.ts';
import { componentsPerLayer, type ModelShape } from '../model/config.ts';
import type { StudyOptions } from './options.ts';
import type { Kind } from '../terms.ts';

/** Above this an array is not written whole unless `--full` asks for it. */
export const WHOLE_BYTES = 256_000_000;

const UNITS: Readonly<Record<AnyMeasure, string>> = {
  change: 'heads: norm in the residual stream; neurons: activation',
  l2: 'norm in the residual stream',
  through: 'units of F, first order; they overlap and do not add up',
  direct: 'units of F, by the base run’s final norm',
  shift: 'share of the way to the other value',
  mean: 'mean over d_model; neurons: activation',
};

export interface EffectsPlan {
  readonly arrays: readonly ArrayPlan[];
  /** Names of matrices that are not written. */
  readonly absent: readonly string[];
}

/** The arrays of one direction. */
export function planEffects(config: ModelShape, options: StudyOptions, model: string): EffectsPlan {
  const sizes = { layers: config.nLayers, heads: config.nHeads, neurons: config.dMlp };
  const measures: AnyMeasure[] = ['change', ...options.measures];
  const arrays: ArrayPlan[] = [];
  const absent: string[] = [];
  for (const source of options.components) {
    for (const target of options.components) {
      const bytes =
        4 * config.nLayers ** 2 * componentsPerLayer(config, source) * componentsPerLayer(config, target);
      const whole = options.full || bytes <= WHOLE_BYTES;
      for (const measure of measures) {
        if (whole) arrays.push(matrixPlan(source, target, measure, sizes, { model, units: UNITS[measure] }));
        else absent.push(matrixName(source, target, measure));
      }
      arrays.push(...summaryPlans(config, source, target, model));
    }
  }
  return { arrays, absent };
}

function summaryPlans(config: ModelShape, source: Kind, target: Kind, model: string): ArrayPlan[] {
  const sources = componentsPerLayer(config, source);
  const { nLayers } = config;
  const name = `${source}_to_${target}`;
  const dimensions = ['source_layer', source === 'heads' ? 'source_head' : 'source_neuron'];
  const attributes = { model, measure: 'l2', units: UNITS.l2 };
  const array = (
    suffix: string,
    rest: readonly number[],
    names: readonly string[],
    type: ArrayPlan['type'],
  ): ArrayPlan => ({
    name: `${name}_${suffix}`,
    shape: [nLayers, sources, ...rest],
    chunks: [1, sources, ...rest],
    dimensions: [...dimensions, ...names],
    type,
    attributes,
  });
  return [
    array('by_layer', [nLayers], ['target_layer'], 'float32'),
    array('top_index', [TOP, 2], ['rank', 'layer_and_index'], 'int32'),
    array('top_value', [TOP], ['rank'], 'float32'),
  ];
}
