/**
 * Where the effect of a component comes from: four parts that sum to its effect, each beginning where the
 * one before it ended.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { panelTitle } from './marks.ts';
import { FONT_SIZE, INK, LEDGER_COLORS, RULE, SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatNumber, textWidth } from './text.ts';

/** The parts of a ledger, in the order in which they are stored. */
export const LEDGER_PARTS: readonly string[] = ['own direct', 'by heads', 'by neurons', 'norm'];

export interface LedgerItem {
  /** How the component is called, such as "head 3.4". */
  name: string;
  /** Own direct, by heads, by neurons, norm: their sum is the effect. */
  parts: readonly number[];
}

export interface LedgerWaterfallOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  /** One panel each, such as one for each direction. */
  groups: readonly { title: string; items: readonly LedgerItem[] }[];
  unit: string;
}

interface Bar {
  y: number;
  from: number;
  to: number;
  color: string;
  title: string;
}

const ROW = 66;
/** Four parts, the sum, and room. */
const LANES = 5.7;
const TOP = 24;
const BOTTOM = 42;
const TOTAL_WIDTH = 900;

/** Draws the waterfalls. All panels have one axis. */
export function ledgerWaterfall(options: LedgerWaterfallOptions): Figure {
  const { groups, unit, ...words } = options;
  checkSome('groups', groups);
  const domain = domainOf(groups.flatMap((group) => group.items));
  const width = Math.min(620, (TOTAL_WIDTH - 20 * (groups.length - 1)) / groups.length);
  const left = Math.max(
    70,
    ...groups.flatMap(({ items }) => items.map((item) => textWidth(item.name, FONT_SIZE) + 14)),
  );
  const names = [...LEDGER_PARTS, 'sum: the effect on F'];
  const colors = [...LEDGER_COLORS, INK];
  const legend = symbolLegend(
    names.map((name, i) => ({ name, color: colors[i]!, symbol: 'square' })),
    'row',
  );
  const panels = groups.map(({ title, items }) =>
    waterfallPanel(title, items, { domain, unit, width, left }),
  );
  return figure({ ...words, body: gridPanel([[legend], panels], 20, 8) });
}

/** The running sums of an item: 0, after the first part, and so on to the effect. */
function runningSums(parts: readonly number[]): number[] {
  return parts.reduce<number[]>((sums, part) => [...sums, (sums.at(-1) ?? 0) + part], [0]);
}

function domainOf(items: readonly LedgerItem[]): [number, number] {
  const all = items.flatMap((item) => runningSums(item.parts));
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const room = 0.02 * (high - low || 1);
  return [low - room, high + room];
}

function barsOf(item: LedgerItem, row: number): Bar[] {
  const sums = runningSums(item.parts);
  const total = sums.at(-1) ?? 0;
  const bars = item.parts.map((part, i) => ({
    y: row * LANES + i,
    from: sums[i]!,
    to: sums[i + 1]!,
    color: LEDGER_COLORS[i]!,
    title: `${item.name}, ${LEDGER_PARTS[i]}: ${formatNumber(part, 4)}`,
  }));
  const whole = {
    y: row * LANES + 4,
    from: 0,
    to: total,
    color: INK,
    title: `${item.name}: ${formatNumber(total, 4)}`,
  };
  return [...bars, whole];
}

interface WaterfallFrame {
  domain: [number, number];
  unit: string;
  width: number;
  /** Room for the names, the same in all panels. */
  left: number;
}

function waterfallPanel(title: string, items: readonly LedgerItem[], frame: WaterfallFrame): Panel {
  const { domain, unit, width, left } = frame;
  const bars = items.flatMap(barsOf);
  const total = (item: LedgerItem) => formatNumber(item.parts.reduce((sum, part) => sum + part, 0));
  const names = items.map((item, row) => ({ name: item.name, total: total(item), row }));
  const steps = bars.filter((bar) => bar.color !== INK);
  return plotPanel({
    width,
    height: TOP + Math.max(1, items.length) * ROW + BOTTOM,
    marginLeft: left,
    marginRight: 16,
    marginTop: TOP,
    marginBottom: BOTTOM,
    x: { domain, label: unit, labelAnchor: 'center', labelArrow: 'none', ticks: 5, grid: true },
    y: { axis: null, domain: [-0.8, Math.max(1, items.length) * LANES - 0.7], reverse: true },
    color: { type: 'identity' },
    marks: [
      Plot.ruleY(names.slice(1), { y: ({ row }: { row: number }) => row * LANES - 0.85, stroke: '#e2e2e2' }),
      Plot.ruleX([0], { stroke: '#777777' }),
      Plot.ruleX(steps, {
        x: 'to',
        y1: (b: Bar) => b.y - 0.36,
        y2: (b: Bar) => b.y + 1.36,
        stroke: RULE,
        strokeDasharray: '2,2',
      }),
      Plot.rect(bars, {
        x1: (b: Bar) => Math.min(b.from, b.to),
        x2: (b: Bar) => Math.max(b.from, b.to),
        y1: (b: Bar) => b.y - 0.36,
        y2: (b: Bar) => b.y + 0.36,
        fill: 'color',
        stroke: 'color',
        strokeWidth: 0.6,
        title: 'title',
      }),
      Plot.text(names, {
        x: domain[0],
        dx: -8,
        y: ({ row }: { row: number }) => row * LANES + 1.5,
        text: 'name',
        textAnchor: 'end',
        fontWeight: 'bold',
      }),
      Plot.text(names, {
        x: domain[0],
        dx: -8,
        y: ({ row }: { row: number }) => row * LANES + 2.9,
        text: 'total',
        textAnchor: 'end',
        fill: SOFT_INK,
      }),
      panelTitle(title, -TOP + 6),
    ],
  });
}
