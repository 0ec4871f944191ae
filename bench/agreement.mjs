/**
 * Whether both sides computed the same: what TransformerLens and Captum gave for their samples, beside what our whole
 * studies wrote. Differences are shares of the largest value.
 */
import { openStudy } from '../dist/index.js';
import { logitDistance } from './forward.mjs';
import { distance } from './measure.mjs';

/**
 * One entry for each thing compared: `what`, `count` of values, and the largest `difference`.
 * @param {{ name: string, out: string }[]} studies
 */
export async function agreement({ answers }, studies) {
  const found = [];
  const { ours, theirs } = answers.forward;
  found.push({
    what: 'logits of the last token',
    count: theirs.logits.length,
    difference: logitDistance(ours, theirs),
  });
  const opened = await Promise.all(studies.map(({ out }) => openStudy(out)));
  const scores = opened.find((each) => each.scores.has('ig.noising.heads'))?.scores;
  if (scores) found.push(...attributions(answers.captum, scores));
  const patched = opened.find((each) => each.scores.has('ap.noising.neurons'));
  if (!patched) return found;
  for (const side of ['notebook', 'batched']) {
    const name = `AP of neurons, ${side === 'notebook' ? "the notebook's way" : 'batched'}`;
    found.push(
      compared(
        name,
        answers[side].map((answer) => patchingScores(answer, patched.scores)),
      ),
    );
  }
  for (const target of ['heads', 'neurons']) {
    const effects = await effectRows(answers.notebook, opened, target);
    if (effects.length > 0) found.push(compared(`effects of neurons on ${target}`, effects));
  }
  return found;
}

function attributions(answers, scores) {
  return ['heads', 'neurons'].map((kind) =>
    compared(
      `layer IG of ${kind}`,
      answers
        .filter((answer) => answer.kind === kind)
        .map(({ direction, layer, scores: expected }) => ({
          expected,
          found: rowOf(scores.get(`ig.${direction}.${kind}`), layer),
        })),
    ),
  );
}

function patchingScores({ layer, indices, ap }, scores) {
  const row = rowOf(scores.get('ap.noising.neurons'), layer);
  return { expected: ap, found: indices.map((index) => row[index]) };
}

/** The effects of each sampled neuron, where a study wrote that array whole. */
async function effectRows(answers, opened, target) {
  const pairs = [];
  for (const { layer, indices, [target]: rows } of answers) {
    for (const [i, index] of indices.entries()) {
      const found = await effectsOf(opened, `neurons_to_${target}`, layer, index);
      if (found) pairs.push({ found, expected: rows[i].flat() });
    }
  }
  return pairs;
}

async function effectsOf(opened, name, layer, index) {
  for (const { effects } of opened) {
    const row = await effects.readSource('noising', name, layer, index);
    if (row) return row.data;
  }
  return undefined;
}

function rowOf({ shape, data }, layer) {
  return data.subarray(layer * shape[1], (layer + 1) * shape[1]);
}

function compared(what, pairs) {
  const found = pairs.flatMap((pair) => [...pair.found]);
  const expected = pairs.flatMap((pair) => [...pair.expected]);
  return { what, count: expected.length, difference: distance(found, expected) };
}
