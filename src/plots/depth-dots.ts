/**
 * Where in a model's depth its strongest components lie: effect against relative depth, one panel a model. Models of other
 * shapes share the axis: 0 is the start of the first layer, 1 the end of the last.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { linearAxis, roomyDomain } from './linear-frame.ts';
import { panelTitle } from './marks.ts';
import { type CategoryStyle, RULE, SOFT_INK } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatNumber } from './text.ts';

export interface DepthPoint {
  name: string;
  /** 0 to 1. */
  depth: number;
  value: number;
  style: CategoryStyle;
}

export interface DepthDotsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** What the values are. */
  unit: string;
  panels: readonly { title: string; layers: number; points: readonly DepthPoint[] }[];
}

const WIDTH = 340;
const HEIGHT = 230;
/** Pixels between the middles of two styles. */
const BESIDE = 11;
const MARGIN = { left: 60, right: 12, top: 26, bottom: 42 };

/** Draws the panels side by side with one scale; thin lines are the ends of layers. */
export function depthDots({ panels, unit, ...words }: DepthDotsOptions): Figure {
  checkSome('panels', panels);
  const all = panels.flatMap(({ points }) => points);
  checkSome('points', all);
  const domain = roomyDomain([0, ...all.map(({ value }) => value)]);
  const styles = [...new Map(all.map(({ style }) => [style.name, style])).values()];
  const drawn = panels.map((panel) => depthPanel(panel, styles, unit, domain));
  return figure({ ...words, body: gridPanel([[symbolLegend(styles, 'row')], drawn], 16, 10) });
}

function depthPanel(
  { title, layers, points }: DepthDotsOptions['panels'][number],
  styles: readonly CategoryStyle[],
  unit: string,
  domain: [number, number],
): Panel {
  const ends = Array.from({ length: layers + 1 }, (_, i) => i / layers);
  return plotPanel({
    ...around(WIDTH, HEIGHT, MARGIN),
    x: linearAxis([0, 1], 'depth: (layer + 1/2) / layers'),
    y: linearAxis(domain, unit),
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.ruleX(ends, { stroke: RULE, strokeWidth: 0.5 }),
      Plot.ruleY([0], { stroke: SOFT_INK }),
      ...styles.map((style, i) =>
        Plot.dot(
          points.filter((point) => point.style.name === style.name),
          {
            x: 'depth',
            y: 'value',
            // Side by side: equal values would hide one another.
            dx: (i - (styles.length - 1) / 2) * BESIDE,
            r: 3.2,
            fill: style.color,
            fillOpacity: 0.8,
            symbol: style.symbol,
            title: ({ name, value }: DepthPoint) => `${name}: ${formatNumber(value, 4)}`,
          },
        ),
      ),
      panelTitle(title),
    ],
  });
}
