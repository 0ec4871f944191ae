/**
 * Colours and symbols. Safe for colour-blind readers: red against blue for signed values, one hue of growing
 * darkness for sizes, Okabe and Ito's colours for categories, each with a symbol of its own.
 */
import type { ScaleOptions } from '@observablehq/plot';
import type { Label } from '../results/study-json.ts';
import type { Direction } from '../terms.ts';

export const INK = '#222222';
export const SOFT_INK = '#5a5a5a';
export const RULE = '#b5b5b5';
/** Cells that have no value: not reachable, or not computed. */
export const NO_VALUE = '#e3e3e3';
export const BACKGROUND = '#ffffff';

export const FONT_FAMILY = "'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans Condensed', sans-serif";
export const FONT_SIZE = 11;

export interface CategoryStyle {
  name: string;
  color: string;
  /** Drawn as an outline. */
  hollow?: boolean;
  symbol: 'circle' | 'diamond' | 'square' | 'star' | 'triangle' | 'wye' | 'times' | 'cross';
}

const BLUE = '#0072b2';
const VERMILION = '#d55e00';

/** How each label is drawn. A swap pair has the two `_only` in place of AND and OR. */
export const LABEL_STYLES: Readonly<Record<Label, CategoryStyle>> = {
  and: { name: 'AND', color: BLUE, symbol: 'triangle' },
  or: { name: 'OR', color: VERMILION, symbol: 'diamond' },
  noising_only: { name: 'noising only', color: BLUE, symbol: 'triangle' },
  denoising_only: { name: 'denoising only', color: VERMILION, symbol: 'diamond' },
  adder: { name: 'ADDER', color: '#009e73', symbol: 'circle' },
  inhibitory: { name: 'inhibitory', color: '#b0508a', symbol: 'square' },
  mixed: { name: 'mixed', color: '#a86e00', symbol: 'wye' },
};

export const UNLABELLED: CategoryStyle = { name: 'no label', color: '#8a8a8a', symbol: 'circle' };

/** How a component with this label is drawn, or without one. */
export function labelStyle(label: Label | 'none' | undefined): CategoryStyle {
  return label === undefined || label === 'none' ? UNLABELLED : LABEL_STYLES[label];
}

/** "AND or OR": labels as text has them. */
export function labelsText(labels: readonly Label[]): string {
  return labels.map((label) => LABEL_STYLES[label].name).join(' or ');
}

/** The labels that occur among these, in reading order. */
export function labelsAmong(labels: readonly (Label | 'none' | undefined)[]): Label[] {
  const found = new Set(labels);
  return (Object.keys(LABEL_STYLES) as Label[]).filter((label) => found.has(label));
}

export const DIRECTION_COLORS: Readonly<Record<Direction, string>> = { noising: BLUE, denoising: VERMILION };

/** The four parts of a ledger, dark to light so that grey print tells them apart. */
export const LEDGER_COLORS: readonly string[] = ['#0b4a75', '#d55e00', '#56b4e9', '#c9a227'];

/** A symmetric scale around 0: blue below, red above. */
export function divergingScale(limit: number): ScaleOptions {
  return {
    type: 'diverging',
    scheme: 'BuRd',
    domain: [-limit, limit],
    pivot: 0,
    clamp: true,
    unknown: NO_VALUE,
  };
}

/** A scale from 0 up, light to dark; by square roots, so that small sizes differ too. */
export function sequentialScale(limit: number): ScaleOptions {
  return { type: 'sqrt', scheme: 'YlGnBu', domain: [0, limit], clamp: true, unknown: NO_VALUE };
}

/** Lines and symbols of methods, in the order of a table of methods; Okabe and Ito's colours again. */
export interface SeriesStyle {
  color: string;
  symbol: CategoryStyle['symbol'];
  /** Dashes, so that grey print tells lines apart. */
  dash: string;
}

const SERIES: readonly SeriesStyle[] = [
  { color: BLUE, symbol: 'circle', dash: '' },
  { color: VERMILION, symbol: 'diamond', dash: '7,3' },
  { color: '#009e73', symbol: 'square', dash: '2,2' },
  { color: '#b0508a', symbol: 'triangle', dash: '9,3,2,3' },
  { color: '#a86e00', symbol: 'wye', dash: '4,2' },
  { color: '#3d8fc4', symbol: 'star', dash: '1,3' },
  { color: INK, symbol: 'cross', dash: '12,3' },
  { color: '#8a8a8a', symbol: 'times', dash: '5,5' },
  { color: '#5b3a8c', symbol: 'circle', dash: '3,3,9,3' },
];

/** The style of the i-th method; they repeat after the ninth. */
export function seriesStyle(i: number): SeriesStyle {
  return SERIES[i % SERIES.length]!;
}
