/**
 * The strongest of what `mediators paths` found, as text.
 */
import { type PathArrays, pathName, type PathsOptions, positionsName, TOGETHER } from '../mediation/paths.ts';
import type { Pair } from '../tasks/pair.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Direction, Kind } from '../terms.ts';

/** So many rows of a table, and items of a list. */
const ROWS = 8;
const ITEMS = 5;

/** Columns of direct effects: the array's name before direction and kind, and the heading. */
const COLUMNS = [
  ['ap', 'total'],
  ['direct.frozen_norm', 'direct'],
  ['direct.frozen_all', 'frozen-all'],
  ['direct.frozen_heads', 'frozen-heads'],
  ['mediated', 'mediated'],
] as const;
const WIDTH = 13;
/** Numbers are shown to so many digits behind the point; what would be 0 there is left out. */
const DIGITS = 3;

/** Tables of direct effects, and lists of senders and of heads by position; effects on F, signed. */
export function pathTables({ metric, arrays }: PathArrays, pair: Pair, options: PathsOptions): string {
  const { clean, corrupted } = metric;
  const first = `F = ${clean.toFixed(3)} clean, ${corrupted.toFixed(3)} corrupted; all numbers are changes of F`;
  const parts = options.directions.flatMap((direction) => [
    ...options.kinds.flatMap((kind) => directTable(arrays, direction, kind)),
    ...senderLines(arrays, direction, options),
    ...positionLines(arrays, direction, pair),
  ]);
  return [first, ...parts].join('\n');
}

function directTable(arrays: PathArrays['arrays'], direction: Direction, kind: Kind): string[] {
  const columns = COLUMNS.map(([name]) => arrays.get(`${name}.${direction}.${kind}`));
  const [total] = columns;
  if (!total) return [];
  const heading = ['', ...COLUMNS.map(([, title]) => title)].map((title) => title.padStart(WIDTH)).join('');
  const rows = strongest(total, ROWS).map((at) =>
    [nameOf(total, at), ...columns.map((column) => number(column!.data[at]!))]
      .map((cell) => cell.padStart(WIDTH))
      .join(''),
  );
  return ['', `strongest ${kind}, ${direction}`, heading, ...rows];
}

function senderLines(
  arrays: PathArrays['arrays'],
  direction: Direction,
  { inputs, kinds, receivers }: PathsOptions,
): string[] {
  const names = receivers.map((receiver) => receiver.join('.'));
  const titles = new Map([
    ...names.map((name) => [name, name] as const),
    [TOGETHER, `${names.join(', ')} together`],
  ]);
  return inputs.flatMap((input) =>
    kinds.flatMap((kind) =>
      [...titles].flatMap(([to, title]) => {
        const scores = arrays.get(pathName(direction, input, to, kind));
        if (!scores) return [];
        const items = strongest(scores, ITEMS).map(
          (at) => `${nameOf(scores, at)} ${number(scores.data[at]!)}`,
        );
        return ['', `${kind} into ${input} of ${title}, ${direction}`, `  ${items.join(', ') || 'none'}`];
      }),
    ),
  );
}

function positionLines(arrays: PathArrays['arrays'], direction: Direction, pair: Pair): string[] {
  const scores = arrays.get(positionsName(direction));
  if (!scores) return [];
  const { tokens } = direction === 'noising' ? pair.clean : pair.corrupted;
  const [, positions, heads] = scores.shape as [number, number, number];
  const items = strongest(scores, ROWS).map((at) => {
    const [layer, position, head] = [
      Math.floor(at / (positions * heads)),
      Math.floor(at / heads) % positions,
      at % heads,
    ];
    const name = `${layer}.${head}`.padStart(WIDTH);
    return `${name}${number(scores.data[at]!).padStart(WIDTH)}  at ${position} ${JSON.stringify(tokens[position])}`;
  });
  return ['', `heads by position, ${direction}`, ...items];
}

/** Places of the largest |values| that are not shown as 0, largest first. */
function strongest({ data }: Tensor, count: number): number[] {
  const places = Array.from(data.keys()).filter((at) => Math.abs(data[at]!) >= 0.5 * 10 ** -DIGITS);
  return places.sort((a, b) => Math.abs(data[b]!) - Math.abs(data[a]!) || a - b).slice(0, count);
}

function nameOf({ shape }: Tensor, at: number): string {
  const count = shape[1]!;
  return `${Math.floor(at / count)}.${at % count}`;
}

function number(value: number): string {
  return value.toFixed(DIGITS);
}
