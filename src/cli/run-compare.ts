/**
 * What `mediators compare` does once its options are known to be right.
 */
import { createColors } from 'picocolors';
import { type Comparison, compareSurveys } from '../compare/compare.ts';
import { formatComparisonJson } from '../results/comparison-json.ts';
import { ranged } from '../words.ts';
import { aligned } from './aligned.ts';
import { progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';
import { wantsColour } from './summary.ts';

/** What was asked for. */
export interface CompareCall extends OutputRequest {
  readonly a: string;
  readonly b: string;
  readonly out: string;
  readonly command: string;
}

export async function runCompare(call: CompareCall, signal: AbortSignal): Promise<void> {
  const { a, b, out, command, json, quiet } = call;
  const progress = progressView(quiet);
  try {
    const found = await compareSurveys(a, b, { out, command }, { signal, onProgress: progress.show });
    progress.finish();
    process.stdout.write(json ? formatComparisonJson(found.json) : summary(found));
  } finally {
    progress.stop();
  }
}

function summary({ json, page }: Comparison): string {
  const paint = createColors(wantsColour(process.stdout, process.env));
  const sides = [json.a, json.b].map(
    ({ name, folder, model, task, contrast, n, clusters }) =>
      `${paint.bold(name)}: ${folder}, ${model}, ${task}, ${contrast}: ${n} pairs in ${clusters} clusters`,
  );
  const rows = json.answers.map((row) => [
    row.quantity,
    ...[row.a, row.b, row.difference].map((one) => ranged(one)),
  ]);
  const lines = [
    ...sides,
    '',
    ...aligned([['', 'A', 'B', 'A − B'], ...rows]),
    '',
    ...json.findings,
    ...(json.limits.length > 0 ? ['', ...json.limits] : []),
    '',
    `page: ${paint.cyan(page)}`,
  ];
  return `${lines.join('\n')}\n`;
}
