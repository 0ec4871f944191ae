/**
 * All that the benchmarks use of the library beyond its public interface, in one place: internals may change.
 */
export { toOnnx } from '../dist/compile/onnx.js';
export { edgeIntegratedGradients } from '../dist/attribution/edges/eap-ig.js';
export { patchSources, preparePatching, releasePatching } from '../dist/effects/patching.js';
export { summariesOf } from '../dist/effects/summaries.js';
export { unitContext } from '../dist/effects/unit.js';
export { writeSafetensors } from '../dist/files.js';
export { firstRuns, PAIR_MEASURES, pairEffects, prepareMediation } from '../dist/mediation/pairs.js';
export { expectedTensors } from '../dist/model/layout.js';
export { parseConfig } from '../dist/model/loaders/config-json.js';
export { Builder } from '../dist/ops/builder.js';
export { runBoth } from '../dist/patch/pair-runs.js';
export { SuffixChain } from '../dist/patch/suffix.js';
export { figure } from '../dist/plots/figure.js';
export { DIRECTION_COLORS, INK, SOFT_INK } from '../dist/plots/palette.js';
export { gridPanel, plotPanel } from '../dist/plots/panel.js';
export { readScores } from '../dist/results/read.js';
export { createNodeEngine } from '../dist/runtime/node.js';
export { seededRandom } from '../dist/stats/random.js';
export { sizeOf } from '../dist/tensor/tensor.js';
export { batchFlop, firstFlop, pairFlop, patchedFlop } from '../dist/study/plan/flop.js';
