/**
 * A small web server for one page: its script, and files from a few folders. Pages are cross-origin isolated, as
 * threads in WebAssembly need it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export interface Site {
  readonly url: string;
  close(): void;
}

/** Serves `/` (a page that loads the script), `/page.js`, and `/<folder's name>/<file>` for each folder. */
export async function serve(script: string, folders: Readonly<Record<string, string>>): Promise<Site> {
  const fixed: Readonly<Record<string, string>> = {
    '/': '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    '/page.js': script,
  };
  const content = (path: string): string | Buffer | undefined => {
    const [, folder = '', file = ''] = /^\/([\w-]+)\/([\w.-]+)$/.exec(path) ?? [];
    const full = join(folders[folder] ?? '', file);
    return (
      fixed[path] ?? (folders[folder] !== undefined && existsSync(full) ? readFileSync(full) : undefined)
    );
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const body = content(path);
    const type = TYPES[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, { ...HEADERS, 'Content-Type': type });
    response.end(body);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port, got none');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => void server.close() };
}
