// Serves the test's page, the built modules and the shaders on a loopback address: WebGPU is only for
// secure contexts, which loopback is and a file is not.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface PageServer {
  readonly url: string;
  /** Paths that were served, in order. */
  readonly served: readonly string[];
  close(): void;
}

const root = new URL('../../', import.meta.url);
const OWN = new Map([
  ['/', 'test/chromium/page.html'],
  ['/page.js', 'test/chromium/page.js'],
]);
const SHARED = /^\/((?:dist\/[\w/-]+\.js)|(?:shaders\/[\w-]+\.wgsl))$/;
const TYPES = new Map([
  ['html', 'text/html'],
  ['js', 'text/javascript'],
  ['wgsl', 'text/plain'],
]);

/** Listens on a free port. */
export async function openPageServer(): Promise<PageServer> {
  const served: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = OWN.get(path) ?? SHARED.exec(path)?.[1];
    try {
      if (file === undefined) throw new Error('not served');
      const body = readFileSync(fileURLToPath(new URL(file, root)));
      const type = TYPES.get(file.split('.').at(-1) ?? '') ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
      served.push(path);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    served,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
