/**
 * The two prompts above each other, what differs between them, and the likeliest next tokens of both runs.
 */
import * as Plot from '@observablehq/plot';
import { checkSome } from './check.ts';
import { type Figure, figure } from './figure.ts';
import { FONT_SIZE, INK, RULE, SOFT_INK } from './palette.ts';
import { gridPanel, type Panel, plotPanel } from './panel.ts';
import { formatNumber, shorten, textWidth, visibleToken } from './text.ts';

export interface NextToken {
  token: string;
  logit: number;
  probability: number;
}

export interface TokenStripOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  clean: readonly string[];
  corrupted: readonly string[];
  predictions: { clean: readonly NextToken[]; corrupted: readonly NextToken[] };
  /** The two tokens of the metric; they stand out among the likeliest. */
  answer?: string;
  wrong?: string;
}

interface Box {
  x: number;
  y: number;
  width: number;
  text: string;
  differs: boolean;
  row: 'clean' | 'corrupted';
}

interface Layout {
  boxes: Box[];
  positions: { x: number; y: number; text: string }[];
  lines: number;
}

const WIDTH = 900;
const LABEL_WIDTH = 76;
const BOX_HEIGHT = 24;
const LINE_HEIGHT = 82;
const LONGEST_TOKEN = 24;
/** Prompts above this length are drawn around their differences only. */
const MOST_POSITIONS = 90;
const CONTEXT = 6;
const FILLS = { clean: '#cfe5f3', corrupted: '#fbdcc4' };
const ANSWER_COLOR = '#0072b2';
const WRONG_COLOR = '#d55e00';
const OTHER_COLOR = '#b9b9b9';

/** Draws the strip. Spaces are shown as "·", line breaks as "⏎", other control characters by their code. */
export function tokenStrip(options: TokenStripOptions): Figure {
  const { clean, corrupted, predictions, answer, wrong, ...words } = options;
  checkSome('tokens', clean);
  checkSome('tokens', corrupted);
  const marks = { answer, wrong };
  const body = gridPanel(
    [
      [stripPanel(clean, corrupted)],
      [
        predictionPanel('Likeliest next tokens, clean run', predictions.clean, marks),
        predictionPanel('Likeliest next tokens, corrupted run', predictions.corrupted, marks),
      ],
    ],
    24,
    14,
  );
  const notes = [
    'A space is drawn as "·", a line break as "⏎". Framed boxes are the positions at which the prompts differ.',
  ];
  return figure({ ...words, body, notes });
}

/** Positions to draw; -1 stands for a gap. */
function shownPositions(clean: readonly string[], corrupted: readonly string[]): number[] {
  const count = Math.max(clean.length, corrupted.length);
  const all = Array.from({ length: count }, (_, i) => i);
  if (count <= MOST_POSITIONS) return all;
  const differing = all.filter((i) => clean[i] !== corrupted[i]).slice(0, 8);
  const near = (i: number) => differing.some((d) => Math.abs(d - i) <= CONTEXT);
  const kept = all.filter((i) => i < CONTEXT || i >= count - CONTEXT || near(i));
  return kept.flatMap((i, n) => (n > 0 && kept[n - 1] !== i - 1 ? [-1, i] : [i]));
}

function layOut(clean: readonly string[], corrupted: readonly string[]): Layout {
  const layout: Layout = { boxes: [], positions: [], lines: 1 };
  let x = LABEL_WIDTH;
  for (const i of shownPositions(clean, corrupted)) {
    const texts = [clean, corrupted].map((tokens) => (i < 0 ? '…' : tokenText(tokens[i])));
    const width = Math.max(22, ...texts.map((text) => textWidth(text, FONT_SIZE) + 10));
    if (x + width > WIDTH) {
      x = LABEL_WIDTH;
      layout.lines++;
    }
    const y = (layout.lines - 1) * LINE_HEIGHT + 16;
    const differs = i >= 0 && clean[i] !== corrupted[i];
    layout.positions.push({ x: x + width / 2, y: y - 9, text: i < 0 ? '' : String(i) });
    layout.boxes.push({ x, y, width, text: texts[0]!, differs, row: 'clean' });
    layout.boxes.push({ x, y: y + BOX_HEIGHT + 3, width, text: texts[1]!, differs, row: 'corrupted' });
    x += width + 3;
  }
  return layout;
}

