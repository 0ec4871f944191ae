/**
 * The page under test: it fetches the embedded model, runs it with onnxruntime-web and answers `probe`.
 */
import { type Buffers, loadModel, type WebDevice } from '../../src/web.ts';
import { type Answers, probe } from './probe.ts';

async function fetched(names: readonly string[]): Promise<Buffers> {
  const files = await Promise.all(
    names.map(
      async (name) => [name, new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer())] as const,
    ),
  );
  return Object.fromEntries(files);
}

async function answer(files: readonly string[], threads: number, device: WebDevice): Promise<Answers> {
  return probe(await loadModel(await fetched(files), { wasmPaths: '/ort/', threads, device }));
}

Object.assign(globalThis, { answer });
