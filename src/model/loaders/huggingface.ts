/**
 * A checkpoint in Hugging Face's format: config.json, *.safetensors, tokenizer.json.
 */
import { parseJson } from '../../tensor/json.ts';
import { type Checkpoint, once } from '../checkpoint.ts';
import type { ModelConfig } from '../config.ts';
import { checkLayout, expectedTensors } from '../layout.ts';
import { parseConfig } from './config-json.ts';
import { type ModelFiles, readSmallFile } from './model-files.ts';
import { readTokenizer } from './tokenizer.ts';
import { checkDtype, WeightFiles } from './weights.ts';

const CONFIG = 'config.json';
const CONFIG_LIMITS = { maxBytes: 4_000_000, maxDepth: 32 };

/**
 * Names as this project uses them to names in the files. GPT-2 checkpoints come with the `transformer.`
 * prefix or without. Names that nothing asks for (GPT-2's `attn.bias` buffers) stay unread.
 */
function storedNames(config: ModelConfig, names: Iterable<string>): Map<string, string> {
  const stored = new Map<string, string>();
  for (const name of names) {
    const bare = config.family === 'gpt2' && !/^(transformer|lm_head)\./.test(name);
    const canonical = bare ? `transformer.${name}` : name;
    if (!bare || !stored.has(canonical)) stored.set(canonical, name);
  }
  return stored;
}

function checkWeights(
  config: ModelConfig,
  weights: WeightFiles,
  stored: ReadonlyMap<string, string>,
  id: string,
): void {
  const entryOf = (name: string) => weights.entry(stored.get(name) ?? name);
  checkLayout(config, (name) => entryOf(name)?.shape, id);
  for (const [name] of expectedTensors(config)) checkDtype(name, entryOf(name)!);
}

/**
 * Opens a checkpoint. Configuration, tensor names, shapes and dtypes are checked here; weights are read later.
 * @param id the name shown in results.
 * @throws InputError, one line, for anything missing, damaged or unsupported.
 */
export async function openFiles(files: ModelFiles, id: string): Promise<Checkpoint> {
  const bytes = await readSmallFile(files, CONFIG, CONFIG_LIMITS.maxBytes);
  const config = parseConfig(parseJson(bytes, CONFIG, CONFIG_LIMITS), CONFIG);
  const tokenizer = await readTokenizer(files, config);
  const weights = await WeightFiles.open(files);
  try {
    const stored = storedNames(config, weights.names);
    checkWeights(config, weights, stored, id);
    return {
      id,
      config,
      ...tokenizer,
      has: (name) => stored.has(name),
      read: (name) => weights.read(stored.get(name) ?? name),
      sha256: once(() => files.sha256(weights.fileNames)),
      close: () => weights.close(),
    };
  } catch (error) {
    await weights.close();
    throw error;
  }
}
