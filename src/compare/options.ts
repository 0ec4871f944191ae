/**
 * What a comparison can be asked to do.
 */
export interface CompareOptions {
  /** Folder of results: new or empty. */
  readonly out: string;
  readonly figures: boolean;
  /** What reproduces it, for its record. */
  readonly command: string;
}

export const COMPARE_DEFAULTS: CompareOptions = {
  out: './mediators-comparison',
  figures: true,
  command: 'compareSurveys() of the library',
};
