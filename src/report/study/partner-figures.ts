/** Figures of pairs: what needs what, and what interacts with what. */
import type { Figure } from '../../plots/figure.ts';
import { pairMatrix } from '../../plots/pair-matrix.ts';
import { componentName } from '../../plots/text.ts';
import type { KindComponent, Mediation } from '../../results/mediation.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { interactionSigns } from './partner-words.ts';
import { effectsOf, effectUnit, type StudyView, valueAt } from './view.ts';
import { type Direction } from '../../terms.ts';

/** So many components have a row and a column. */
const ROWS = 16;

/** Both figures; none for a study without pairs, or whose values are no effects. */
export async function partnerFigures(view: StudyView): Promise<Figure[]> {
  const { results, study, asPublished } = view;
  const mediation = study.partners && !asPublished ? await results.mediation() : undefined;
  if (!mediation) return [];
  const directions = view.directions.filter((direction) => mediation.pairs[direction]);
  const rows = strongestRows(view, mediation, directions);
  if (rows.length < 2) return [];
  const shown: Shown = { view, mediation, directions, rows };
  return [viaFigure(shown), interactionFigure(shown)];
}

interface Shown {
  view: StudyView;
  mediation: Mediation;
  directions: readonly Direction[];
  /** Positions in the list of components, by layer. */
  rows: readonly number[];
}

/** via is normalised as e is; interaction is divided by D. Where D is small both are changes of F. */
function scaleOf(
  { normalised, study }: StudyView,
  measure: 'via' | 'interaction',
  direction: Direction,
): number {
  if (!normalised) return 1;
  return (measure === 'via' && direction === 'noising' ? -1 : 1) / study.metric.D;
}

/** The components with the largest effect, alone or in a pair, in the order in which the model runs them. */
function strongestRows(view: StudyView, mediation: Mediation, directions: readonly Direction[]): number[] {
  const { components, pairs } = mediation;
  const n = components.length;
  const sizes = new Float64Array(n);
  for (const direction of directions) {
    const { interaction } = pairs[direction]!;
    const by = Math.abs(scaleOf(view, 'interaction', direction));
    components.forEach(({ kind, component }, at) => {
      const e = valueAt(effectsOf(view, 'ap', direction, kind), component);
      const row = interaction.subarray(at * n, (at + 1) * n);
      const pair = by * row.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
      sizes[at] = Math.max(sizes[at]!, Number.isNaN(e) ? 0 : Math.abs(e), pair);
    });
  }
  const place = (at: number): number =>
    components[at]!.component[0] + (components[at]!.kind === 'heads' ? 0 : 0.5);
  return [...sizes.keys()]
    .filter((at) => sizes[at]! > 0)
    .sort((a, b) => sizes[b]! - sizes[a]! || a - b)
    .slice(0, ROWS)
    .sort((a, b) => place(a) - place(b) || a - b);
}

const namesOf = ({ mediation, rows }: Shown): string[] =>
  rows.map((at) => {
    const { kind, component } = mediation.components[at]!;
    return componentName(kind, component);
  });

/** The square of the rows that are shown, each value of the whole by `value`. */
function squareOf({ rows }: Shown, value: (row: number, column: number) => number): Tensor {
  const data = Float32Array.from({ length: rows.length ** 2 }, (_, i) =>
    value(Math.floor(i / rows.length), i % rows.length),
  );
  return { shape: [rows.length, rows.length], data };
}

function isBefore(a: KindComponent, b: KindComponent): boolean {
  const [first, second] = [a.component[0], b.component[0]];
  return first < second || (first === second && a.kind === 'heads' && b.kind === 'neurons');
}

/** Colours end at 2 tau at the earliest: what stays below tau is not to look strong. */
const leastOf = (view: StudyView): { least?: number } => (view.normalised ? { least: 2 * view.tau } : {});

const unitOf = (view: StudyView): string => (view.normalised ? 'part of D' : effectUnit(view));

const whichText = ({ rows }: Shown): string =>
  `Shown are the ${rows.length} components with the largest effect, alone or in a pair, in the order of layers.`;

function viaFigure(shown: Shown): Figure {
  const { view, mediation, directions, rows } = shown;
  const { components, pairs } = mediation;
  const panels = directions.map((direction) => ({
    title: direction,
    values: squareOf(shown, (row, column) => {
      const [s, t] = [rows[row]!, rows[column]!];
      if (!isBefore(components[s]!, components[t]!)) return Number.NaN;
      return scaleOf(view, 'via', direction) * pairs[direction]!.via[s * components.length + t]!;
    }),
  }));
  return pairMatrix({
    name: 'pairs-via',
    title: 'Through whom the strongest components act',
    subtitle: 'Via: the part of the effect of the row that needs the column, exactly',
    caption: `Row: the component that is patched. Column: a later one. Colour: how much of the effect of the row is gone when the column is held at the value that it has without the patch. ${view.normalised ? 'Where it has the sign of the effect of the row, the row acts through the column; where it has the other sign, the column works against the patch, as a backup does.' : 'D is small, so values are changes of F.'} Parts of one row overlap: they do not add up. ${whichText(shown)}`,
    components: namesOf(shown),
    panels,
    axes: { row: 'source (patched)', column: 'target (held)' },
    unit: `via (${unitOf(view)})`,
    ...leastOf(view),
    notes: ['Grey: the column comes before the row, or in the same layer, and cannot be reached.'],
  });
}

function interactionFigure(shown: Shown): Figure {
  const { view, mediation, directions, rows } = shown;
  const { components, pairs } = mediation;
  const [upper, lower] = directions;
  const at = (direction: Direction | undefined, row: number, column: number): number =>
    direction
      ? scaleOf(view, 'interaction', direction) *
        pairs[direction]!.interaction[rows[row]! * components.length + rows[column]!]!
      : Number.NaN;
  const values = squareOf(shown, (row, column) => {
    if (row === column) return Number.NaN;
    return at(row < column ? upper : lower, row, column);
  });
  const two = lower ? `${upper} above the diagonal, ${lower} below it` : `${upper} alone`;
  return pairMatrix({
    name: 'pairs-interaction',
    title: 'Which of the strongest components depend on each other',
    subtitle: `Interaction: both patched, less what each does alone; ${two}`,
    caption: `Each pair has one cell for each direction: ${two}. ${view.normalised ? interactionSigns(view.study.pair.contrast) : 'D is small, so values are changes of F.'} ${whichText(shown)}`,
    components: namesOf(shown),
    panels: [{ title: two, values }],
    axes: { row: 'one of the pair', column: 'the other' },
    unit: `interaction (${unitOf(view)})`,
    ...leastOf(view),
  });
}