function tokenText(token: string | undefined): string {
  return token === undefined ? '–' : shorten(visibleToken(token), LONGEST_TOKEN);
}

function stripPanel(clean: readonly string[], corrupted: readonly string[]): Panel {
  const { boxes, positions, lines } = layOut(clean, corrupted);
  const names = Array.from({ length: lines }, (_, i) => i).flatMap((i) =>
    ['position', 'clean', 'corrupted'].map((text, row) => ({
      text,
      y: i * LINE_HEIGHT + [7, 28, 55][row]!,
    })),
  );
  const box = { x1: 'x', x2: (b: Box) => b.x + b.width, y1: 'y', y2: (b: Box) => b.y + BOX_HEIGHT, rx: 3 };
  const centre = { x: (b: Box) => b.x + b.width / 2, y: (b: Box) => b.y + BOX_HEIGHT / 2, text: 'text' };
  const same = boxes.filter((b) => !b.differs);
  const different = boxes.filter((b) => b.differs);
  return plotPanel({
    width: WIDTH,
    height: lines * LINE_HEIGHT - 12,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    color: { type: 'identity' },
    marks: [
      Plot.rect(same, { ...box, fill: '#f4f4f4', stroke: '#dcdcdc' }),
      Plot.rect(different, { ...box, fill: (b: Box) => FILLS[b.row], stroke: INK, strokeWidth: 1.6 }),
      Plot.text(same, { ...centre, fill: SOFT_INK, fontSize: FONT_SIZE }),
      Plot.text(different, { ...centre, fontWeight: 'bold', fontSize: FONT_SIZE }),
      Plot.text(positions, { x: 'x', y: 'y', text: 'text', fill: SOFT_INK, fontSize: 9 }),
      Plot.text(names, {
        x: LABEL_WIDTH - 10,
        y: 'y',
        text: 'text',
        textAnchor: 'end',
        fill: SOFT_INK,
        fontSize: (d: { text: string }) => (d.text === 'position' ? 9 : FONT_SIZE),
      }),
    ],
  });
}

interface Marked {
  answer?: string | undefined;
  wrong?: string | undefined;
}

function predictionPanel(title: string, list: readonly NextToken[], { answer, wrong }: Marked): Panel {
  const rows = list.map((entry, rank) => ({
    ...entry,
    rank,
    text: tokenText(entry.token),
    role: entry.token === answer ? 'answer' : entry.token === wrong ? 'wrong' : '',
  }));
  const color = { answer: ANSWER_COLOR, wrong: WRONG_COLOR, '': OTHER_COLOR };
  const left = Math.min(190, Math.max(60, ...rows.map((row) => textWidth(row.text, FONT_SIZE) + 16)));
  const value = (row: (typeof rows)[number]) =>
    `${formatNumber(row.probability)}  (logit ${formatNumber(row.logit)}${row.role === '' ? '' : `, ${row.role}`})`;
  return plotPanel({
    width: (WIDTH - 24) / 2,
    height: 24 + Math.max(rows.length, 1) * 24 + 38,
    marginLeft: left,
    marginRight: 160,
    marginTop: 24,
    marginBottom: 38,
    x: {
      domain: [0, Math.max(0.05, ...rows.map((row) => row.probability))],
      label: 'probability',
      labelArrow: 'none',
      ticks: 4,
      nice: true,
      labelAnchor: 'center',
    },
    y: {
      type: 'band',
      label: null,
      tickSize: 0,
      axis: null,
      padding: 0.25,
      domain: rows.map((row) => row.rank),
    },
    color: { type: 'identity' },
    marks: [
      Plot.ruleX([0], { stroke: RULE }),
      Plot.barX(rows, {
        x: 'probability',
        y: 'rank',
        fill: (row: (typeof rows)[number]) => color[row.role as keyof typeof color],
      }),
      Plot.text(rows, { x: 0, y: 'rank', text: 'text', textAnchor: 'end', dx: -6 }),
      Plot.text(rows, {
        x: 'probability',
        y: 'rank',
        text: value,
        textAnchor: 'start',
        dx: 5,
        fill: SOFT_INK,
        fontSize: 10,
      }),
      Plot.text([title], {
        frameAnchor: 'top-left',
        dy: -18,
        dx: 6 - left,
        fontWeight: 'bold',
        textAnchor: 'start',
      }),
    ],
  });
}
