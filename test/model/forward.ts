/**
 * A plain forward pass in float64, written apart from the engine: the judge of what the loaders read.
 * One loop per formula, no batches, no cache. It takes raw and processed parameters alike.
 */
import type { ModelConfig } from '../../src/model/config.ts';
import type { Parameters } from '../../src/model/processing.ts';

/** Row-major [rows, cols]. */
interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** Values by hook name, and `logits`. */
export type Values = Map<string, Matrix>;

function build(rows: number, cols: number, value: (row: number, col: number) => number): Matrix {
  const data = new Float64Array(rows * cols);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) data[r * cols + c] = value(r, c);
  return { rows, cols, data };
}

const at = (m: Matrix, row: number, col: number): number => m.data[row * m.cols + col]!;
const plus = (a: Matrix, b: Matrix): Matrix => build(a.rows, a.cols, (r, c) => at(a, r, c) + at(b, r, c));

/** One forward pass over token ids; `p` may be raw or processed. */
export function forward(config: ModelConfig, p: Parameters, ids: readonly number[]): Values {
  const values: Values = new Map();
  const weight = (name: string): Matrix => {
    const t = p.get(name);
    if (!t) throw new Error(`no parameter ${name}`);
    const cols = t.shape.at(-1)!;
    return { rows: t.data.length / cols, cols, data: Float64Array.from(t.data) };
  };
  const linear = (x: Matrix, matrix: string, bias?: string): Matrix => {
    const w = weight(matrix);
    const b = bias !== undefined && p.has(bias) ? weight(bias) : undefined;
    return build(x.rows, w.cols, (r, c) => {
      let sum = b ? at(b, 0, c) : 0;
      for (let i = 0; i < x.cols; i++) sum += at(x, r, i) * at(w, i, c);
      return sum;
    });
  };
  const norm = (x: Matrix, name: string): Matrix => {
    const gain = p.has(`${name}.w`) ? weight(`${name}.w`) : undefined;
    const bias = p.has(`${name}.b`) ? weight(`${name}.b`) : undefined;
    const rows = Array.from({ length: x.rows }, (_, r) =>
      normed(x.data.slice(r * x.cols, (r + 1) * x.cols), config),
    );
    return build(
      x.rows,
      x.cols,
      (r, c) => rows[r]![c]! * (gain ? at(gain, 0, c) : 1) + (bias ? at(bias, 0, c) : 0),
    );
  };

  const embedding = weight('embed.W_E');
  let residual = build(ids.length, config.dModel, (r, c) => at(embedding, ids[r]!, c));
  if (p.has('pos_embed.W_pos')) residual = plus(residual, { ...weight('pos_embed.W_pos'), rows: ids.length });
  for (let layer = 0; layer < config.nLayers; layer++) {
    const block = `blocks.${layer}`;
    const read = norm(residual, `${block}.ln1`);
    const [q, k, v] = ['Q', 'K', 'V'].map((x) =>
      linear(read, `${block}.attn.W_${x}`, `${block}.attn.b_${x}`),
    );
    values.set(`${block}.attn.hook_q`, q!).set(`${block}.attn.hook_k`, k!).set(`${block}.attn.hook_v`, v!);
    const z = attention(rotated(q!, config), rotated(k!, config), v!, config);
    residual = plus(residual, linear(z, `${block}.attn.W_O`, `${block}.attn.b_O`));
    const second = norm(residual, `${block}.ln2`);
    const pre = linear(second, `${block}.mlp.W_in`, `${block}.mlp.b_in`);
    const post = gated(
      pre,
      p.has(`${block}.mlp.W_gate`) ? linear(second, `${block}.mlp.W_gate`) : undefined,
      config,
    );
    values.set(`${block}.mlp.hook_post`, post);
    residual = plus(residual, linear(post, `${block}.mlp.W_out`, `${block}.mlp.b_out`));
    values.set(`${block}.hook_resid_post`, residual);
  }
  const last = norm(residual, 'ln_final');
  const unembed = weight('unembed.W_U_T');
  const bias = p.get('unembed.b_U');
  const logits = build(ids.length, config.vocabulary, (r, c) => {
    let sum = bias ? bias.data[c]! : 0;
    for (let i = 0; i < last.cols; i++) sum += at(last, r, i) * at(unembed, c, i);
    return sum;
  });
  return values.set('logits', logits);
}

function normed(row: Float64Array, config: ModelConfig): Float64Array {
  const mean = config.family === 'gpt2' ? row.reduce((a, b) => a + b, 0) / row.length : 0;
  const centred = row.map((x) => x - mean);
  const scale = Math.sqrt(centred.reduce((a, b) => a + b * b, 0) / row.length + config.normEps);
  return centred.map((x) => x / scale);
}

/** Rotary embedding by halves, as transformers: pairs (i, i + dHead/2). */
function rotated(x: Matrix, config: ModelConfig): Matrix {
  const { rotary, dHead } = config;
  if (!rotary) return x;
  const half = dHead / 2;
  return build(x.rows, x.cols, (r, c) => {
    const i = c % half;
    const angle = r * frequency(rotary, i, dHead);
    const first = c % dHead < half;
    const other = first ? -at(x, r, c + half) : at(x, r, c - half);
    return at(x, r, c) * Math.cos(angle) + other * Math.sin(angle);
  });
}

function frequency(rotary: NonNullable<ModelConfig['rotary']>, i: number, dHead: number): number {
  const base = rotary.theta ** ((-2 * i) / dHead);
  const s = rotary.scaling;
  if (!s) return base;
  const wavelength = (2 * Math.PI) / base;
  if (wavelength < s.originalContext / s.highFrequencyFactor) return base;
  if (wavelength > s.originalContext / s.lowFrequencyFactor) return base / s.factor;
  const smooth =
    (s.originalContext / wavelength - s.lowFrequencyFactor) / (s.highFrequencyFactor - s.lowFrequencyFactor);
  return ((1 - smooth) * base) / s.factor + smooth * base;
}

function attention(q: Matrix, k: Matrix, v: Matrix, config: ModelConfig): Matrix {
  const { dHead, nHeads, nKvHeads } = config;
  const z = build(q.rows, nHeads * dHead, () => 0);
  for (let head = 0; head < nHeads; head++) {
    const kv = Math.floor((head * nKvHeads) / nHeads) * dHead;
    for (let row = 0; row < q.rows; row++) {
      const scores: number[] = [];
      for (let key = 0; key <= row; key++) {
        let sum = 0;
        for (let i = 0; i < dHead; i++) sum += at(q, row, head * dHead + i) * at(k, key, kv + i);
        scores.push(sum / Math.sqrt(dHead));
      }
      const largest = Math.max(...scores);
      const exps = scores.map((s) => Math.exp(s - largest));
      const total = exps.reduce((a, b) => a + b, 0);
      exps.forEach((e, key) => {
        for (let i = 0; i < dHead; i++)
          z.data[row * z.cols + head * dHead + i]! += (e / total) * at(v, key, kv + i);
      });
    }
  }
  return z;
}

function gated(pre: Matrix, gate: Matrix | undefined, config: ModelConfig): Matrix {
  const act = ACTIVATIONS[config.activation];
  if (gate) return build(pre.rows, pre.cols, (r, c) => act(at(gate, r, c)) * at(pre, r, c));
  return build(pre.rows, pre.cols, (r, c) => act(at(pre, r, c)));
}

const ACTIVATIONS: Readonly<Record<ModelConfig['activation'], (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

/** Error function by its series; enough for |x| < 5, beyond which it is its sign to 1e-11. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
