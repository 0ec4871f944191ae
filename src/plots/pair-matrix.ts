/**
 * What pairs of named components do: matrices of some tens of rows and columns, with one colour scale.
 * Rows and columns carry the components' names, and strong cells their number where there is room.
 */
import * as Plot from '@observablehq/plot';
import type { Tensor } from '../tensor/tensor.ts';
import { checkShape, checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { rampLegend } from './legend.ts';
import { divergingScale, FONT_SIZE, INK, NO_VALUE, SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { commonLimit } from './scale.ts';
import { formatCount, formatNumber, textWidth } from './text.ts';

export interface PairPanel {
  title: string;
  /** [row, column]; NaN is drawn as "no value". */
  values: Tensor;
}

export interface PairMatrixOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** Names of the rows, which are those of the columns. */
  components: readonly string[];
  panels: readonly PairPanel[];
  /** What rows and columns are. */
  axes: { row: string; column: string };
  /** Title of the colour scale, with its unit. */
  unit: string;
  /** The colour scale ends no earlier than this, so that small values look small. */
  least?: number;
  notes?: readonly string[];
}

interface Cell {
  row: string;
  column: string;
  value: number;
}

const TOTAL_WIDTH = 900;
const TOP = 24;
const RIGHT = 12;
const GAP = 16;
const LARGEST_CELL = 34;
const SMALLEST_CELL = 12;
/** A number such as −0.31 needs a cell of this size. */
const NUMBER_CELL = 25;
/** Cells from this share of the scale on show their number, or their sign where they are small. */
const STRONG_SHARE = 0.2;
const DARK_SHARE = 0.6;

/** Draws the matrices side by side. Values beyond the scale have its end colour, and are counted. */
export function pairMatrix(options: PairMatrixOptions): Figure {
  const { components, panels, axes, unit, least = 0, notes = [], ...words } = options;
  checkSome('components', components);
  checkSome('panels', panels);
  const square = [components.length, components.length];
  for (const { values, title } of panels) checkShape(`values of ${title}`, values, square);
  const { limit: own, clipped, largest } = commonLimit(panels.map(({ values }) => values.data));
  const limit = Math.max(own, least);
  const frame = frameOf(components, panels.length, axes, limit);
  const drawn = panels.map((panel) => matrixPanel(panel, frame));
  const body = gridPanel([drawn, [rampLegend({ kind: 'diverging', limit, label: unit })]], GAP, 8);
  const beyond =
    clipped === 0 || limit > own
      ? []
      : [
          `${clipped === 1 ? 'One cell lies' : `${formatCount(clipped)} cells lie`} beyond the scale, in its end colour; the largest size is ${formatNumber(largest)}.`,
        ];
  return figure({ ...words, body, notes: [...beyond, ...notes] });
}

interface Frame {
  components: readonly string[];
  axes: { row: string; column: string };
  limit: number;
  /** Edge of a cell. */
  cell: number;
  /** Room for names on the left and, turned, at the bottom. */
  names: number;
}

function frameOf(
  components: readonly string[],
  columns: number,
  axes: PairMatrixOptions['axes'],
  limit: number,
): Frame {
  const names = Math.max(...components.map((name) => textWidth(name, FONT_SIZE))) + 30;
  const room = (TOTAL_WIDTH - GAP * (columns - 1)) / columns - names - RIGHT;
  const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(room / components.length)));
  return { components, axes, limit, cell, names };
}

function matrixPanel({ title, values }: PairPanel, frame: Frame): Panel {
  const { components, axes, limit, cell, names } = frame;
  const count = components.length;
  const cells = Array.from(
    values.data,
    (value, i): Cell => ({
      row: components[Math.floor(i / count)]!,
      column: components[i % count]!,
      value,
    }),
  );
  const side = count * cell;
  const band = { type: 'band', domain: components, tickSize: 0, labelArrow: 'none', padding: 0 } as const;
  return plotPanel({
    width: names + side + RIGHT,
    height: TOP + side + names,
    marginLeft: names,
    marginRight: RIGHT,
    marginTop: TOP,
    marginBottom: names,
    round: false,
    x: { ...band, tickRotate: -90, label: axes.column, labelAnchor: 'center', labelOffset: names - 3 },
    y: { ...band, label: axes.row, labelAnchor: 'center', labelOffset: names - 5 },
    color: divergingScale(limit),
    marks: [
      Plot.cell(cells, {
        x: 'column',
        y: 'row',
        fill: ({ value }: Cell) => (Number.isNaN(value) ? null : value),
        stroke: '#ffffff',
        strokeWidth: 0.7,
        title: ({ row, column, value }: Cell) =>
          `${row}, ${column}: ${Number.isNaN(value) ? 'no value' : formatNumber(value, 4)}`,
      }),
      numberMarks(cells, frame),
      Plot.frame({ stroke: NO_VALUE }),
      Plot.text([title], {
        frameAnchor: 'top-left',
        dy: -TOP + 6,
        textAnchor: 'start',
        fontWeight: 'bold',
        fill: SOFT_INK,
      }),
    ],
  });
}

/** Numbers of strong cells; in small cells only the sign of those below 0, for readers without colour. */
function numberMarks(cells: readonly Cell[], { limit, cell }: Frame): Plot.Markish {
  const wide = cell >= NUMBER_CELL;
  const strong = cells.filter(({ value }) =>
    wide ? Math.abs(value) >= STRONG_SHARE * limit : value <= -STRONG_SHARE * limit,
  );
  return Plot.text(strong, {
    x: 'column',
    y: 'row',
    text: ({ value }: Cell) => (wide ? shortNumber(value) : '−'),
    fill: ({ value }: Cell) => (Math.abs(value) > DARK_SHARE * limit ? '#ffffff' : INK),
    fontSize: 9.5,
  });
}

/** Two digits after the point, without the zero before it: −.31. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  const text = size < 1 ? size.toFixed(2).replace(/^0/, '') : formatNumber(size, 2);
  return value < 0 ? `−${text}` : text;
}
