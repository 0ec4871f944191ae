/**
 * What the page says of a study that repeats the published notebook's indexing and averaging: a banner, and words for
 * the figures and sentences whose numbers are not those of heads and neurons.
 */
import type { ScaleKind } from '../../plots/scale.ts';
import { formatNumber } from '../../plots/text.ts';
import { effectsOf, type Method, strongest, type StudyView, valueAt } from './view.ts';
import { type Direction, type Kind, singular } from '../../terms.ts';

/** At the top of the page; empty for any other study. */
export function publishedBanner({ asPublished, study }: StudyView): string {
  if (!asPublished) return '';
  const last = study.shape.heads - 1;
  return `<div class="notice" role="note" id="as-published"><p><strong>As published.</strong> This study repeats the published notebook’s own indexing and averaging, so that its numbers can be compared with the notebook’s. They are not effects of the heads and neurons that they are named after:</p>
<ul><li>where it means head h, it replaces position h of all heads of the layer; heads at positions before the first difference of the prompts (position ${study.pair.first_difference}) therefore appear to do nothing;</li>
<li>where it means a neuron, it replaces position ${last} of all neurons of the layer, so that all neurons of a layer look alike;</li>
<li>it averages a head’s change over d_model, where it is about 0 because writing weights are centred, and it averages scores, which then do not sum to a change of F.</li></ul>
<p>There are no labels, asymmetries or comparisons of gains. The same command without <code>--as-published</code> gives the effects of the components themselves.</p></div>`;
}

/** What takes the place of the normalised maps' words. */
export const PUBLISHED_METHODS: Readonly<
  Record<Method, { name: string; title: string; what: string; words: string; unit: string }>
> = {
  ap: {
    name: 'heads-patching',
    title: 'As published: what changes when position h of all heads is replaced',
    what: 'Published indexing: column h is position h of all heads of the layer',
    words:
      'Published indexing: the number of a head is used as a position, and the values of all heads of the layer at that position come from the other run. No column is about the head that it is named after.',
    unit: 'change of F',
  },
  ig: {
    name: 'heads-ig',
    title: 'As published: means of integrated gradients',
    what: 'Published averaging: mean over positions and d_model, every head',
    words:
      'Layer integrated gradients, averaged over positions and d_model in place of summed: the values do not sum to a change of F.',
    unit: 'mean of integrated gradients',
  },
};

const MEAN_UNIT = 'mean change over d_model (units of the residual stream)';
const MEAN_TEXT =
  'Colour: the mean over d_model of the change of the target’s output at the last token. Where writing weights are centred, as in processed GPT-2 models, it is 0 but for rounding.';

/** How a head to head matrix is described. */
export interface MatrixWords {
  title?: string;
  subtitle: string;
  caption: string;
  unit: string;
}

/** The words of a head to head matrix of the notebook's measure. */
export function publishedMatrix(direction: Direction): MatrixWords {
  return {
    title: `As published: what position h of all heads does to every later head: ${direction}`,
    subtitle: `Published indexing and measure "mean", ${direction}`,
    caption: `Row h of a layer: position h of all its heads is replaced (${direction}). Column: a head of a later layer. ${MEAN_TEXT}`,
    unit: MEAN_UNIT,
  };
}

/** What takes the place of words and scale of the maps of latent heads. */
export const PUBLISHED_LATENT: Required<MatrixWords> & { scale: ScaleKind } = {
  title: 'As published: maps named after the strongest latent heads',
  subtitle: 'Published indexing and measure "mean"; one scale for all maps',
  caption: `A latent head is highlighted by integrated gradients in exactly one direction. Each map is named after one, but shows what changes when position h of all heads of its layer is replaced, h being the number of that head. ${MEAN_TEXT} Grey heads cannot be reached.`,
  scale: 'diverging',
  unit: MEAN_UNIT,
};

/** What patching found of a kind, in the notebook's terms. */
export function publishedSentences(view: StudyView, kind: Kind): string[] {
  const { shape, pair } = view.study;
  const clauses = view.directions.flatMap((direction) => {
    const effects = effectsOf(view, 'ap', direction, kind);
    const first = effects && strongest(effects.shape, (each) => Math.abs(valueAt(effects, each)))[0];
    if (!first || valueAt(effects, first) === 0) return [];
    const [layer, index] = first;
    const position = kind === 'heads' ? index : shape.heads - 1;
    const change = formatNumber(valueAt(effects, first));
    return [
      `in ${direction} at position ${position} of layer ${layer} (F changes by ${change} ${view.unit})`,
    ];
  });
  const what = `As published, “one ${singular(kind)}” is one position of all ${kind} of a layer.`;
  const found =
    clauses.length === 0
      ? 'Replacing it changes nothing at all, wherever it is.'
      : `Replacing it has its largest effect ${clauses.join(', and ')}.`;
  const why =
    kind === 'heads' ? idleSentence(pair.first_difference, shape.heads) : alikeSentence(shape.heads);
  return [`${what} ${found}`, why];
}

function idleSentence(first: number, heads: number): string {
  if (first === 0) return '';
  const idle = Math.min(first, heads);
  const which = idle === 1 ? 'head 0 appears' : `heads 0 to ${idle - 1} appear`;
  return `In every layer ${which} to do exactly nothing: at the positions of these numbers the two prompts are still the same.`;
}

function alikeSentence(heads: number): string {
  return `All neurons of a layer have the same numbers: each stands for position ${heads - 1} of all of them.`;
}
