/**
 * mediators: causal interpretability of transformer language models, exact and fast, in Node.
 */
export { type AttributeOptions, attribute } from './attribution/attribute.ts';
export type { Method, MethodInput, Scores } from './attribution/method.ts';
export { METHODS } from './attribution/methods.ts';
export { AUDIT_METHODS, type AuditOptions } from './audit/options.ts';
export { type Audit, audit } from './audit/run.ts';
export {
  type CircuitEdge,
  type CircuitGraph,
  type CircuitNode,
  type CircuitThresholds,
  type EdgeKind,
} from './circuit/circuit.ts';
export { type CircuitOptions, circuitGraph } from './circuit/graph.ts';
export { toGraphml } from './circuit/graphml.ts';
export { toViewerJson, type ViewerJson, type ViewerOptions } from './circuit/viewer-json.ts';
export { CancelledError, InputError, RunError } from './errors.ts';
export type { Measure } from './effects/measures.ts';
export { type LoadModelOptions, loadModel } from './load-model.ts';
export {
  type Ablated,
  type AblationOptions,
  type AblationPrompt,
  type AblationValue,
  ablate,
  ablationEdits,
  type ComponentSet,
  type EditValue,
} from './mediation/ablation.ts';
export { type DirectDefinition, directEffects, type DirectOptions } from './mediation/direct.ts';
export {
  type MlpMode,
  pathPatching,
  type PathOptions,
  type ReceiverInput,
  type Receivers,
} from './mediation/path-patching.ts';
export { headsByPosition, type PositionOptions } from './mediation/positions.ts';
export type { KindScores } from './mediation/source.ts';
export type { ModelConfig } from './model/config.ts';
export { type BlockHook, blockSite, parseSite, type Site, siteName } from './model/sites.ts';
export type { Edit } from './patch/edits.ts';
export type { GradientResult } from './patch/gradients.ts';
export { type CacheResult, Model, type Prompts, type RunOptions } from './patch/model.ts';
export type { NamesFilter } from './patch/names.ts';
export type { Callback, Hook, HookFunction } from './patch/walk.ts';
export type { AuditJson, ComparisonJson } from './results/audit-json.ts';
export type { KindComponent, Mediation, PairValues } from './results/mediation.ts';
export { openStudy, type StudyResults } from './results/read.ts';
export type { StudyJson } from './results/study-json.ts';
export { type MergeOptions, mergeStudies } from './study/merge.ts';
export { DEFAULTS, type StudyOptions } from './study/options.ts';
export { measureRates } from './study/plan/measure.ts';
export { type PhasePlan, planStudy, type StudyPlan } from './study/plan/plan.ts';
export type { Rates } from './study/plan/rates.ts';
export type { Progress } from './study/phases.ts';
export type { Study, StudyHandlers } from './study/handlers.ts';
export type { Shard } from './study/shard.ts';
export { study, type StudyShard, studyShard } from './study/study.ts';
export type { Lint } from './tasks/lint.ts';
export { type LogitDifference, logitDifference, type Metric } from './tasks/metric.ts';
export {
  BUILT_IN_PAIRS,
  type IdPair,
  type Pair,
  type Prompt,
  type TextOptions,
  type TextPair,
  type Token,
} from './tasks/pair.ts';
export { type Shape, type Tensor, tensor } from './tensor/tensor.ts';
export type { Component, Contrast, Direction, Kind } from './terms.ts';
