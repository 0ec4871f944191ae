/** Figures of a survey's set ablations: what each set does, and what random sets of its size do. */
import type { Figure } from '../../plots/figure.ts';
import { intervalDots, type IntervalRow } from '../../plots/interval-dots.ts';
import { type CategoryStyle, INK, UNLABELLED } from '../../plots/palette.ts';
import { componentName, formatNumber } from '../../plots/text.ts';
import type { AblationsJson, SetEffectJson } from '../../results/ablations-json.ts';
import { controlLabel, setLabel } from '../../results/ablations-words.ts';
import { DIRECTIONS, KINDS } from '../../terms.ts';
import { capital } from '../../words.ts';

const SET: CategoryStyle = { name: 'the set', color: INK, symbol: 'diamond' };
const RANDOM: CategoryStyle = { name: 'random, same layers', color: UNLABELLED.color, symbol: 'circle' };
const MATCHED: CategoryStyle = { name: 'random, matched own change', color: '#d55e00', symbol: 'square' };
/** Heads that take over in the figure. */
const SHOWN = 10;

/** Of all valid pairs. */
export function ablationFigures(ablations: AblationsJson): Figure[] {
  return [setsFigure(ablations), takeoverFigure(ablations)].flatMap((figure) => (figure ? [figure] : []));
}

function setsFigure({ effects, n, clusters, options }: AblationsJson): Figure | undefined {
  const panels = KINDS.flatMap((kind) =>
    DIRECTIONS.map((direction) => ({
      title: `${capital(kind)}, ${direction}`,
      rows: effects
        .filter((row) => row.pairs === 'all' && row.kind === kind && row.direction === direction)
        .flatMap(rowsOf),
    })),
  ).filter(({ rows }) => rows.length > 0);
  if (panels.length === 0) return undefined;
  return intervalDots({
    name: 'survey-ablations',
    title: 'Whole sets ablated at once',
    subtitle: `Pooled effects over ${n} pairs, against ${options.random} random sets a pair; 95% intervals by the bootstrap over ${clusters} clusters`,
    caption:
      'All components of a set get their values from the other prompt at once. 1: the whole difference between the prompts. Sets come from other clusters than those in which they are ablated. Random sets have as many members in every layer; matched ones nearly the same own change as well. “In it”: where a layer has no other such component, a member of the set stands in for itself, which brings the two nearer.',
    unit: 'pooled effect e',
    bars: true,
    panels,
  });
}

function rowsOf({ set, method, e, low, high, random, matched }: SetEffectJson): IntervalRow[] {
  const name = setLabel(set, method);
  return [
    { name, value: e, low, high, style: SET },
    {
      name: controlLabel('random', random),
      value: random.e,
      low: random.low,
      high: random.high,
      style: RANDOM,
    },
    ...(matched
      ? [
          {
            name: controlLabel('matched', matched),
            value: matched.e,
            low: matched.low,
            high: matched.high,
            style: MATCHED,
          },
        ]
      : []),
  ].filter(({ value }) => Number.isFinite(value));
}

function takeoverFigure({ takeover }: AblationsJson): Figure | undefined {
  const panels = takeover
    .map(({ direction, n, size, components }) => ({
      title: `${capital(direction)}: ${formatNumber(size)} heads ablated, ${n} pairs`,
      rows: components.slice(0, SHOWN).map(
        ({ component, growth, low, high }): IntervalRow => ({
          name: componentName('heads', component),
          value: growth,
          low,
          high,
        }),
      ),
    }))
    .filter(({ rows }) => rows.length > 0);
  if (panels.length === 0) return undefined;
  return intervalDots({
    name: 'survey-takeover',
    title: 'Who takes over?',
    subtitle:
      'Growth of the pooled effect of other heads when the labelled heads are ablated, with 95% intervals',
    caption:
      'Each head is patched alone in the plain run and again in the run in which the labelled heads keep their values from the other prompt. Right of 0, it does more when they are gone.',
    unit: 'growth of the pooled effect',
    panels,
  });
}
