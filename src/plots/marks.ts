/** Marks that several figures share: names beside points, and titles above panels. */
import * as Plot from '@observablehq/plot';
import { INK } from './palette.ts';
import type { PlacedLabel } from './place-labels.ts';

/** A halo that keeps text readable on lines. */
export const HALO = { stroke: '#ffffff', strokeWidth: 3 } as const;

/** A name that has found its place; `point`: its point, in values of the axes. */
export function nameMark(
  { text, dx, dy }: PlacedLabel,
  point: { readonly x: number; readonly y: number },
  fontSize: number,
): Plot.Markish {
  return Plot.text([point], {
    x: 'x',
    y: 'y',
    text: () => text,
    textAnchor: 'start',
    dx,
    dy,
    fontSize,
    fill: INK,
    ...HALO,
  });
}

/** The title of a panel, so many pixels below the top of its frame: above it where they are negative. */
export function panelTitle(title: string, dy = -18): Plot.Markish {
  return Plot.text([title], { frameAnchor: 'top-left', dy, textAnchor: 'start', fontWeight: 'bold' });
}
