/**
 * What is computed for each pair of a survey: passes, each one method in one direction, and the arrays that they fill.
 *
 *   <method>.<direction>.<kind>    scores, [pairs, layers, heads or neurons]
 *   ap_logit.<direction>.<kind>    patching by the metric's logit-level twin, from which labels come, where the metric is
 *                                  one of probabilities (docs/definitions.md, Metrics)
 *   own.<direction>.<kind>         norm of the change of the component's own write
 *   gain.<direction>.<kind>        what it changes in all others for each unit of that
 */
import type { Direction, Kind } from '../terms.ts';
import { EXACT, type SurveyOptions } from './options.ts';

/** Patching by the metric that labels read. */
export const TWIN: string = `${EXACT}_logit`;
export const GAIN = 'gain';
export const OWN = 'own';

export interface Pass {
  /** A method of the options, or `TWIN`. */
  readonly method: string;
  readonly direction: Direction;
  readonly kind: Kind;
  /** The arrays that it fills. */
  readonly arrays: readonly string[];
}

export function arrayName(what: string, direction: Direction, kind: Kind): string {
  return `${what}.${direction}.${kind}`;
}

/** All passes of one pair. `hasTwin`: whether labels need a metric of their own. */
export function passesOf(options: SurveyOptions, hasTwin: boolean): Pass[] {
  const { methods, directions, components, gains } = options;
  const all = methods.flatMap((method) => (method === EXACT && hasTwin ? [EXACT, TWIN] : [method]));
  return all.flatMap((method) =>
    directions.flatMap((direction) =>
      components.map((kind): Pass => {
        const observed = method === EXACT && gains ? [OWN, GAIN] : [];
        const arrays = [method, ...observed].map((what) => arrayName(what, direction, kind));
        return { method, direction, kind, arrays };
      }),
    ),
  );
}

/** The patching scores that labels come from. */
export function labelSource(hasTwin: boolean): string {
  return hasTwin ? TWIN : EXACT;
}
