/** Small helpers that write HTML. Everything that comes from a file passes through `escape`. */
import { visibleText, visibleToken } from '../../plots/text.ts';
import { escapeXml } from '../../xml.ts';

/** Running text from a file: escaped, control characters visible. */
export function escape(text: string): string {
  return escapeXml(visibleText(text));
}

/** A token from a file in a code element, spaces visible. */
export function tokenHtml(token: string): string {
  return `<code>${escapeXml(visibleToken(token))}</code>`;
}

/** The shortest decimal that gives the same float32. */
export function exactFloat(value: number): string {
  if (!Number.isFinite(value)) return '';
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return String(Number(text));
  }
  return String(Number(single.toPrecision(9)));
}

/** Sentences from a file, one below the other. */
export function listHtml(sentences: readonly string[]): string {
  return sentences.length === 0
    ? ''
    : `<ul>${sentences.map((text) => `<li>${escape(text)}</li>`).join('\n')}</ul>`;
}

/** A list of words with their meanings, both HTML. */
export function definitionsHtml(words: readonly (readonly [word: string, meaning: string])[]): string {
  return `<dl class="words">${words.map(([word, meaning]) => `<dt>${word}</dt><dd>${meaning}</dd>`).join('\n')}</dl>`;
}

export interface Column {
  title: string;
  kind: 'text' | 'count' | 'float';
  /** Text in sentences, which may take several lines. */
  wrap?: boolean;
  /** Longer explanation, shown on hover. */
  about?: string;
  /** Says nothing where all rows have it: the column is left out then. Not for tables with groups. */
  usual?: CellValue;
}

export type CellValue = string | number;

export interface TableOptions {
  id: string;
  columns: readonly Column[];
  rows: readonly (readonly CellValue[])[];
  /** Titles above several columns: [title, number of columns]. */
  groups?: readonly (readonly [string, number])[];
  caption: string;
}

const SHOWN_DIGITS = 4;

/** A sortable table in a scrolling frame. Floats show four digits; the exact value is in the cell's title. */
export function tableHtml({ id, columns: all, rows: whole, groups, caption }: TableOptions): string {
  const tells = all.map(({ usual }, i) => usual === undefined || whole.some((row) => row[i] !== usual));
  const columns = all.filter((_, i) => tells[i]);
  const rows = whole.map((row) => row.filter((_, i) => tells[i]));
  const over = groups
    ? `<tr class="groups">${groups.map(([title, span]) => `<th colspan="${span}">${escape(title)}</th>`).join('')}</tr>`
    : '';
  const head = columns.map(({ title, kind, about }) => {
    const name = kind === 'text' ? ' class="text"' : '';
    const hint = about ? ` title="${escape(about)}"` : '';
    return `<th scope="col"${name}${hint}>${escape(title)}</th>`;
  });
  const body = rows.map((row) => `<tr>${row.map((value, i) => cellHtml(value, columns[i]!)).join('')}</tr>`);
  return [
    `<div class="scroll tall" tabindex="0" role="region" aria-label="${escape(caption)}"><table class="sortable" id="${id}">`,
    `<thead>${over}<tr>${head.join('')}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody></table></div>`,
  ].join('\n');
}

function cellHtml(value: CellValue, { kind, wrap }: Column): string {
  if (typeof value === 'string') return `<td class="text${wrap ? ' wrap' : ''}">${escape(value)}</td>`;
  if (!Number.isFinite(value)) return '<td data-v="">–</td>';
  if (kind === 'count') return `<td>${value}</td>`;
  const exact = exactFloat(value);
  return `<td data-v="${exact}" title="${exact}">${roundedFloat(value)}</td>`;
}

function roundedFloat(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : Number(value.toPrecision(SHOWN_DIGITS)).toString();
}
