import { describe, expect, it } from 'vitest';
import { escapeXml } from '../src/xml.ts';

describe('escapeXml', () => {
  it('escapes what can end text or an attribute', () => {
    expect(escapeXml(`<script>"a"&'b'`)).toBe('&lt;script&gt;&quot;a&quot;&amp;&#39;b&#39;');
  });
});
