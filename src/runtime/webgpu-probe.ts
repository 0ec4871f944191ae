/**
 * A program of its own (see `device.ts`): computes -1 on WebGPU and prints as JSON why it cannot, or null.
 */
import * as onnxruntime from 'onnxruntime-node';
import { OUTPUT_PREFIX, toOnnx } from '../compile/onnx.ts';

/** What ONNX Runtime says of a missing adapter, behind the place in its source that says it. */
const NO_ADAPTER = /Failed to get a WebGPU adapter: *(.*)/;

async function problem(): Promise<string | null> {
  const backends = onnxruntime.listSupportedBackends();
  if (!backends.some(({ name }) => name === 'webgpu')) {
    return `an onnxruntime-node without WebGPU for ${process.platform} ${process.arch}`;
  }
  try {
    const result = await negative(1);
    return result === -1 ? null : `one that computes ${result} for -1`;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `none (${(NO_ADAPTER.exec(message)?.[1] ?? message).trim()})`;
  }
}

async function negative(x: number): Promise<number | undefined> {
  const { bytes } = toOnnx({
    nodes: [
      { op: 'input', inputs: [], params: { name: 'x' }, dims: [1] },
      { op: 'neg', inputs: [0], params: {}, dims: [1] },
    ],
    sites: new Map(),
    outputs: new Map([['y', 1]]),
  });
  const session = await onnxruntime.InferenceSession.create(bytes, { executionProviders: ['webgpu'] });
  const result = await session.run({ x: new onnxruntime.Tensor('float32', [x], [1]) });
  return (result[`${OUTPUT_PREFIX}y`]?.data as Float32Array | undefined)?.[0];
}

process.stdout.write(JSON.stringify(await problem()));
