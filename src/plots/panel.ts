/**
 * A panel is a piece of a figure: a drawn plot or lines of text, with its size in pixels.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { FONT_SIZE, INK } from './palette.ts';
import { escapeXml } from '../xml.ts';
import { visibleText } from './text.ts';

export interface Panel {
  width: number;
  height: number;
  /** SVG elements with (0, 0) at the panel's upper left corner. */
  content: string;
}

export interface PlotPanelOptions extends Plot.PlotOptions {
  width: number;
  height: number;
}

export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Size and margins of a plot around a frame of so many pixels. */
export function around(
  width: number,
  height: number,
  { left, right, top, bottom }: Margins,
): Pick<PlotPanelOptions, 'width' | 'height' | 'marginLeft' | 'marginRight' | 'marginTop' | 'marginBottom'> {
  return {
    width: width + left + right,
    height: height + top + bottom,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
  };
}

/** Draws a plot without a browser. No style sheet, no ids: the result can stand beside others on a page. */
export function plotPanel(options: PlotPanelOptions): Panel {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const drawn = Plot.plot({ ...options, document, className: 'plot', figure: false });
  const content = drawn.innerHTML
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replaceAll('currentColor', INK)
    .replaceAll('var(--plot-background)', '#ffffff');
  const group = `<g fill="${INK}" font-size="${FONT_SIZE}" text-anchor="middle">${content}</g>`;
  return { width: options.width, height: options.height, content: group };
}

export interface TextOptions {
  size?: number;
  color?: string;
  bold?: boolean;
  /** Minimum width of the panel. */
  width?: number;
}

/** Lines of text, one below the other, aligned left. */
export function textPanel(lines: readonly string[], options: TextOptions = {}): Panel {
  const { size = FONT_SIZE, color = INK, bold = false, width = 0 } = options;
  const step = Math.round(size * 1.4);
  const weight = bold ? ' font-weight="bold"' : '';
  const spans = lines.map(
    (line, i) => `<text x="0" y="${size + i * step}">${escapeXml(visibleText(line))}</text>`,
  );
  const content = `<g font-size="${size}" fill="${color}"${weight}>${spans.join('')}</g>`;
  return { width, height: lines.length * step + 2, content };
}

/** Rows of panels, each row's panels side by side: one panel. */
export function gridPanel(rows: readonly (readonly Panel[])[], gapX = 16, gapY = 8): Panel {
  const parts: string[] = [];
  let width = 0;
  let y = 0;
  for (const row of rows) {
    let x = 0;
    let height = 0;
    for (const panel of row) {
      parts.push(`<g transform="translate(${Math.round(x)},${Math.round(y)})">${panel.content}</g>`);
      x += panel.width + gapX;
      height = Math.max(height, panel.height);
    }
    width = Math.max(width, x - gapX);
    y += height + gapY;
  }
  return { width, height: Math.max(0, y - gapY), content: parts.join('') };
}
