/**
 * A figure: title, explanation, panels and notes as one standalone SVG.
 */
import { BACKGROUND, FONT_FAMILY, INK, SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, textPanel } from './panel.ts';
import { escapeXml } from '../xml.ts';
import { visibleText, wrapText } from './text.ts';

export interface Figure {
  /** File name without its ending. */
  name: string;
  title: string;
  /** What is shown and how to read it, in plain English. */
  caption: string;
  svg: string;
}

export interface FigureOptions {
  name: string;
  title: string;
  /** One line below the title: what is shown, in which units. */
  subtitle: string;
  caption: string;
  body: Panel;
  /** Small print below the panels. */
  notes?: readonly string[];
}

const MARGIN = 16;
const MIN_WIDTH = 460;
const TITLE_SIZE = 15;
const SUBTITLE_SIZE = 11.5;
const NOTE_SIZE = 10.5;

/** Puts a figure together. The same options give the same bytes. */
export function figure(options: FigureOptions): Figure {
  const { name, title, subtitle, caption, body, notes = [] } = options;
  const inner = Math.max(body.width, MIN_WIDTH);
  const rows: Panel[][] = [
    [textPanel(wrapText(title, inner, TITLE_SIZE * 1.08), { size: TITLE_SIZE, bold: true })],
    [textPanel(wrapText(subtitle, inner, SUBTITLE_SIZE), { size: SUBTITLE_SIZE, color: SOFT_INK })],
    [body],
  ];
  const small = notes.flatMap((note) => wrapText(note, inner, NOTE_SIZE));
  if (small.length > 0) rows.push([textPanel(small, { size: NOTE_SIZE, color: SOFT_INK })]);
  const content = gridPanel(rows, 0, 7);
  return { name, title, caption, svg: document(title, caption, inner, content) };
}

function document(title: string, caption: string, inner: number, content: Panel): string {
  const width = Math.ceil(inner + 2 * MARGIN);
  const height = Math.ceil(content.height + 2 * MARGIN);
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}" fill="${INK}">`,
    `<title>${escapeXml(visibleText(title))}</title>`,
    `<desc>${escapeXml(visibleText(caption))}</desc>`,
    `<rect width="${width}" height="${height}" fill="${BACKGROUND}"/>`,
    `<g transform="translate(${MARGIN},${MARGIN})">${content.content}</g>`,
    '</svg>',
  ].join('\n');
  return `${roundNumbers(svg)}\n`;
}

/** Rounds long decimals inside tags to two places; text stays as it is. */
function roundNumbers(svg: string): string {
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
  );
}
