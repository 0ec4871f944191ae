/** All figures of a study, in the order of the page. */
import type { Figure } from '../../plots/figure.ts';
import { circuitStudyFigure } from './circuit-figures.ts';
import { latentFigure, ledgerFigure, matrixFigures } from './effect-figures.ts';
import { gainsFigure, neuronHistogramsFigure } from './gain-figures.ts';
import { asymmetryFigure, headMapsFigure, scatterFigure, tokensFigure } from './head-figures.ts';
import { partnerFigures } from './partner-figures.ts';
import type { StudyView } from './view.ts';

/** Sections of the page that hold figures. */
export type FigureSection =
  | 'pair'
  | 'heads'
  | 'partners'
  | 'circuit'
  | 'effects'
  | 'ledger'
  | 'gains'
  | 'neurons';

export interface ReportFigure extends Figure {
  section: FigureSection;
}

/** Draws every figure for which the study has data. */
export async function studyFigures(view: StudyView): Promise<ReportFigure[]> {
  const drawn = view.asPublished ? await publishedFigures(view) : await allFigures(view);
  return drawn.flatMap(([section, figures]) =>
    figures.flatMap((figure) => (figure ? [{ ...figure, section }] : [])),
  );
}

type Drawn = readonly [FigureSection, readonly (Figure | undefined)[]];

async function allFigures(view: StudyView): Promise<Drawn[]> {
  return [
    ['pair', [tokensFigure(view)]],
    [
      'heads',
      [
        headMapsFigure(view, 'ap'),
        scatterFigure(view, 'heads'),
        asymmetryFigure(view),
        headMapsFigure(view, 'ig'),
      ],
    ],
    ['partners', await partnerFigures(view)],
    ['circuit', [await circuitStudyFigure(view)]],
    ['effects', [await latentFigure(view), ...(await matrixFigures(view))]],
    ['ledger', view.kinds.map((kind) => ledgerFigure(view, kind))],
    ['gains', view.kinds.map((kind) => gainsFigure(view, kind))],
    ['neurons', [neuronHistogramsFigure(view), scatterFigure(view, 'neurons')]],
  ];
}

/** The notebook's own: other figures would show its numbers under the names of components. */
async function publishedFigures(view: StudyView): Promise<Drawn[]> {
  return [
    ['pair', [tokensFigure(view)]],
    ['heads', [headMapsFigure(view, 'ap'), headMapsFigure(view, 'ig')]],
    ['effects', [await latentFigure(view), ...(await matrixFigures(view))]],
  ];
}
