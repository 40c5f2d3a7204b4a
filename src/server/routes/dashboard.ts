// GET /dashboard: a page of files that come with the package. They may load and ask nothing but this service.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { noSuchPage } from '../problem.js';

/** From dist/server/routes/ and from src/server/routes/ alike. */
const FOLDER = new URL('../../../src/server/dashboard/', import.meta.url);

/** The page itself is at /dashboard, the files that it names are below that. */
const PAGE = 'index.html';
const FILES = [
  ...[
    PAGE,
    'dashboard.css',
    'icon.svg',
    'dashboard.js',
    'buckets.js',
    'calculator.js',
    'charts.js',
  ],
  ...['elements.js', 'history.js', 'service.js'],
];

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Registers the page and its files, which are read now. */
export function dashboardRoutes(app: FastifyInstance): void {
  for (const name of FILES) {
    const bytes = bytesOf(name);
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    const path = name === PAGE ? '/dashboard' : `/dashboard/${name}`;
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (bytes === null) throw noSuchPage(request);
      return withPolicy(reply).type(type).send(bytes);
    });
  }
  // What the page names is relative to /dashboard.
  app.get('/dashboard/', { schema: { hide: true } }, async (_request, reply) =>
    reply.redirect('../dashboard', 308),
  );
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
