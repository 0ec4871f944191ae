/**
 * The cost of one neuron's effects as a figure: a panel for each thing that varies, measured points against the line of
 * the arithmetic.
 */
import * as Plot from '@observablehq/plot';
import { DIRECTION_COLORS, figure, gridPanel, INK, plotPanel, SOFT_INK } from './internals.mjs';

const COLUMNS = 3;
const MEASURED = DIRECTION_COLORS.noising;

/**
 * @param {{ title: string, unit: string, points: { value: number, measured: number, arithmetic: number }[] }[]} panels
 * @param {string} where machine and date
 * @returns {string} the SVG
 */
export function costFigure(panels, where) {
  const drawn = panels.map(panel);
  const rows = Array.from({ length: Math.ceil(drawn.length / COLUMNS) }, (_, row) =>
    drawn.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
  return figure({
    name: 'cost',
    title: 'What the effects of one neuron cost',
    subtitle:
      'Milliseconds a neuron, one direction, mean over all layers. Points: measured. Line: its matrix products alone, at the rate of plain products of the same shapes.',
    caption:
      'Each panel varies one thing and holds the others at GPT-2 small’s: 12 layers, width 768, 19 tokens, prompts that differ at position 10.',
    body: gridPanel(rows, 20, 14),
    notes: [
      'Where a panel does not say otherwise: 12 layers, width 768 in heads of 64, 19 tokens, difference at position 10. Batches of 64.',
      where,
    ],
  }).svg;
}

function panel({ title, unit, points }) {
  const most = Math.max(...points.flatMap(({ measured, arithmetic }) => [measured, arithmetic]));
  const milliseconds = (key) => (point) => 1000 * point[key];
  const values = points.map(({ value }) => value);
  return plotPanel({
    width: 300,
    height: 230,
    marginTop: 34,
    marginLeft: 48,
    marginRight: 16,
    marginBottom: 40,
    x: { domain: [0, 1.08 * Math.max(...values)], ticks: values, tickFormat: String, ...label(unit) },
    y: { domain: [0, 1.12 * 1000 * most], ticks: 5, grid: true, ...label('ms a neuron') },
    marks: [
      Plot.ruleY([0], { stroke: SOFT_INK }),
      Plot.line(points, { x: 'value', y: milliseconds('arithmetic'), stroke: INK, strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'value', y: milliseconds('measured'), fill: MEASURED, r: 4 }),
      Plot.text([title], {
        frameAnchor: 'top-left',
        dx: -44,
        dy: -24,
        textAnchor: 'start',
        fontWeight: 'bold',
      }),
    ],
  });
}

function label(text) {
  return { label: text, labelAnchor: 'center', labelArrow: 'none' };
}
