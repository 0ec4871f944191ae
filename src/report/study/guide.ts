/** How to read the page: the words that it uses, for newcomers. */
import { definitionsHtml } from '../html/html.ts';
import { hasLabels, type StudyView } from './view.ts';

/** A definition list. */
export function guideHtml(view: StudyView): string {
  const all = [...BASICS, ...(hasLabels(view) ? labelWords(view) : []), ...analyses(view)];
  const words = view.asPublished ? all.filter(([word]) => !NOT_PUBLISHED.has(word)) : all;
  return definitionsHtml(words);
}

/** Words that a page of published indexing does not use. */
const NOT_PUBLISHED: ReadonlySet<string> = new Set([
  'Patching',
  'Normalised effect e',
  'Asymmetry a',
  'Ledger',
  'Gain',
]);

const labelWords = ({ study }: StudyView) => (study.pair.contrast === 'swap' ? SWAP_LABELS : REMOVAL_LABELS);

const BASICS: readonly (readonly [string, string])[] = [
  [
    'Pair, F and D',
    'Two prompts of equal length. F is a number read from the model’s output at the last token; D is F of the clean prompt minus F of the corrupted one.',
  ],
  [
    'Component',
    'An attention head or an MLP neuron; layers, heads and neurons are counted from 0. 3.4 is head 4 of layer 3, and L3N40 is neuron 40 of layer 3.',
  ],
  [
    'Patching',
    'Running one prompt while one component has the value, at all positions, that it has on the other prompt.',
  ],
  [
    'Noising and denoising',
    'Noising runs the clean prompt with values of the corrupted one; denoising runs the corrupted prompt with values of the clean one.',
  ],
  [
    'Normalised effect e',
    'The change of F, divided by D, with its sign such that 1 means the whole effect of the pair in both directions. Effects of several components overlap and are not to be added up.',
  ],
  ['Asymmetry a', 'e in noising minus e in denoising.'],
];

const REMOVAL_LABELS: readonly (readonly [string, string])[] = [
  [
    'AND',
    'Breaking the component breaks the task, restoring it alone does not: e in noising is at least tau, and e in denoising is at most a third of it in size.',
  ],
  ['OR', 'The mirror image: restoring it alone repairs the task, breaking it alone does not break it.'],
  ['ADDER', 'Both effects are at least tau, and the larger is below 1.5 times the smaller.'],
  [
    'Inhibitory, mixed, no label',
    'Inhibitory: both effects are at most minus tau. Mixed: anything else that reaches tau. No label: below tau in both directions when patched alone, which does not mean that it does nothing.',
  ],
];

const SWAP_LABELS: readonly (readonly [string, string])[] = [
  [
    'Noising only, denoising only',
    'The effect in the one direction is at least tau, and the other is at most a third of it in size. On a swap pair, exchanging the prompts exchanges these two labels.',
  ],
  ...REMOVAL_LABELS.slice(2),
];

const analyses = ({ study }: StudyView): readonly (readonly [string, string])[] => [
  [
    'Integrated gradients',
    'All components of a layer move together, in a straight line, from one run’s values to the other’s, and each gets the part of the change of F that its own gradient accounts for. It is a joint score; labels never come from it.',
  ],
  [
    'Highlighted, latent',
    `A component is highlighted where its score by integrated gradients is, in size, at or above a quantile of all of its kind (here ${quantileOf(study.options.quantile)}); it is latent where this is so in exactly one direction.`,
  ],
  [
    'Ledger',
    'An exact account of one patch’s effect on F: what the component’s own write does directly, what later heads and neurons do differently because of it, and the change of the final norm.',
  ],
  ...(study.partners
    ? [
        [
          'Via, interaction',
          'Exact results of pairs of components: the part of the effect of the one that needs the other, and what both do at once less what each does alone.',
        ] as const,
      ]
    : []),
  [
    'Gain',
    'How far all components that a patch can reach move, per unit of the component’s own change. It is compared with controls of the same layer whose own change is about the same.',
  ],
];

function quantileOf(option: unknown): string {
  return typeof option === 'number' ? String(option) : '0.9';
}
