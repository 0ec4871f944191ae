/**
 * What the Node engine and its worker say to one another.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { Device } from '../terms.ts';
import type { Feeds, Program, SessionSource } from './engine.ts';

export interface NodeEngineOptions {
  /** Threads of one session; default: ONNX Runtime's own choice, the number of physical cores. */
  readonly threads?: number;
  /** What executes; default `cpu`. */
  readonly device?: Device;
}

export type Request =
  | { readonly method: 'prepare'; readonly source: SessionSource }
  | { readonly method: 'put'; readonly tensors: Feeds }
  | { readonly method: 'drop'; readonly prefix: string }
  | { readonly method: 'run'; readonly program: Program; readonly feeds: Feeds }
  | { readonly method: 'release'; readonly keys: readonly string[] | undefined };

export interface Reply {
  readonly id: number;
  readonly result?: Record<string, Tensor> | undefined;
  readonly error?: string;
}
