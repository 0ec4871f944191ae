/**
 * The options that say which model computes, and with what: the same for every command that needs one.
 */
import { Command } from '@commander-js/extra-typings';
import { EMBEDDED } from '../model/loaders/open.ts';
import { type Device, DEVICES } from '../terms.ts';
import { oneOf, wholeNumber, withDefault } from './values.ts';

/** More threads than any machine of today has cores: ONNX Runtime would start them all. */
const MAX_THREADS = 1024;

/** A type, not an interface: commander asks for an index signature. */
export type ModelOptions = {
  readonly model?: string | undefined;
  readonly rawWeights?: true | undefined;
  readonly threads?: number | undefined;
  readonly device?: Device | undefined;
};

/** Which model was asked for, with the defaults of what was not. */
export interface ModelRequest {
  /** `--model`. */
  readonly source: string;
  readonly raw: boolean;
  readonly threads: number | undefined;
  readonly device: Device;
}

/** A command that has these options so far. Those that are not given stay undefined. */
export function modelCommand(name: string): Command<[], ModelOptions> {
  return new Command(name)
    .optionsGroup('Model:')
    .option(
      '--model <source>',
      withDefault(`${EMBEDDED}, a folder in Hugging Face's format, or a .gguf file`, EMBEDDED),
    )
    .option('--raw-weights', 'skip weight processing (folding of norms, centring)')
    .option(
      '--threads <n>',
      withDefault('threads of the engine', 'the number of physical cores'),
      wholeNumber('--threads', 1, MAX_THREADS),
    )
    .option(
      '--device <name>',
      withDefault('what computes: cpu or webgpu', 'cpu'),
      oneOf('--device', DEVICES),
    );
}

export function modelRequest({ model, rawWeights, threads, device }: ModelOptions): ModelRequest {
  return { source: model ?? EMBEDDED, raw: rawWeights === true, threads, device: device ?? 'cpu' };
}
