import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { figure } from '../../src/plots/figure.ts';
import { svgToPng } from '../../src/plots/svg-to-png.ts';

interface Header {
  width: number;
  height: number;
}

function headerOf(png: Uint8Array): Header {
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The filtered rows of the picture: a blank one has hardly any different bytes. */
function pixelBytes(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset);
  const parts: Uint8Array[] = [];
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12) {
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (type === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return inflateSync(Buffer.concat(parts));
}

const page = (text: string) =>
  figure({ name: 'x', title: text, subtitle: text, caption: '', body: { width: 1, height: 1, content: '' } })
    .svg;

describe('svgToPng', () => {
  it('draws text, whatever font the SVG asks for first', () => {
    const [blank, written] = [page(' '), page('Effects of heads · ⏎ → − é')].map((svg) =>
      pixelBytes(svgToPng(svg)),
    );
    expect(new Set(blank).size).toBeLessThan(8);
    expect(new Set(written).size).toBeGreaterThan(60);
  });

  it('draws bold text differently', () => {
    const text = (weight: string) =>
      svgToPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15"${weight}>mediators</text></svg>`,
      );
    expect(text(' font-weight="bold"')).not.toEqual(text(''));
  });

  it('has the size that was asked for, and the same bytes every time', () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="10"><text y="9">a</text></svg>';
    expect(headerOf(svgToPng(svg))).toEqual({ width: 60, height: 20 });
    expect(headerOf(svgToPng(svg, { scale: 3 }))).toEqual({ width: 90, height: 30 });
    expect(svgToPng(svg)).toEqual(svgToPng(svg));
    expect(() => svgToPng(svg, { scale: 0 })).toThrow('invalid scale: 0');
  });
});
