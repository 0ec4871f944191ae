/**
 * mediators: causal interpretability of transformer language models, exact and fast, in Node.
 */
export { type AttributeOptions, attribute } from './attribution/attribute.ts';
export { edgeAttributionPatching } from './attribution/edges/eap.ts';
export { type EapIgOptions, edgeIntegratedGradients } from './attribution/edges/eap-ig.ts';
export {
  type Edge,
  type EdgeGraph,
  edgeGraph,
  edgeName,
  type EdgeNode,
  type EdgeShape,
  edgesOf,
  nodeName,
  type Receiver,
  receiverName,
} from './attribution/edges/edge-graph.ts';
export type { EdgeScores, Path } from './attribution/edges/edge-scores.ts';
export { exactEdges, type ExactEdgesOptions } from './attribution/edges/exact-edges.ts';
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
export { compareSurveys, type Comparison } from './compare/compare.ts';
export type { CompareOptions } from './compare/options.ts';
export { CancelledError, InputError, RunError } from './errors.ts';
export type { Measure } from './effects/measures.ts';
export { circuitSize, type CircuitSize, complementOf, type EdgeCircuit } from './faithfulness/circuit.ts';
export {
  type Curve,
  type CurveOptions,
  type CurvePoint,
  type FaithfulnessCurves,
  faithfulnessCurves,
  type Level,
} from './faithfulness/curves.ts';
export { areasOf, CURVE_SIZES, type Faithfulness, faithfulness } from './faithfulness/faithfulness.ts';
export {
  fromMibJson,
  type MibContent,
  type MibJson,
  type MibRead,
  toMibJson,
} from './faithfulness/mib-json.ts';
export {
  type AskedSize,
  circuitFromNodeScores,
  circuitFromScores,
  type EdgeSelection,
  type NodeSelection,
  type Select,
  type SelectionMethod,
} from './faithfulness/nested.ts';
export { nodeScoresOf, type PairScorer, type PooledOptions, pooledScores } from './faithfulness/pooled.ts';
export { randomCircuits, type RandomOptions } from './faithfulness/random.ts';
export {
  type CircuitMetrics,
  pairSource,
  type PairSource,
  type RunCircuitsOptions,
} from './faithfulness/run.ts';
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
export { type MeasuredPair, type OpenPair, type PairRuns, withPair } from './patch/open-pair.ts';
export type { Run } from './patch/pair-runs.ts';
export type { SuffixChain } from './patch/suffix.ts';
export type { Callback, Hook, HookFunction } from './patch/walk.ts';
export type { AuditComparisonJson, AuditJson } from './results/audit-json.ts';
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
export { taskData, taskDataFromCsv } from './task-data.ts';
export { TASK_NAMES, type TaskName, TASKS } from './tasks/builtin/index.ts';
export type { TaskFileOptions } from './tasks/data-file.ts';
export type { TaskDataOptions } from './tasks/generate.ts';
export type { DataSet, Item, Skipped } from './tasks/item.ts';
export type { Lint } from './tasks/lint.ts';
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
  type PairModel,
  type Prompt,
  type PromptPair,
  type TextOptions,
  type TextPair,
  type Token,
} from './tasks/pair.ts';
export type { TaskSpec, TemplateSpec } from './tasks/spec.ts';
export { parseTask } from './tasks/task-file.ts';
export { type Shape, type Tensor, tensor } from './tensor/tensor.ts';
export type { Component, Contrast, Direction, Kind, MetricWord } from './terms.ts';
export type { AblationsJson } from './results/ablations-json.ts';
export type { ComparisonJson } from './results/comparison-json.ts';
export type { SurveyJson } from './results/survey-json.ts';
export type { SetAblationOptions } from './survey/ablation/options.ts';
export { ablateSurvey, type SurveyAblations } from './survey/ablation/run.ts';
export type { FaithfulnessJson } from './results/faithfulness-json.ts';
export type { FaithfulnessOptions } from './survey/faithfulness/options.ts';
export { type FaithfulnessSurvey, faithfulnessSurvey } from './survey/faithfulness/run.ts';
export { exactNodes } from './faithfulness/exact-nodes.ts';
export type { Survey } from './survey/finish.ts';
export { mergeSurveys } from './survey/merge.ts';
export { SURVEY_METHODS, type SurveyOptions } from './survey/options.ts';
export { planSurvey, type SurveyPlan } from './survey/plan.ts';
export { survey, type SurveyShard } from './survey/run.ts';
