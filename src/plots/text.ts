/**
 * Text as figures show it: hostile or invisible characters made visible, numbers rounded, widths estimated.
 */
import { type Component, type Kind, singular } from '../terms.ts';

const NAMED: Readonly<Record<string, string>> = { '\n': '⏎', '\r': '␍', '\t': '⇥', ' ': '·' };
/** Control, zero-width, bidirectional and other invisible characters, and lone surrogates. */
const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u115f\u1160\u3164]/gu;

/** A token with every space and control character visible: " a\n" is "·a⏎". */
export function visibleToken(token: string): string {
  const shown = token.replace(INVISIBLE, (character) => NAMED[character] ?? escapeCode(character));
  return shown === '' ? '(empty)' : shown;
}

/** Running text: spaces stay, line breaks and control characters become visible. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character === ' ' ? ' ' : (NAMED[character] ?? escapeCode(character)),
  );
}

function escapeCode(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}

/** At most `length` characters, the last one "…" where something was cut. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** A rounded number: three significant digits, a real minus sign, "–" where there is none. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const rounded =
    size >= 1e6 || size < 1e-4 ? value.toExponential(digits - 1) : trimmed(Number(value.toPrecision(digits)));
  return rounded.replace(/-/g, '−');
}

function trimmed(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 8 });
}

/** A count with thin groups: 12,288. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** "1 head", "3 heads". */
export function countText(count: number, kind: Kind): string {
  return `${formatCount(count)} ${count === 1 ? singular(kind) : kind}`;
}

/** The name of a component: 3.11 for a head, L3N1005 for a neuron. */
export function componentName(kind: Kind, [layer, index]: Component): string {
  return kind === 'heads' ? `${layer}.${index}` : `L${layer}N${index}`;
}

/** The same in a sentence: head 3.11, neuron L3N1005. */
export function namedComponent(kind: Kind, component: Component): string {
  return `${singular(kind)} ${componentName(kind, component)}`;
}

/** A component of a known kind as the key of a map. */
export function componentKey([layer, index]: Component): string {
  return `${layer}.${index}`;
}

/**
 * An upper estimate of the width of a line in pixels, by the widest of the usual fonts:
 * what fits by this estimate fits everywhere.
 */
export function textWidth(text: string, size: number): number {
  let em = 0;
  for (const character of text) {
    if (/[ilIjft.,:;'|!()[\]·-]/.test(character)) em += 0.39;
    else if (/[mwMW@%—⏎]/.test(character)) em += 0.96;
    else if (/[A-Z0-9<>=+~#…−]/.test(character)) em += 0.7;
    else em += character.charCodeAt(0) > 0x2e80 ? 1.05 : 0.61;
  }
  return em * size;
}

/** Breaks running text into lines that fit a width. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== '') lines.push(line);
  return lines;
}
