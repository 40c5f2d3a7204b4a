// GET /dashboard: a page of three files that come with the package. They may load and ask nothing but this service.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { noSuchPage } from '../problem.js';

/** From dist/server/routes/ and from src/server/routes/ alike. */
const FOLDER = new URL('../../../src/server/dashboard/', import.meta.url);

const FILES = [
  { name: 'index.html', type: 'text/html; charset=utf-8', paths: ['/dashboard', '/dashboard/'] },
  {
    name: 'dashboard.js',
    type: 'text/javascript; charset=utf-8',
    paths: ['/dashboard/dashboard.js'],
  },
  { name: 'dashboard.css', type: 'text/css; charset=utf-8', paths: ['/dashboard/dashboard.css'] },
];

const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Registers the page and its files, which are read now. */
export function dashboardRoutes(app: FastifyInstance): void {
  for (const { name, type, paths } of FILES) {
    const bytes = bytesOf(name);
    for (const path of paths) {
      app.get(path, { schema: { hide: true } }, async (request, reply) => {
        if (bytes === null) throw noSuchPage(request);
        return withPolicy(reply).type(type).send(bytes);
      });
    }
  }
}

function withPolicy(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-cache');
}

function bytesOf(name: string): Buffer | null {
  try {
    return readFileSync(fileURLToPath(new URL(name, FOLDER)));
  } catch {
    return null;
  }
}
