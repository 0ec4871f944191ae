/**
 * SVG to PNG. The renderer draws no text without a font, so the package's own are used and no others:
 * the same SVG gives the same picture on every machine.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { InputError, RunError } from '../errors.ts';

const FONTS = ['DejaVuSansCondensed.ttf', 'DejaVuSansCondensed-Bold.ttf'];
const FAMILY = 'DejaVu Sans';

export interface PngOptions {
  /** Pixels per SVG unit. */
  scale?: number;
}

/** The PNG bytes of an SVG document. */
export function svgToPng(svg: string, { scale = 2 }: PngOptions = {}): Uint8Array {
  if (!(scale > 0)) throw new InputError(`invalid scale: ${scale}; expected a number above 0`);
  const resvg = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: {
      fontFiles: fontFiles(),
      loadSystemFonts: false,
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    },
  });
  return resvg.render().asPng();
}

/** The fonts lie in `assets/`, two folders above this file in the sources and in the built package alike. */
function fontFiles(): string[] {
  const files = FONTS.map((font) => fileURLToPath(new URL(`../../assets/${font}`, import.meta.url)));
  const missing = files.find((file) => !existsSync(file));
  if (missing) throw new RunError(`missing font: ${missing}; install mediators again`);
  return files;
}
