/**
 * A model that is ready to run: its config, parameters and engine, and the sessions made so far.
 */
import { toOnnx } from '../compile/onnx.ts';
import type { Graph } from '../graph/graph.ts';
import { inputsOf } from '../graph/graph.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelConfig } from './config.ts';
import type { Parameters } from './processing.ts';
import type { Blueprint } from './stages.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface LoadedModel extends Blueprint {
  /** The name shown in results. */
  readonly id: string;
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly engine: Engine;
  readonly sessions: Sessions;
  /** Whether weight processing was skipped. */
  readonly raw: boolean;
  readonly tokenizer?: Tokenizer;
  /** Why there is no tokenizer, in one line. */
  readonly tokenizerProblem?: string;
  readonly sha256: () => Promise<string>;
  /** Closes the checkpoint's files. */
  readonly close: () => Promise<void>;
}

/** What a program needs to know of a session. */
export interface SessionInfo {
  readonly key: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Sessions by key: each is built, lowered and created on first use. */
export class Sessions {
  private readonly infos = new Map<string, SessionInfo>();
  private readonly preparing = new Set<Promise<void>>();

  constructor(
    private readonly engine: Engine,
    private readonly parameters: Parameters,
    /** Before every key in the engine, so that two users of one engine release only their own. */
    private readonly scope: string,
  ) {}

  /** Sessions of the same model for another user. */
  scoped(scope: string): Sessions {
    return new Sessions(this.engine, this.parameters, scope);
  }

  /**
   * The session of a graph. `name` must tell everything that the graph depends on. With `arena` it keeps the memory of
   * a run for the next.
   */
  async ready(name: string, build: () => Graph, arena = false): Promise<SessionInfo> {
    const key = `${this.scope}: ${name}`;
    const known = this.infos.get(key);
    if (known) return known;
    const graph = build();
    const { bytes, weights } = toOnnx(graph, this.engine.provider);
    const preparing = this.engine.prepare({
      key,
      bytes,
      arena,
      weights: weights.map(({ path, name, rows }) => ({
        path,
        data: pickRows(this.parameters.get(name), name, rows),
      })),
    });
    this.preparing.add(preparing);
    try {
      await preparing;
    } finally {
      this.preparing.delete(preparing);
    }
    const info = {
      key,
      inputs: inputsOf(graph).map(({ name }) => name),
      outputs: [...graph.outputs.keys()],
    };
    this.infos.set(key, info);
    return info;
  }

  /** Releases sessions, all without an argument; what they held is reused by the next. */
  async release(which?: readonly string[]): Promise<void> {
    // A session that becomes ready behind its own release would be taken for one that is there.
    while (this.preparing.size > 0) await Promise.allSettled(this.preparing);
    const keys = which ?? [...this.infos.keys()];
    for (const key of keys) this.infos.delete(key);
    await this.engine.release(keys);
  }
}

function pickRows(weight: Tensor | undefined, name: string, rows?: readonly number[]): Float32Array {
  if (!weight) throw new RangeError(`unknown parameter: ${name}`);
  if (!rows) return weight.data;
  const width = weight.data.length / weight.shape[0]!;
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => picked.set(weight.data.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}
