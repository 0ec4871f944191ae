/** Sentences that several captions share. */
import type { StudyView } from './view.ts';

/** What noising and denoising are. */
export const DIRECTIONS_TEXT =
  'Noising puts a component’s value from the corrupted run into the clean run; denoising puts its value from the clean run into the corrupted run.';

/** What the values are, normalised or not. */
export function valuesText(view: StudyView): string {
  if (view.asPublished) return 'Values are not normalised.';
  return view.normalised
    ? 'Values are normalised effects: 1 is the whole effect of the pair, and below 0 means that the patch works against it.'
    : 'D is small on this pair, so values are changes of the metric F and are not normalised.';
}
