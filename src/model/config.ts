/**
 * What a model is, whatever file it came from. Shapes are TransformerLens's words in camel case.
 */
import type { Kind } from '../terms.ts';

export type Family = 'gpt2' | 'llama';
export type Activation = 'gelu_new' | 'gelu' | 'relu' | 'silu';

/** Llama 3's frequency scaling of rotary embeddings (transformers `rope_type: "llama3"`). */
export interface Llama3Scaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalContext: number;
}

export interface Rotary {
  readonly theta: number;
  readonly scaling?: Llama3Scaling;
}

export interface ModelConfig {
  readonly family: Family;
  /** The class name in config.json, or GGUF's architecture. */
  readonly architecture: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  /** Key and value heads; equal to nHeads without grouped-query attention. */
  readonly nKvHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  readonly vocabulary: number;
  /** The longest prompt, in tokens. */
  readonly context: number;
  readonly activation: Activation;
  readonly normEps: number;
  readonly tiedEmbeddings: boolean;
  /** Llama family only. */
  readonly rotary?: Rotary;
  readonly bosTokenId?: number;
}

/** How many layers and components there are: all that the files of a study depend on. */
export type ModelShape = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'dMlp'>;

/** How many components of a kind each layer has. */
export function componentsPerLayer(config: ModelShape, kind: Kind): number {
  return kind === 'heads' ? config.nHeads : config.dMlp;
}
