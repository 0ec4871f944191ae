/**
 * Maps of layers by heads, side by side, with one colour scale for all.
 */
import * as Plot from '@observablehq/plot';
import type { Tensor } from '../tensor/tensor.ts';
import { checkShape, checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { rampLegend } from './legend.ts';
import { panelTitle } from './marks.ts';
import { divergingScale, FONT_SIZE, INK, sequentialScale, SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { commonLimit, type ScaleKind, type ScaleLimit } from './scale.ts';
import { componentName, formatCount, formatNumber, shorten, textWidth } from './text.ts';
import type { Component } from '../terms.ts';

export interface HeadMap {
  title: string;
  /** [layer, head]; NaN is drawn as "no value". */
  values: Tensor;
  /** A head to be marked: the source of what is shown. Its own value is not drawn. */
  source?: Component;
}

export interface LayerHeadMapsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  maps: readonly HeadMap[];
  scale: ScaleKind;
  /** Title of the colour scale, with its unit. */
  unit: string;
  /** Maps in one row. */
  columns?: number;
  notes?: readonly string[];
}

interface Cell {
  layer: number;
  head: number;
  value: number;
}

const LEFT = 40;
const TOP = 24;
const BOTTOM = 40;
const ROW_WIDTH = 900;

/** Draws the maps. Cells beyond the scale carry a dot, cells clearly below 0 a minus sign. */
export function layerHeadMaps(options: LayerHeadMapsOptions): Figure {
  const { maps, scale, unit, columns = 2, notes = [], ...words } = options;
  checkSome('maps', maps);
  for (const { values, title } of maps) checkShape(`map ${title}`, values, maps[0]!.values.shape);
  const cells = maps.map(cellsOf);
  const range = commonLimit(cells.map((list) => list.map((cell) => cell.value)));
  const panels = maps.map((map, i) => mapPanel(map, cells[i]!, scale, range, columns));
  const rows: Panel[][] = [];
  for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
  const body = gridPanel([...rows, [rampLegend({ kind: scale, limit: range.limit, label: unit })]], 14, 10);
  return figure({ ...words, body, notes: [...scaleNotes(range, scale, cells), ...notes] });
}

function cellsOf({ values, source }: HeadMap): Cell[] {
  const [, heads = 0] = values.shape;
  return Array.from(values.data, (value, i) => ({
    layer: Math.floor(i / heads),
    head: i % heads,
    value,
  })).map((cell) =>
    source && cell.layer === source[0] && cell.head === source[1] ? { ...cell, value: Number.NaN } : cell,
  );
}

function scaleNotes(
  { clipped, largest, limit }: ScaleLimit,
  kind: ScaleKind,
  cells: readonly Cell[][],
): string[] {
  const notes: string[] = [];
  if (clipped > 0) {
    const cell = clipped === 1 ? 'One cell lies' : `${formatCount(clipped)} cells lie`;
    notes.push(
      `${cell} beyond the scale, with ${clipped === 1 ? 'its' : 'their'} value or a dot; the largest size is ${formatNumber(largest)}.`,
    );
  }
  if (kind === 'diverging' && cells.flat().some((cell) => cell.value <= -SIGN_SHARE * limit)) {
    notes.push('A minus sign marks cells clearly below zero, for readers without colour.');
  }
  return notes;
}

const SIGN_SHARE = 0.2;

interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** Size of a cell: small models get large cells, large models still fit a page. */
function cellSize(layers: number, heads: number, columns: number): CellSize {
  const room = ROW_WIDTH / columns - LEFT - 16;
  const width = Math.max(9, Math.min(40, Math.floor(room / heads)));
  const height = Math.max(9, Math.min(30, width, Math.floor((columns > 2 ? 260 : 480) / layers)));
  return { width, height };
}

/** Every index where there is room, else every second, fifth, tenth ... */
function indexTicks(count: number, step: number, room: number): number[] {
  const every = [1, 2, 5, 10, 20, 50, 100, 200].find((n) => n * step >= room) ?? 500;
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
}

function mapPanel(map: HeadMap, cells: Cell[], kind: ScaleKind, range: ScaleLimit, columns: number): Panel {
  const [layers = 0, heads = 0] = map.values.shape;
  const size = cellSize(layers, heads, columns);
  const width = LEFT + Math.max(heads * size.width, 60) + 10;
  const height = TOP + layers * size.height + BOTTOM;
  const title = shorten(map.title, Math.max(12, Math.floor((width / textWidth('n', FONT_SIZE)) * 0.98)));
  return plotPanel({
    width,
    height,
    marginLeft: LEFT,
    marginTop: TOP,
    marginBottom: BOTTOM,
    marginRight: width - LEFT - heads * size.width,
    padding: 0,
    round: false,
    x: {
      type: 'band',
      label: 'head',
      labelArrow: 'none',
      tickSize: 0,
      ticks: indexTicks(heads, size.width, 20),
      domain: indices(heads),
    },
    y: {
      type: 'band',
      label: 'layer',
      labelArrow: 'none',
      tickSize: 0,
      ticks: indexTicks(layers, size.height, 13),
      domain: indices(layers),
    },
    color: kind === 'diverging' ? divergingScale(range.limit) : sequentialScale(range.limit),
    marks: [
      Plot.cell(cells, {
        x: 'head',
        y: 'layer',
        fill: 'value',
        title: describe,
        inset: size.width > 14 ? 0.75 : 0.25,
      }),
      ...signMarks(cells, kind, range.limit, size.height),
      ...clipMarks(cells, range.limit, size),
      ...sourceMarks(map),
      panelTitle(title, -TOP + 6),
    ],
  });
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function describe({ layer, head, value }: Cell): string {
  return `head ${componentName('heads', [layer, head])}: ${Number.isNaN(value) ? 'no value' : formatNumber(value, 4)}`;
}

function signMarks(cells: Cell[], kind: ScaleKind, limit: number, height: number): Plot.Markish[] {
  if (kind === 'sequential' || height < 9) return [];
  const below = cells.filter(({ value }) => value <= -SIGN_SHARE * limit && value >= -limit);
  const fill = ({ value }: Cell) => (value < -0.6 * limit ? '#ffffff' : INK);
  return [Plot.text(below, { x: 'head', y: 'layer', text: () => '−', fill, fontSize: Math.min(12, height) })];
}

/** From this size on a cell can hold a number such as −0.58. */
const NUMBER_WIDTH = 26;
const NUMBER_HEIGHT = 12;

/** Cells beyond the scale: their value where there is room, else a dot, with a minus sign for those below it. */
function clipMarks(cells: Cell[], limit: number, { width, height }: CellSize): Plot.Markish[] {
  const beyond = cells.filter(({ value }) => Math.abs(value) > limit);
  const place = { x: 'head', y: 'layer' };
  if (width >= NUMBER_WIDTH && height >= NUMBER_HEIGHT) {
    const number = ({ value }: Cell) => formatNumber(value, 2);
    return [
      Plot.text(beyond, { ...place, text: number, fill: '#ffffff', fontSize: 10.5, fontWeight: 'bold' }),
    ];
  }
  const r = Math.max(2, Math.min(4, Math.min(width, height) / 5));
  const marks: Plot.Markish[] = [
    Plot.dot(beyond, { ...place, r, fill: '#ffffff', stroke: '#000000', strokeWidth: 1 }),
  ];
  if (Math.min(width, height) < 14) return marks;
  const under = beyond.filter(({ value }) => value < 0);
  return [...marks, Plot.text(under, { ...place, text: () => '−', fill: '#ffffff', dx: -9 })];
}

function sourceMarks({ source }: HeadMap): Plot.Markish[] {
  if (!source) return [];
  const at = [{ layer: source[0], head: source[1] }];
  return [
    Plot.cell(at, { x: 'head', y: 'layer', fill: '#ffffff', stroke: INK, strokeWidth: 1.2, inset: 1 }),
    Plot.dot(at, { x: 'head', y: 'layer', symbol: 'times', r: 4, stroke: SOFT_INK, strokeWidth: 1.5 }),
  ];
}
