/** Figures of effects between components: head matrices, latent heads, ledgers. */
import type { Figure } from '../../plots/figure.ts';
import { headMatrix, matrixLimit } from '../../plots/head-matrix.ts';
import { layerHeadMaps, type HeadMap } from '../../plots/layer-head-maps.ts';
import { type LedgerItem, ledgerWaterfall } from '../../plots/ledger-waterfall.ts';
import { LABEL_STYLES } from '../../plots/palette.ts';
import { componentKey, componentName } from '../../plots/text.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type MatrixWords, PUBLISHED_LATENT, publishedMatrix } from './published.ts';
import { labelsOf, latentBySize, scoreOf, strongest, type StudyView, valueAt } from './view.ts';
import { type Component, type Direction, type Kind, singular } from '../../terms.ts';

/** The head to head matrix of each direction, with one scale; empty where it was not written whole. */
export async function matrixFigures(view: StudyView): Promise<Figure[]> {
  const { effects } = view.results;
  const through = await Promise.all(view.directions.map((d) => effects.has(d, 'heads_to_heads_through')));
  const measure = view.asPublished ? 'mean' : through.every(Boolean) ? 'through' : 'change';
  const array = measure === 'change' ? 'heads_to_heads' : `heads_to_heads_${measure}`;
  const matrices: { direction: Direction; values: Tensor }[] = [];
  for (const direction of view.directions) {
    const values = await effects.read(direction, array);
    if (values) matrices.push({ direction, values });
  }
  if (matrices.length === 0) return [];
  const limit = matrixLimit(matrices.map(({ values }) => values));
  return matrices.map(({ direction, values }) => matrixFigure(view, direction, values, limit, measure));
}

function matrixFigure(
  view: StudyView,
  direction: Direction,
  values: Tensor,
  limit: number,
  measure: MatrixMeasure,
): Figure {
  return headMatrix({
    name: `heads-to-heads-${direction}`,
    title: `What each head does to every later head: ${direction}`,
    values,
    scale: measure === 'change' ? 'sequential' : 'diverging',
    limit,
    ...matrixWords(view, direction, measure),
  });
}

type MatrixMeasure = 'through' | 'change' | 'mean';

/** Subtitle, caption and unit of a matrix; as published the title too. */
function matrixWords(view: StudyView, direction: Direction, measure: MatrixMeasure): MatrixWords {
  const row = `Row: the head that is patched (${direction}). Column: a head of a later layer.`;
  if (measure === 'mean') return publishedMatrix(direction);
  return measure === 'through'
    ? {
        subtitle: `Measure "through", ${direction}: estimated effect on F that passes through the target`,
        caption: `${row} Colour: a first-order estimate, in ${view.unit}, of the effect on F that passes through the target. Such parts overlap, so they do not add up.`,
        unit: `effect through the target (${view.unit})`,
      }
    : {
        subtitle: `Measure "change", ${direction}: how far the target’s output moves`,
        caption: `${row} Colour: the Euclidean norm of the change of the target’s output at the last token.`,
        unit: 'norm of the change (units of the residual stream)',
      };
}

const LATENT_HEADS = 6;

/** Layer by head maps of the effects of the strongest latent heads; undefined where there are none. */
export async function latentFigure(view: StudyView): Promise<Figure | undefined> {
  const maps: HeadMap[] = [];
  for (const { component, direction } of latentBySize(view, 'heads')) {
    if (maps.length === LATENT_HEADS) break;
    if (component[0] === view.study.shape.layers - 1) continue;
    const run = view.directions.includes(direction) ? direction : view.directions[0];
    if (!run) break;
    const array = view.asPublished ? 'heads_to_heads_mean' : 'heads_to_heads';
    const values = await view.results.effects.readSource(run, array, component[0], component[1]);
    if (values)
      maps.push({
        title: `head ${componentName('heads', component)}, ${run}`,
        values: unreachable(values, component),
        source: component,
      });
  }
  if (maps.length === 0) return undefined;
  return layerHeadMaps({
    name: 'heads-latent',
    title: 'What the strongest latent heads do to other heads',
    subtitle:
      'Measure "change": norm of the change of each head’s output at the last token; one scale for all maps',
    caption:
      'A latent head is highlighted by integrated gradients in exactly one direction. Each map shows one of the strongest (its place is marked ×, the direction of patching is in its title), and how far its patch moves the output of every head that it can reach. Grey heads cannot be reached; latent heads of the last layer reach none and are left out.',
    maps,
    scale: 'sequential',
    unit: 'norm of the change (units of the residual stream)',
    columns: 3,
    ...(view.asPublished && PUBLISHED_LATENT),
  });
}

/** Layers that a head cannot reach become NaN: its own and all before. */
function unreachable({ shape, data }: Tensor, [layer]: Component): Tensor {
  const first = (layer + 1) * (shape[1] ?? 0);
  return { shape, data: data.map((value, i) => (i < first ? Number.NaN : value)) };
}

/** So many accounts are drawn for each direction. */
const LEDGER_ITEMS = 6;

/** The accounts of the strongest components of a kind; undefined for metrics without a ledger. */
export function ledgerFigure(view: StudyView, kind: Kind): Figure | undefined {
  const groups = view.directions
    .map((direction) => ({ title: direction, items: ledgerItems(view, direction, kind) }))
    .filter((group) => group.items.length > 0);
  if (groups.length === 0) return undefined;
  return ledgerWaterfall({
    name: `${kind}-ledger`,
    title: `Which way the strongest effects take: ${kind}`,
    subtitle: 'Ledger: own direct + by heads + by neurons + norm = change of F',
    caption: `The effect of patching one ${singular(kind)}, as a balanced account, for the strongest in each direction. Own direct: what its own write does to the two logits. By heads, by neurons: what all later components, which now write something else, do. Norm: what is left, the change of the final norm’s scale. Each bar begins where the one above it ends; the black bar is the sum, the exact effect on F.`,
    groups,
    unit: `change of F (${view.unit})`,
  });
}

function ledgerItems(view: StudyView, direction: Direction, kind: Kind): LedgerItem[] {
  const ledger = scoreOf(view, `ledger.${direction}.${kind}`);
  const ap = scoreOf(view, `ap.${direction}.${kind}`);
  if (!ledger || !ap) return [];
  const labels = labelsOf(view, kind);
  const order = strongest(ap.shape, (component) => Math.abs(valueAt(ap, component)));
  const width = ap.shape[1] ?? 0;
  return order.slice(0, LEDGER_ITEMS).map((component) => {
    const at = 4 * (component[0] * width + component[1]);
    const label = labels.get(componentKey(component));
    const style = label ? ` (${LABEL_STYLES[label].name})` : '';
    return {
      name: `${singular(kind)} ${componentName(kind, component)}${style}`,
      parts: Array.from(ledger.data.subarray(at, at + 4)),
    };
  });
}
