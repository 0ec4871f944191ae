/**
 * The "Mediators" notebook in a few lines. In a project of yours that has mediators installed, Node 24 or later runs
 * this file as it is (`node notebook.ts`). With an older one, bundle it first:
 * `npx esbuild notebook.ts --bundle --packages=external --platform=node --target=node20 --format=esm --outfile=notebook.mjs`.
 */
import { pathToFileURL } from 'node:url';
import { BUILT_IN_PAIRS, blockSite, loadModel, logitDifference, openStudy, study } from 'mediators';

/** Runs the notebook on a model and returns what it prints. `out` is the folder of the study's results. */
export async function notebook(source = 'embedded', out = './mediators-notebook'): Promise<string[]> {
  const lines: string[] = [];
  await using model = await loadModel(source);

  // 1. Two prompts, and the difference between the logits of the two names at the last token.
  const pair = model.pair(BUILT_IN_PAIRS.notebook);
  const metric = logitDifference(pair.answer.id, pair.wrong.id);
  const { metric: f } = await model.gradients([pair.clean.ids, pair.corrupted.ids], { metric, names: [] });
  lines.push(`F clean ${f.data[0]!.toFixed(3)}, corrupted ${f.data[1]!.toFixed(3)}`);

  // 2. One head by hand: its value of the corrupted run, in the clean run.
  const { cache } = await model.runWithCache(pair.corrupted.ids, { names: 'blocks.*.attn.hook_z' });
  const site = blockSite(1, 'attn.hook_z');
  const logits = await model.lastLogits(pair.clean.ids, [{ at: site, index: [0], value: cache.get(site)! }]);
  const patched = logits.data[metric.answer]! - logits.data[metric.wrong]!;
  lines.push(`head 1.0 patched: ${(patched - f.data[0]!).toFixed(3)}`);

  // 3. Everything: attribution both ways, every head and neuron patched both ways, effects on all others, a page.
  const { folder, json, page } = await study(model, pair, { out });
  const { scores, effects } = await openStudy(folder);
  lines.push(
    `latent heads: ${[...json.latent.heads!.noising, ...json.latent.heads!.denoising].map((head) => head.join('.')).join(' ')}`,
  );

  // 4. The files hold all numbers: the score of each head, and what each does to every other.
  const [first] = json.latent.heads!.noising;
  if (first) {
    const [layer, head] = first;
    const score = scores.get('ap.noising.heads')!.data[layer * model.config.nHeads + head]!;
    const changes = await effects.readSource('noising', 'heads_to_heads', layer, head);
    lines.push(
      `head ${first.join('.')}: AP ${score.toFixed(3)}, largest change ${Math.max(...changes!.data).toFixed(3)}`,
    );
  }
  lines.push(`page: ${page}`);
  return lines;
}

// Only where it is the program that runs, not where a test imports it.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log((await notebook()).join('\n'));
}
