/** Legends, drawn as small plots of their own: a colour ramp, and a list of symbols. */
import * as Plot from '@observablehq/plot';
import { type CategoryStyle, divergingScale, FONT_SIZE, sequentialScale } from './palette.ts';
import { type Panel, plotPanel } from './panel.ts';
import type { ScaleKind } from './scale.ts';
import { textWidth } from './text.ts';

export interface RampOptions {
  kind: ScaleKind;
  limit: number;
  label: string;
  width?: number;
}

const STEPS = 60;

/** The colours of a scale above an axis with its unit. */
export function rampLegend({ kind, limit, label, width = 300 }: RampOptions): Panel {
  const low = kind === 'diverging' ? -limit : 0;
  const step = (limit - low) / STEPS;
  const cells = Array.from({ length: STEPS }, (_, i) => ({ from: low + i * step, to: low + (i + 1) * step }));
  return plotPanel({
    width: Math.max(width, textWidth(label, FONT_SIZE) + 20),
    height: 48,
    marginTop: 2,
    marginBottom: 34,
    marginLeft: 18,
    marginRight: Math.max(18, textWidth(label, FONT_SIZE) + 20 - width + 18),
    x: { domain: [low, limit], label, labelAnchor: 'left', labelArrow: 'none', ticks: 5, tickSize: 4 },
    y: { axis: null, domain: [0, 1] },
    color: kind === 'diverging' ? divergingScale(limit) : sequentialScale(limit),
    marks: [
      Plot.rect(cells, {
        x1: 'from',
        x2: 'to',
        y1: 0,
        y2: 1,
        fill: ({ from, to }: { from: number; to: number }) => (from + to) / 2,
        shapeRendering: 'crispEdges',
      }),
    ],
  });
}

/** Symbols with their names, in one column or one row. */
export function symbolLegend(items: readonly CategoryStyle[], layout: 'column' | 'row' = 'column'): Panel {
  const widths = items.map((item) => textWidth(item.name, FONT_SIZE) + 26);
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const width = layout === 'row' ? widths.reduce((sum, w) => sum + w, 0) : Math.max(...widths);
  const height = layout === 'row' ? 20 : items.length * 18 + 2;
  const placed = items.map((item, i) => ({
    ...item,
    x: 8 + (layout === 'row' ? starts[i]! : 0),
    y: 10 + (layout === 'row' ? 0 : i * 18),
  }));
  return plotPanel({
    width: Math.ceil(width),
    height,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    symbol: { type: 'identity' },
    color: { type: 'identity' },
    marks: [
      Plot.dot(placed, {
        x: 'x',
        y: 'y',
        fill: (item: CategoryStyle) => (item.hollow ? 'none' : item.color),
        stroke: 'color',
        strokeWidth: 1,
        symbol: 'symbol',
        r: 4.5,
      }),
      Plot.text(placed, { x: 'x', y: 'y', text: 'name', dx: 11, textAnchor: 'start' }),
    ],
  });
}

/** A row with the styles that occur among items, each once; nothing where none has one. */
export function styleLegend(items: readonly { readonly style?: CategoryStyle | undefined }[]): Panel[][] {
  const styles = [...new Map(items.flatMap(({ style }) => (style ? [[style.name, style]] : []))).values()];
  return styles.length > 0 ? [[symbolLegend(styles, 'row')]] : [];
}
