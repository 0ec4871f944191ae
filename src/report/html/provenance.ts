/** What made a page's results: the table and the command that pages have. */
import type { ModelJson } from '../../results/run-json.ts';
import { escape } from './html.ts';

export interface Provenance {
  readonly model: ModelJson;
  readonly versions: Readonly<Record<string, string>>;
  readonly provider: string;
  readonly schema: string;
}

/** Model, versions and executor of a result file, and further rows. */
export function provenanceTable(
  { model, versions, provider, schema }: Provenance,
  more: readonly (readonly [name: string, value: string])[] = [],
): string {
  const rows = [
    ['model', model.id],
    ['architecture', model.architecture],
    ['sha256', model.sha256],
    ['executed by', provider],
    ['schema', schema],
    ...Object.entries(versions).map(([name, version]) => [`version of ${name}`, version] as const),
    ...more,
  ] as const;
  return rowsTable(rows);
}

/** Rows of a name and a value. */
export function rowsTable(rows: readonly (readonly [name: string, value: string])[]): string {
  const cells = rows.map(
    ([name, value]) =>
      `<tr><th scope="row" class="text">${escape(name)}</th><td class="text wrap">${escape(value)}</td></tr>`,
  );
  return `<div class="scroll"><table><tbody>${cells.join('\n')}</tbody></table></div>`;
}

/** What to type to make it again. `what` is the word for it: survey, audit. */
export function commandHtml(what: string, command: string): string {
  return `<p>This command makes the ${what} again:</p>\n<pre>${escape(command)}</pre>`;
}
