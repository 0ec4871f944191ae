/**
 * Gains per layer: the labelled components, the ADDERs, and the controls that match the labelled ones.
 */
import * as Plot from '@observablehq/plot';
import { extent } from 'd3-array';
import type { Label } from '../results/study-json.ts';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { panelTitle } from './marks.ts';
import { type CategoryStyle, INK, LABEL_STYLES, UNLABELLED } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { componentName, formatNumber } from './text.ts';
import type { Component, Kind } from '../terms.ts';

export type GainRole = Label | 'control';

export interface GainPoint {
  component: Component;
  gain: number;
  role: GainRole;
}

export interface GainDotsOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  kind: Kind;
  layers: number;
  groups: readonly { title: string; points: readonly GainPoint[] }[];
  notes?: readonly string[];
}

const TOTAL_WIDTH = 900;
const HEIGHT = 330;
/** Where in its layer's column each kind of point stands. */
const SLOTS: readonly { roles: readonly GainRole[]; x: number }[] = [
  { roles: ['control'], x: -0.25 },
  { roles: ['adder'], x: 0.02 },
  { roles: ['and', 'or', 'noising_only', 'denoising_only'], x: 0.27 },
];
const JITTER = 0.16;

/** Draws the dots; a short line marks the geometric mean of each kind in each layer. */
export function gainDots(options: GainDotsOptions): Figure {
  const { kind, layers, groups, notes = [], ...words } = options;
  checkSome('groups', groups);
  const all = groups.flatMap((group) => group.points).filter((point) => point.gain > 0);
  const roles = new Set(all.map((point) => point.role));
  const wide = layers > 14 || groups.length === 1;
  const width = wide ? TOTAL_WIDTH : (TOTAL_WIDTH - 16) / 2;
  const panels = groups.map((group) => gainPanel(group, kind, layers, domainOf(all), width));
  const rows = wide ? panels.map((panel) => [panel]) : [panels];
  const styles = SLOTS.flatMap((slot) => slot.roles.filter((role) => roles.has(role))).map(styleOf);
  return figure({ ...words, body: gridPanel([[symbolLegend(styles, 'row')], ...rows], 16, 10), notes });
}

function styleOf(role: GainRole): CategoryStyle {
  return role === 'control' ? { ...UNLABELLED, name: 'matched control', hollow: true } : LABEL_STYLES[role];
}

function domainOf(points: readonly GainPoint[]): [number, number] {
  const [least, most] = extent(points, (point) => point.gain);
  return least === undefined ? [0.1, 10] : [least / 1.25, most * 1.25];
}

/** A place within the slot that is the same in every run: multiples of the golden ratio. */
function placeOf({ role, component: [layer, index] }: GainPoint): number {
  const slot = SLOTS.find(({ roles }) => roles.includes(role))?.x ?? 0;
  return layer + slot + JITTER * ((((index + 1) * 0.6180339887) % 1) - 0.5);
}

interface Mean {
  layer: number;
  x: number;
  gain: number;
}

function meansOf(points: readonly GainPoint[]): Mean[] {
  const means: Mean[] = [];
  for (const { roles, x } of SLOTS) {
    const byLayer = new Map<number, number[]>();
    for (const { role, component, gain } of points) {
      if (!roles.includes(role)) continue;
      const list = byLayer.get(component[0]) ?? [];
      byLayer.set(component[0], [...list, Math.log(gain)]);
    }
    for (const [layer, logs] of byLayer) {
      means.push({ layer, x, gain: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) });
    }
  }
  return means;
}

function gainPanel(
  { title, points }: GainDotsOptions['groups'][number],
  kind: Kind,
  layers: number,
  domain: [number, number],
  width: number,
): Panel {
  const shown = points.filter((point) => point.gain > 0);
  const crowded = shown.length > 300;
  const bands = Array.from({ length: layers }, (_, layer) => layer).filter((layer) => layer % 2 === 1);
  return plotPanel({
    width,
    height: HEIGHT,
    marginLeft: 68,
    marginRight: 10,
    marginTop: 26,
    marginBottom: 42,
    x: {
      domain: [-0.5, layers - 0.5],
      ticks: Array.from({ length: layers }, (_, layer) => layer),
      tickFormat: (layer: number) => String(layer),
      tickSize: 0,
      label: 'layer',
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    y: {
      type: 'log',
      domain,
      label: 'gain (ratio of norms, log scale)',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 6,
      tickFormat: (value: number) => formatNumber(value),
    },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.rect(bands, {
        x1: (l: number) => l - 0.5,
        x2: (l: number) => l + 0.5,
        y1: domain[0],
        y2: domain[1],
        fill: '#f3f3f3',
      }),
      Plot.gridY({ ticks: 6, stroke: '#dcdcdc', strokeOpacity: 1 }),
      Plot.dot(shown, {
        x: placeOf,
        y: 'gain',
        fill: (p: GainPoint) => (styleOf(p.role).hollow ? 'none' : styleOf(p.role).color),
        fillOpacity: crowded ? 0.55 : 0.9,
        stroke: (p: GainPoint) => styleOf(p.role).color,
        strokeWidth: 1,
        symbol: (p: GainPoint) => styleOf(p.role).symbol,
        r: crowded ? 2.2 : 4,
        title: (p: GainPoint) =>
          `${componentName(kind, p.component)}, ${styleOf(p.role).name}: gain ${formatNumber(p.gain, 4)}`,
      }),
      Plot.link(meansOf(shown), {
        x1: (m: Mean) => m.layer + m.x - 0.12,
        x2: (m: Mean) => m.layer + m.x + 0.12,
        y1: 'gain',
        y2: 'gain',
        stroke: INK,
        strokeWidth: 1.8,
      }),
      Plot.text(shown.length === 0 ? ['no component to compare'] : [], {
        frameAnchor: 'middle',
        fill: '#777777',
      }),
      panelTitle(title, -20),
    ],
  });
}
