/** Figures of a comparison: effects of A against B, their differences, the strongest components, depth. */
import { depthDots } from '../../plots/depth-dots.ts';
import type { Figure } from '../../plots/figure.ts';
import { intervalDots } from '../../plots/interval-dots.ts';
import { limitsCaption, meanDifferencePlot } from '../../plots/mean-difference.ts';
import { methodScatter } from '../../plots/method-scatter.ts';
import { type CategoryStyle, DIRECTION_COLORS } from '../../plots/palette.ts';
import { componentName } from '../../plots/text.ts';
import type { ComparisonJson } from '../../results/comparison-json.ts';
import { comparedName, type ComparisonResults } from '../../results/comparison-read.ts';
import { type Component, type Direction, type Kind, KINDS, singular } from '../../terms.ts';
import { capital } from '../../words.ts';

const EFFECT = 'pooled effect e';

/** All figures; those of components only where both are of one model. */
export function comparisonFigures(results: ComparisonResults): Figure[] {
  const { comparison } = results;
  return KINDS.flatMap((kind) => [
    ...(comparison.same_model ? componentFigures(results, kind) : []),
    depthFigure(comparison, kind),
  ]).flatMap((figure) => (figure ? [figure] : []));
}

interface Measured {
  readonly direction: Direction;
  readonly points: { name: string; a: number; b: number }[];
}

function measured({ effects, comparison }: ComparisonResults, kind: Kind): Measured[] {
  return comparison.components
    .filter((row) => row.kind === kind && Number.isFinite(row.difference.mean.value))
    .map(({ direction }) => {
      const [a, b] = (['a', 'b'] as const).map((side) => effects.get(comparedName(side, direction, kind))!);
      const perLayer = a!.shape[1]!;
      const name = (c: number) => componentName(kind, [Math.floor(c / perLayer), c % perLayer]);
      return {
        direction,
        points: Array.from(a!.data, (value, c) => ({ name: name(c), a: value, b: b!.data[c]! })),
      };
    });
}

function componentFigures(results: ComparisonResults, kind: Kind): (Figure | undefined)[] {
  const all = measured(results, kind);
  if (all.length === 0) return [];
  const { a, b } = results.comparison;
  const subtitle = `Exact patching, pooled over ${a.pooled} pairs of ${a.name} and ${b.pooled} of ${b.name}`;
  const panels = all.map(({ direction, points }) => ({
    title: capital(direction),
    points: points.map((point) => ({ name: point.name, x: point.a, y: point.b })),
  }));
  const [first, second] = panels;
  return [
    methodScatter({
      name: `compare-${kind}-effects`,
      title: `Each ${singular(kind)} in both surveys`,
      subtitle,
      caption: `Each point is a ${singular(kind)}. On the dashed line it does the same in both. The solid line is the least squares line; it has no band, since the ${kind} of one model are not independent of one another.`,
      axes: { x: `e in ${a.name}`, y: `e in ${b.name}` },
      unit: 'components',
      panels: second ? [first!, second] : [first!],
      sameUnit: true,
    }),
    meanDifferencePlot({
      name: `compare-${kind}-difference`,
      title: `How far ${kind} differ`,
      subtitle,
      caption: `Difference of pooled effects, A less B, against their average. ${limitsCaption(kind, all[0]!.points.length)}`,
      first: a.name,
      second: b.name,
      unit: EFFECT,
      panels: all.map(({ direction, points }) => ({
        title: capital(direction),
        points: points.map((point) => ({ name: point.name, first: point.a, second: point.b })),
      })),
    }),
    strongestFigure(results.comparison, kind),
  ];
}

/** How the two surveys are drawn. */
function sideStyles({ a, b }: ComparisonJson): { a: CategoryStyle; b: CategoryStyle } {
  return {
    a: { name: a.name, color: DIRECTION_COLORS.noising, symbol: 'circle' },
    b: { name: b.name, color: DIRECTION_COLORS.denoising, symbol: 'diamond' },
  };
}

/** Nothing where all effects are 0. */
function strongestFigure(comparison: ComparisonJson, kind: Kind): Figure | undefined {
  const rows = comparison.strongest.filter((row) => row.kind === kind);
  const [first] = rows;
  if (!first) return undefined;
  const styles = sideStyles(comparison);
  const directions = first.effects.map(({ direction }) => direction);
  return intervalDots({
    name: `compare-${kind}-strongest`,
    title: `The strongest ${kind} of both`,
    subtitle: `Pooled effects; 95% intervals by the bootstrap over ${comparison.a.clusters} and ${comparison.b.clusters} clusters`,
    caption: `The ${kind} of largest effect in any direction of either survey. Intervals are of each survey by itself; that two overlap is no test of their difference, which the table of changes has.`,
    unit: EFFECT,
    panels: directions.map((direction, d) => ({
      title: capital(direction),
      rows: rows.flatMap(({ component, effects }) =>
        (['a', 'b'] as const).map((side) => ({
          name: rowName(kind, component, side),
          ...effects[d]![side],
          style: styles[side],
        })),
      ),
    })),
  });
}

function rowName(kind: Kind, component: Component, side: 'a' | 'b'): string {
  return `${componentName(kind, component)} ${side.toUpperCase()}`;
}

function depthFigure(comparison: ComparisonJson, kind: Kind): Figure | undefined {
  const rows = comparison.depth.filter((row) => row.kind === kind);
  const style = (direction: Direction): CategoryStyle => ({
    name: direction,
    color: DIRECTION_COLORS[direction],
    symbol: direction === 'noising' ? 'circle' : 'diamond',
  });
  const panels = (['a', 'b'] as const).map((side) => ({
    title: comparison[side].name,
    layers: comparison[side].shape.layers,
    points: rows.flatMap(({ direction, strongest }) =>
      strongest[side].map(({ component, depth, e }) => ({
        name: componentName(kind, component),
        depth,
        value: e,
        style: style(direction),
      })),
    ),
  }));
  if (panels.some(({ points }) => points.length === 0)) return undefined;
  return depthDots({
    name: `compare-${kind}-depth`,
    title: `Where strong ${kind} lie`,
    subtitle: `The ${kind} of largest pooled effect in each survey, by relative depth`,
    caption: `Thin lines are the ends of layers. A ${singular(kind)} lies in the middle of its layer, so that models with few and with many layers share the axis.`,
    unit: EFFECT,
    panels,
  });
}
