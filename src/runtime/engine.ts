/**
 * What executes compiled graphs, wherever it runs. Work is sent as data: a program is a list of steps, each one run of
 * one session, with named registers between them. So a whole forward pass is one message to the worker, and memory
 * is bounded by what the registers hold.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { Provider } from '../terms.ts';

/** A session to be: the ONNX bytes and the weights that they name. */
export interface SessionSource {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly weights: readonly { readonly path: string; readonly data: Float32Array }[];
  /** Keep the memory of a run for the next one: faster, but it stays taken until the session is released. */
  readonly arena?: boolean;
}

/** One run of one session. Keys are the graph's names, values are registers. */
export interface Step {
  readonly session: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Program {
  readonly steps: readonly Step[];
  /** Registers whose tensors come back, kept ones as copies. All others are dropped after their last use. */
  readonly fetch: readonly string[];
}

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Engine {
  /** The execution provider: graphs are lowered for it, and results name it. */
  readonly provider: Provider;
  /** Creates a session, unless one of that key is there. */
  prepare(source: SessionSource): Promise<void>;
  has(key: string): boolean;
  /** Keeps a tensor as a register that every later program can read, until it is dropped. */
  put(tensors: Feeds): Promise<void>;
  /** Forgets kept registers whose name starts with the prefix. */
  drop(prefix: string): Promise<void>;
  run(program: Program, feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Releases sessions, all without an argument. What they held is reused by the next ones. */
  release(keys?: readonly string[]): Promise<void>;
  dispose(): Promise<void>;
}
