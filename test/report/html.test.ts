import { describe, expect, it } from 'vitest';
import { exactFloat, tableHtml } from '../../src/report/html/html.ts';
import { Random } from '../support/random.ts';

describe('exactFloat', () => {
  it('gives the float32 back, in as few digits as that takes', () => {
    expect(exactFloat(Math.fround(0.1))).toBe('0.1');
    expect(exactFloat(-2)).toBe('-2');
    expect(exactFloat(Number.NaN)).toBe('');
    const random = new Random(1);
    for (let i = 0; i < 500; i++) {
      const value = Math.fround(random.normal() * 10 ** (random.below(12) - 6));
      expect(Math.fround(Number(exactFloat(value)))).toBe(value);
    }
  });
});

describe('tableHtml', () => {
  it('escapes text and keeps exact values beside rounded ones', () => {
    const html = tableHtml({
      id: 't',
      caption: 'a "table"',
      columns: [
        { title: '<name>', kind: 'text' },
        { title: 'value', kind: 'float' },
      ],
      rows: [
        ['<b>', Math.fround(1 / 3)],
        ['', Number.NaN],
      ],
    });
    expect(html).toContain('&lt;name&gt;');
    expect(html).toContain('<td class="text">&lt;b&gt;</td>');
    expect(html).toContain('<td data-v="0.33333334" title="0.33333334">0.3333</td>');
    expect(html).not.toContain('<b>');
  });
});
