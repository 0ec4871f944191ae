/**
 * The end of a run: files of scores and circuits, figures and page, and `faithfulness.json` last.
 */
import { join } from 'node:path';
import { throwIfCancelled } from '../../errors.ts';
import { weightedTotal } from '../../faithfulness/circuit.ts';
import { mean } from '../../faithfulness/faithfulness.ts';
import { toMibJson } from '../../faithfulness/mib-json.ts';
import { circuitFromNodeScores, circuitFromScores } from '../../faithfulness/nested.ts';
import {
  type CurveJson,
  FAITHFULNESS_FILE,
  FAITHFULNESS_SCHEMA,
  type FaithfulnessJson,
  formatFaithfulnessJson,
  type MetricsJson,
} from '../../results/faithfulness-json.ts';
import { processorType, versions } from '../../study/identity.ts';
import { isSmallD } from '../../terms.ts';
import { faithfulnessFindings } from './findings.ts';
import { curvePlans, type ScorePlan, scorePlans } from './plan.ts';
import type { Side } from './split.ts';
import type { FaithfulnessWork, ScoresByName } from './work.ts';

/** In place of a command, for a run that no command began. */
const LIBRARY_COMMAND = 'faithfulnessSurvey() of the library';

export async function finishFaithfulness(
  work: FaithfulnessWork,
  scores: ScoresByName,
  curves: CurveJson[],
  values: MetricsJson,
): Promise<FaithfulnessJson> {
  const { folder, options, phases, signal } = work;
  await writeBenchmarkFiles(work, scores);
  const described = describe(work, curves, values);
  const findings = faithfulnessFindings(described);
  const json = (): FaithfulnessJson => ({ ...described, findings, phases: phases.records });
  if (options.figures) {
    await phases.run('figures and page', 1, async (done) => {
      const { writeFaithfulnessReport } = await import('../../report/faithfulness/report.ts');
      await writeFaithfulnessReport(folder.path, json(), signal);
      await done(1);
    });
  }
  const complete = json();
  await folder.write(FAITHFULNESS_FILE, formatFaithfulnessJson(complete));
  await folder.tidy();
  return complete;
}

/** `scores/` and `circuits/`, as the benchmark reads them. */
async function writeBenchmarkFiles(work: FaithfulnessWork, scores: ScoresByName): Promise<void> {
  const { folder, graph, model, options, signal } = work;
  const content = ({ name, level }: ScorePlan) =>
    level === 'edges' ? { scores: scores.get(name)! } : { nodeScores: scores.get(name)! };
  const write = (name: string, content: Parameters<typeof toMibJson>[1]) => {
    throwIfCancelled(signal);
    return folder.write(name, `${JSON.stringify(toMibJson(model.config, content))}\n`);
  };
  for (const plan of scorePlans(options)) await write(join('scores', `${plan.name}.json`), content(plan));
  for (const { name, scores: plan, select, rule } of curvePlans(options)) {
    const own = scores.get(plan.name)!;
    for (const k of options.circuitSizes) {
      const circuit =
        plan.level === 'edges'
          ? circuitFromScores(graph, own, { k, select, method: rule })
          : circuitFromNodeScores(graph, own, { k, select });
      await write(join('circuits', `${name}.${k}.json`), { ...content(plan), circuit });
    }
  }
}

function describe(
  { model: { config, loaded }, data, options, graph, split, identity }: FaithfulnessWork,
  curves: CurveJson[],
  values: MetricsJson,
): Omit<FaithfulnessJson, 'findings' | 'phases'> {
  const { methods, levels, select, rules, direction, sizes, circuitSizes, draws, seed, command } = options;
  const side = ({ pairs, clusters }: Side) => ({
    n: pairs.length,
    clusters,
    rows: pairs.map((pair) => data.items[pair]!.row),
  });
  const means = { clean: mean(values.clean), corrupted: mean(values.corrupted) };
  return {
    schema: FAITHFULNESS_SCHEMA,
    complete: true,
    model: { id: loaded.id, architecture: config.architecture, sha256: String(identity['model']) },
    shape: { layers: config.nLayers, heads: config.nHeads, neurons: config.dMlp },
    graph: { nodes: graph.nodes.length, edges: graph.size, weighted_edges: weightedTotal(graph) },
    task: { name: data.task, metric: data.metric, contrast: data.contrast },
    options: {
      methods: [...methods],
      levels: [...levels],
      select: [...select],
      rules: [...rules],
      direction,
      sizes: [...sizes],
      circuit_sizes: [...circuitSizes],
      draws,
      seed,
      split: options.split,
      raw_weights: loaded.raw,
    },
    split: {
      rule: split.rule,
      scores: side(split.scores),
      evaluation: {
        ...side(split.evaluation),
        ...means,
        D: means.clean - means.corrupted,
        small_d: isSmallD(means),
        values,
      },
    },
    curves,
    skipped: data.skipped.map((one) => ({ ...one })),
    notes: [...data.notes],
    command: command ?? LIBRARY_COMMAND,
    versions: versions(),
    provider: loaded.engine.provider,
    processors: [processorType()],
    identity: { ...identity },
  };
}
