/** Words that tables of a survey's page share. */
import type { SurveyJson } from '../../results/survey-json.ts';
import { real } from '../../words.ts';
import { prose } from '../html/columns.ts';
import type { Column } from '../html/html.ts';

/** What pairs a row is of. */
export const SET_NAMES = { all: 'all valid pairs', solved: 'pairs that the model solves' } as const;

/** Tells rows of different pairs apart. */
export const PAIRS_COLUMN: Column = { ...prose('pairs'), usual: SET_NAMES.all };

/** The labels that are compared with controls and ablated as sets. */
export function comparedLabels(contrast: string): string {
  return contrast === 'swap' ? 'noising only or denoising only' : 'AND or OR';
}

/** Why a survey has no labels at all; undefined where it has the patching that they need. */
export function whyNoLabels({ options }: Pick<SurveyJson, 'options'>): string | undefined {
  if (!options.methods.includes('ap')) return 'exact patching (ap) was not run, and labels need it';
  const [only, second] = options.directions;
  return second ? undefined : `only ${only} was run, and labels need both directions`;
}

/** Why no component has one of the labels that are compared. */
export function noneLabelled(what: string, { task, clusters }: SurveyJson): string {
  return clusters.count === 1
    ? 'there is one cluster, and labels come from the other clusters'
    : `no ${what} is ${comparedLabels(task.contrast)} by the other clusters`;
}

/** An interval as a cell: "0.28 to 0.59". */
export function limits({ low, high }: { readonly low: number; readonly high: number }): string {
  return Number.isNaN(low) ? '–' : `${real(low)} to ${real(high)}`;
}
