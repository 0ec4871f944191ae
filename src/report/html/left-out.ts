/** What of a data set was left out, and what is to be known of it: the same for every page over a task's pairs. */
import { number, prose, words } from './columns.ts';
import { listHtml, tableHtml } from './html.ts';

export interface LeftOut {
  readonly skipped: readonly {
    readonly row: number;
    /** Of a file. */
    readonly line?: number | undefined;
    readonly column?: string | undefined;
    readonly reason: string;
  }[];
  readonly notes: readonly string[];
}

/** Notes, and a table of skipped examples with their reasons. */
export function leftOutHtml({ skipped, notes }: LeftOut): string {
  const list = listHtml(notes);
  if (skipped.length === 0) return `${list}<p>No example was skipped.</p>`;
  return `${list}${tableHtml({
    id: 'table-skipped',
    caption: `${skipped.length} skipped examples`,
    columns: [number('row'), number('line'), words('column'), prose('reason')],
    rows: skipped.map(({ row, line, column, reason }) => [row, line ?? '', column ?? '', reason]),
  })}`;
}
