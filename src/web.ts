/**
 * The package in a browser: models from fetched bytes, run by onnxruntime-web. Nothing here needs Node.
 *
 *     const files = { 'config.json': ..., 'model.safetensors': ..., 'tokenizer.json': ... };
 *     const model = await loadModel(files, { wasmPaths: '/ort/', device: 'webgpu' });
 *     const { logits, cache } = await model.runWithCache('When John and Mary went to the store,');
 */
export { CancelledError, InputError, RunError } from './errors.ts';
export { type LoadModelOptions, loadModel } from './load-model-web.ts';
export type { Checkpoint } from './model/checkpoint.ts';
export type { ModelConfig } from './model/config.ts';
export { type Buffers, openBuffers } from './model/loaders/buffers.ts';
export { type BlockHook, blockSite, parseSite, type Site, siteName } from './model/sites.ts';
export type { Tokenizer } from './model/tokenizer.ts';
export type { Edit } from './patch/edits.ts';
export type { GradientResult } from './patch/gradients.ts';
export {
  type AssembleOptions,
  assembleModel,
  type CacheResult,
  Model,
  type Prompts,
  type RunOptions,
} from './patch/model.ts';
export type { NamesFilter } from './patch/names.ts';
export type { Callback, Hook, HookFunction } from './patch/walk.ts';
export { createWebEngine, type WebDevice, type WebEngineOptions } from './runtime/web.ts';
export {
  evaluateMetric,
  klDivergence,
  type KlDivergence,
  labelMetric,
  type LogitDifference,
  logitDifference,
  type LogProbability,
  logProbability,
  type Metric,
  type SetDifference,
  setDifference,
} from './tasks/metric.ts';
export {
  BUILT_IN_PAIRS,
  type IdPair,
  type Pair,
  pairFromIds,
  pairFromText,
  type Prompt,
  type PromptPair,
  type TextOptions,
  type TextPair,
  type Token,
} from './tasks/pair.ts';
export { type Shape, type Tensor, tensor } from './tensor/tensor.ts';
export type { Contrast } from './terms.ts';
