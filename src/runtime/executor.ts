/**
 * Owns the sessions and runs programs. The same code serves onnxruntime-node and onnxruntime-web: it gets the
 * library as an argument.
 */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { OUTPUT_PREFIX } from '../compile/onnx.ts';
import { RunError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Feeds, Program, SessionSource } from './engine.ts';

/** The part of ONNX Runtime's JavaScript interface that both packages share. */
export interface Ort {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

export class Executor {
  private readonly sessions = new Map<string, InferenceSession>();
  private readonly kept = new Map<string, OrtTensor>();

  constructor(
    private readonly ort: Ort,
    private readonly options: InferenceSession.SessionOptions,
  ) {}

  async prepare({ key, bytes, weights, arena = false }: SessionSource): Promise<void> {
    if (this.sessions.has(key)) return;
    const externalData = weights.map(({ path, data }) => ({
      path,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    }));
    // Without being asked, no arenas: over the sessions of a deep model they would keep gigabytes.
    const options = { ...this.options, enableCpuMemArena: arena, externalData };
    this.sessions.set(key, await this.ort.InferenceSession.create(bytes, options));
  }

  put(tensors: Feeds): void {
    for (const [name, value] of Object.entries(tensors)) this.kept.set(name, this.toOrt(value));
  }

  drop(prefix: string): void {
    for (const name of this.kept.keys()) if (name.startsWith(prefix)) this.kept.delete(name);
  }

  async run(program: Program, feeds: Feeds): Promise<Record<string, Tensor>> {
    const registers = new Map<string, OrtTensor>();
    for (const [name, value] of Object.entries(feeds)) registers.set(name, this.toOrt(value));
    const lastUse = lastUses(program);
    for (const [index, step] of program.steps.entries()) {
      const session = this.sessions.get(step.session);
      if (!session) throw new RunError(`unknown session: ${step.session}`);
      const inputs: Record<string, OrtTensor> = {};
      for (const [name, register] of Object.entries(step.inputs)) {
        const value = registers.get(register) ?? this.kept.get(register);
        if (!value) throw new RunError(`missing register: ${register} (step ${index}, ${step.session})`);
        inputs[name] = value;
      }
      const results = await session.run(
        inputs,
        Object.keys(step.outputs).map((name) => OUTPUT_PREFIX + name),
      );
      for (const [name, register] of Object.entries(step.outputs)) {
        registers.set(register, results[OUTPUT_PREFIX + name] as OrtTensor);
      }
      for (const register of registers.keys()) {
        if ((lastUse.get(register) ?? -1) <= index) registers.delete(register);
      }
    }
    const results = program.fetch.map(
      (name) => [name, registers.get(name) ?? this.copyOfKept(name)] as const,
    );
    return Object.fromEntries(results.map(([name, value]) => [name, fromOrt(value, name)]));
  }

  async release(keys: readonly string[] = [...this.sessions.keys()]): Promise<void> {
    for (const key of keys) {
      await this.sessions.get(key)?.release();
      this.sessions.delete(key);
    }
  }

  /** A copy, as the memory of a result may go to another thread. */
  private copyOfKept(name: string): OrtTensor | undefined {
    const kept = this.kept.get(name);
    return kept && new this.ort.Tensor('float32', (kept.data as Float32Array).slice(), kept.dims);
  }

  private toOrt({ data, shape }: Tensor): OrtTensor {
    return new this.ort.Tensor('float32', data, shape);
  }
}

/** The index of the last step that reads a register; fetched ones are kept to the end. */
function lastUses({ steps, fetch }: Program): Map<string, number> {
  const last = new Map<string, number>();
  steps.forEach((step, index) => {
    for (const register of Object.values(step.inputs)) last.set(register, index);
  });
  for (const name of fetch) last.set(name, steps.length);
  return last;
}

function fromOrt(value: OrtTensor | undefined, name: string): Tensor {
  if (!value) throw new RunError(`missing register: ${name} was fetched but never made`);
  return { shape: value.dims, data: value.data as Float32Array };
}
