/** Figures of circuits' faithfulness: f against size, one figure a level, one panel a curve. */
import { faithfulnessCurves, type FaithfulnessPanel } from '../../plots/faithfulness-curves.ts';
import type { Figure } from '../../plots/figure.ts';
import { formatNumber } from '../../plots/text.ts';
import type { CurveJson, FaithfulnessJson } from '../../results/faithfulness-json.ts';

/** None where D is too small for an f. */
export function faithfulnessFigures(found: FaithfulnessJson): Figure[] {
  return found.options.levels.flatMap((level) => {
    const curves = found.curves.filter(
      (one) => one.level === level && one.points.some(({ asked, f }) => asked > 0 && Number.isFinite(f)),
    );
    return curves.length === 0 ? [] : [levelFigure(found, level, curves)];
  });
}

function levelFigure(
  { task, split, options }: FaithfulnessJson,
  level: string,
  curves: readonly CurveJson[],
): Figure {
  const { scores, evaluation } = split;
  return faithfulnessCurves({
    name: `faithfulness-${level}`,
    title: `How much of the effect circuits of ${level} carry`,
    subtitle: `${task.name}, ${task.contrast}: f over ${evaluation.n} pairs; scores from ${scores.n} others, by ${options.direction}. 1: as the whole model; 0: as the corrupted prompt`,
    caption: `Each panel is one way to choose circuits; a point is a circuit of the best share k of all ${level}. ${level === 'edges' ? 'Edges' : 'Nodes'} outside it have the values of the corrupted run. Beside it stand its complement and random circuits that are at least as large after pruning (draws: ${options.draws}). A good choice rises early, above random. f above 1 means that what works against the answer is left out, which is no better than 1. The axis of k is logarithmic; CPR and CMD are areas over linear k, ruled by the right end.${emptyWords(level, curves)}`,
    panels: curves.map(panelOf),
  });
}

/** Sizes of which nothing is asked are left out: their circuits are empty, however the scores are. */
function panelOf(curve: CurveJson): FaithfulnessPanel {
  const { name, points, random, complement } = curve;
  const asksForSome = (_: unknown, i: number) => points[i]!.asked > 0;
  return {
    title: name,
    note: areasOf(curve),
    circuit: points.filter(asksForSome),
    random: random.points.filter(asksForSome),
    complement: complement.filter(asksForSome),
  };
}

/** Which sizes are left out, where some are. */
function emptyWords(level: string, [first]: readonly CurveJson[]): string {
  const empty = (first?.points ?? []).filter(({ asked }) => asked === 0).map(({ k }) => formatNumber(k));
  return empty.length === 0
    ? ''
    : ` Left out, as they ask for not one of the ${level}: k of ${empty.join(', ')}. The areas keep them, with f of the empty circuit.`;
}

function areasOf({ cpr, cmd, random }: CurveJson): string {
  const both = (value: number, other: number) => `${formatNumber(value)} (random ${formatNumber(other)})`;
  return `CPR ${both(cpr, random.cpr.mean)}, CMD ${both(cmd, random.cmd.mean)}`;
}
