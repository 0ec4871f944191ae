import { describe, expect, it } from 'vitest';
import {
  componentKey,
  componentName,
  formatNumber,
  shorten,
  textWidth,
  visibleText,
  visibleToken,
  wrapText,
} from '../../src/plots/text.ts';

describe('visibleToken', () => {
  it.each([
    [' Mary', '·Mary'],
    ['\n\n', '⏎⏎'],
    ['\t', '⇥'],
    ['', '(empty)'],
    ['a\u0007b', 'a\\u{7}b'],
    ['\u202eevil', '\\u{202E}evil'],
    ['\ufeff\u200b', '\\u{FEFF}\\u{200B}'],
    ['\ud800', '\\u{D800}'],
    ['é漢😀', 'é漢😀'],
  ])('%j is shown as %s', (token, shown) => {
    expect(visibleToken(token)).toBe(shown);
  });

  it('keeps the spaces of running text', () => {
    expect(visibleText('to be\nor')).toBe('to be⏎or');
  });
});

describe('names of components', () => {
  it('tell heads from neurons; keys are for maps of one kind', () => {
    expect(componentName('heads', [17, 3])).toBe('17.3');
    expect(componentName('neurons', [17, 1005])).toBe('L17N1005');
    expect(componentKey([17, 1005])).toBe('17.1005');
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0.12345, '−0.123'],
    [1234.5, '1230'],
    [1e-5, '1.00e−5'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe('layout of text', () => {
  it('wraps at words and keeps all of them', () => {
    const text = 'one two three four five six seven';
    const lines = wrapText(text, 80, 11);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join(' ')).toBe(text);
    expect(lines.every((line) => textWidth(line, 11) <= 80)).toBe(true);
  });

  it('shortens by characters, not by code units', () => {
    expect(shorten('😀😀😀😀', 3)).toBe('😀😀…');
    expect(shorten('abc', 3)).toBe('abc');
  });
});
