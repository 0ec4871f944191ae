/**
 * What two surveys say whatever their models: labels counted, agreement of methods, and in which part of a model's depth
 * strong components lie.
 */
import { labelName } from '../latent/labels.ts';
import {
  type ComparedAgreementJson,
  type ComparisonJson,
  type DepthJson,
  type Estimate,
  NO_LABEL,
} from '../results/comparison-json.ts';
import type { Interval } from '../results/survey-json.ts';
import { type Pooled, pooledEffects } from '../survey/analysis/pool.ts';
import type { Direction, Kind } from '../terms.ts';
import { ROWS } from './labels.ts';
import { hasSmallD, inBoth, type Side, type Sides } from './side.ts';

/** Strongest components whose depth is listed. */
const STRONGEST = 20;

/** Components by label, as each survey counts them; nothing for kinds without labels in one, or where D of one is small. */
export function labelCounts(sides: Sides): ComparisonJson['label_counts'] {
  const { a, b } = sides;
  if (hasSmallD(a) || hasSmallD(b)) return [];
  return inBoth(sides).kinds.flatMap((kind) => {
    if (![a, b].every(({ found }) => found.labels.some((one) => one.kind === kind))) return [];
    return ROWS.map((label) => {
      const named = ({ survey }: Side) =>
        label === NO_LABEL ? label : labelName(label, survey.task.contrast);
      return {
        kind,
        label: { a: named(a), b: named(b) },
        count: { a: countOf(a, kind, named(a)), b: countOf(b, kind, named(b)) },
      };
    });
  });
}

function countOf({ found, survey }: Side, kind: Kind, label: string): number {
  const labelled = found.labels.find((one) => one.kind === kind)!.components;
  if (label !== NO_LABEL) return labelled.filter((one) => one.label === label).length;
  return survey.shape.layers * survey.shape[kind] - labelled.length;
}

/** Agreement of every method of either with exact patching. */
export function compareAgreement({ a, b }: Sides): ComparedAgreementJson[] {
  const key = ({ method, direction, kind }: Pick<ComparedAgreementJson, 'method' | 'direction' | 'kind'>) =>
    `${kind}, ${direction}, ${method}`;
  const [inA, inB] = [a, b].map(({ found }) => new Map(found.agreement.map((row) => [key(row), row])));
  const all = new Map([...inA!, ...inB!]);
  return [...all.keys()].map((name) => {
    const { method, direction, kind } = all.get(name)!;
    return {
      method,
      direction,
      kind,
      a: limitsOf(inA!.get(name)?.pearson),
      b: limitsOf(inB!.get(name)?.pearson),
    };
  });
}

function limitsOf(interval: Interval | undefined): Estimate {
  const none = Number.NaN;
  return interval
    ? { value: interval.mean, low: interval.low, high: interval.high }
    : { value: none, low: none, high: none };
}

/** Where effects lie in the depth of each model. */
export function compareDepth(
  kind: Kind,
  direction: Direction,
  a: { readonly side: Side; readonly pooled: Pooled },
  b: { readonly side: Side; readonly pooled: Pooled },
): DepthJson {
  const [one, two] = [depthOf(a.side, a.pooled, kind), depthOf(b.side, b.pooled, kind)];
  return {
    kind,
    direction,
    centre: { a: one.centre, b: two.centre },
    strongest: { a: one.strongest, b: two.strongest },
  };
}

function depthOf({ survey: { shape } }: Side, pooled: Pooled, kind: Kind) {
  const effects = pooledEffects(pooled);
  const depth = (c: number): number => (Math.floor(c / shape[kind]) + 0.5) / shape.layers;
  let [sum, total] = [0, 0];
  effects.forEach((e, c) => {
    sum += Math.abs(e) * depth(c);
    total += Math.abs(e);
  });
  const strongest = Array.from(effects.keys())
    .filter((c) => Math.abs(effects[c]!) > 0)
    .sort((x, y) => Math.abs(effects[y]!) - Math.abs(effects[x]!) || x - y)
    .slice(0, STRONGEST)
    .map((c) => ({
      component: [Math.floor(c / shape[kind]), c % shape[kind]] as [number, number],
      depth: depth(c),
      e: effects[c]!,
    }));
  return { centre: sum / total, strongest };
}
