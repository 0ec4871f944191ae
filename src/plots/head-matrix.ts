/**
 * The effect of every head on every other: one row a source, one column a target, grouped by layer.
 *
 * A model with 270 heads has 72,900 cells. They are drawn as one path per shade, row by row, so that the file
 * stays small and every viewer draws it.
 */
import * as Plot from '@observablehq/plot';
import type { Tensor } from '../tensor/tensor.ts';
import { checkShape } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { rampLegend } from './legend.ts';
import { divergingScale, NO_VALUE, sequentialScale } from './palette.ts';
import { around, gridPanel, type Panel, plotPanel } from './panel.ts';
import { commonLimit, type ScaleKind } from './scale.ts';
import { formatCount, formatNumber } from './text.ts';

export interface HeadMatrixOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** [source layer, source head, target layer, target head]. Own entries and earlier layers are not drawn. */
  values: Tensor;
  scale: ScaleKind;
  unit: string;
  /** A limit that several matrices share; by default this one's own. */
  limit?: number;
}

const SIDE = 620;
const MARGIN = { left: 58, right: 12, top: 8, bottom: 50 };
/** Shades on each side of 0. */
const SHADES = 24;
/** Share of the cells that may lie beyond the scale. */
const CLIPPED_SHARE = 0.005;

/** Draws the matrix. Sources run down, targets across. */
export function headMatrix(options: HeadMatrixOptions): Figure {
  const { values, scale, unit, limit, ...words } = options;
  checkShape('values', values, 4);
  const [layers = 0, heads = 0] = values.shape;
  checkShape('values', values, [layers, heads, layers, heads]);
  const top = limit ?? matrixLimit([values]);
  const { cells, beyond, largest } = reachableCells(values, scale, top);
  const body = gridPanel(
    [[matrixPanel(layers, heads, cells)], [rampLegend({ kind: scale, limit: top, label: unit })]],
    0,
    6,
  );
  const notes = [
    'Grey: cannot be reached from the source (its own layer and earlier ones), or the source itself.',
  ];
  if (beyond > 0) {
    const are = beyond === 1 ? 'One cell lies' : `${formatCount(beyond)} cells lie`;
    notes.push(
      `${are} beyond the scale and ${beyond === 1 ? 'has' : 'have'} its end colour; the largest size is ${formatNumber(largest)}.`,
    );
  }
  return figure({ ...words, body, notes });
}

/** A limit for one or several matrices: nearly all entries lie within it; own entries do not count. */
export function matrixLimit(matrices: readonly Tensor[]): number {
  return commonLimit(matrices.map(withoutOwn), CLIPPED_SHARE).limit;
}

function withoutOwn({ shape, data }: Tensor): Float32Array {
  const size = shape[0]! * shape[1]!;
  return data.map((value, i) => (i % (size + 1) === 0 ? 0 : value));
}

interface Run {
  row: number;
  from: number;
  to: number;
  color: string;
}

/** Runs of equal shade in every row, of the targets in later layers. */
function reachableCells(
  values: Tensor,
  scale: ScaleKind,
  limit: number,
): { cells: Run[]; beyond: number; largest: number } {
  const [layers = 0, heads = 0] = values.shape;
  const size = layers * heads;
  const shadeOf = Plot.scale({
    color: scale === 'diverging' ? divergingScale(limit) : sequentialScale(limit),
  });
  const cells: Run[] = [];
  let beyond = 0;
  let largest = 0;
  for (let row = 0; row < size; row++) {
    for (let column = (Math.floor(row / heads) + 1) * heads; column < size; column++) {
      const value = values.data[row * size + column]!;
      if (Math.abs(value) > limit) beyond++;
      if (Math.abs(value) > largest) largest = Math.abs(value);
      const color = Number.isNaN(value)
        ? NO_VALUE
        : String(shadeOf.apply(shadeValue(value / limit, scale) * limit));
      const last = cells.at(-1);
      if (last && last.row === row && last.to === column && last.color === color) last.to++;
      else cells.push({ row, from: column, to: column + 1, color });
    }
  }
  return { cells, beyond, largest };
}

/** Rounds a value from -1 to 1 to the middle of its shade; the sequential scale goes by square roots. */
function shadeValue(value: number, scale: ScaleKind): number {
  if (scale === 'diverging') return Math.round(value * SHADES) / SHADES;
  return (Math.round(Math.sqrt(Math.max(0, value)) * SHADES) / SHADES) ** 2;
}

function matrixPanel(layers: number, heads: number, cells: readonly Run[]): Panel {
  const size = layers * heads;
  const edge = Math.min(SIDE, Math.max(size * 14, 300));
  const centres = Array.from({ length: layers }, (_, layer) => (layer + 0.5) * heads);
  const every = Math.ceil((16 * layers) / edge);
  const ticks = centres.filter((_, layer) => layer % every === 0);
  const lines = Array.from({ length: layers - 1 }, (_, layer) => (layer + 1) * heads);
  const axis = {
    domain: [0, size],
    ticks,
    tickSize: 0,
    tickFormat: (at: number) => String(Math.floor(at / heads)),
    labelArrow: 'none' as const,
    labelAnchor: 'center' as const,
  };
  const heading = `${heads} heads a layer, left to right`;
  return plotPanel({
    ...around(edge, edge, MARGIN),
    x: { ...axis, label: `layer of the target (${heading})` },
    y: { ...axis, reverse: true, label: 'layer of the source (patched)' },
    marks: [
      Plot.rect([0], { x1: 0, x2: size, y1: 0, y2: size, fill: NO_VALUE }),
      cellPaths(cells),
      Plot.ruleX(lines, { stroke: '#ffffff', strokeWidth: layers > 20 ? 0.6 : 1.2 }),
      Plot.ruleY(lines, { stroke: '#ffffff', strokeWidth: layers > 20 ? 0.6 : 1.2 }),
      Plot.frame({ stroke: '#8a8a8a' }),
    ],
  });
}

/** One path for each colour. */
function cellPaths(cells: readonly Run[]): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const [x, y] = [scales.x!, scales.y!];
    const paths = new Map<string, string[]>();
    const fixed = (value: number) => String(Math.round(value * 100) / 100);
    for (const { row, from, to, color } of cells) {
      const left = x(from) as number;
      const [top, bottom] = [y(row) as number, y(row + 1) as number];
      const part = `M${fixed(left)},${fixed(top)}H${fixed(x(to) as number)}V${fixed(bottom)}H${fixed(left)}Z`;
      const list = paths.get(color);
      if (list) list.push(part);
      else paths.set(color, [part]);
    }
    const group = context.document.createElementNS(
      'http://www.w3.org/2000/svg',
      'g',
    ) as unknown as SVGGElement;
    group.setAttribute('shape-rendering', 'crispEdges');
    for (const color of [...paths.keys()].sort()) {
      const path = context.document.createElementNS('http://www.w3.org/2000/svg', 'path');
      path.setAttribute('fill', color);
      path.setAttribute('d', paths.get(color)!.join(''));
      group.append(path);
    }
    return group;
  };
}
