/**
 * The page under test: it fetches the embedded model, runs it with onnxruntime-web and answers `probe`.
 */
import { type Buffers, createWebEngine, openBuffers } from '../../src/web.ts';
import { type Answers, probe } from './probe.ts';

async function fetched(names: readonly string[]): Promise<Buffers> {
  const files = await Promise.all(
    names.map(
      async (name) => [name, new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer())] as const,
    ),
  );
  return Object.fromEntries(files);
}

async function answer(files: readonly string[], threads: number): Promise<Answers> {
  return probe(
    await openBuffers(await fetched(files), 'embedded'),
    createWebEngine({ wasmPaths: '/ort/', threads }),
  );
}

Object.assign(globalThis, { answer });
