// The OpenAPI document, made of the schemas that requests are checked by and answers written by, and a page to
// browse it at /docs.

import swagger from '@fastify/swagger';
import swaggerPage from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { PROBLEM } from './schema.js';

const TAGS = [
  { name: 'rewards', description: 'estimates, budget and policy' },
  { name: 'claims', description: 'claims of work, what became of them, challenges' },
  { name: 'operator', description: 'needs the operator’s token' },
  { name: 'statements', description: 'what an account got, and why' },
  { name: 'focus', description: 'the focus of the graph that is served' },
  { name: 'health', description: 'health and metrics' },
];

/** The page loads and asks nothing but this service. */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self' data:"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Registers the document; routes come after it. */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  app.addSchema(PROBLEM);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'focus',
        version,
        description:
          'Rewards for work (BLY) and the focus of a cybergraph. Errors are problem documents (RFC 9457). ' +
          'Amounts are numbers; beside each, under …_exact, is the exact decimal text.',
      },
      tags: TAGS,
      components: {
        securitySchemes: { operator: { type: 'http', scheme: 'bearer' } },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) =>
        typeof json.$id === 'string' ? json.$id : `schema-${i}`,
    },
  });
  await app.register(swaggerPage, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    uiConfig: { validatorUrl: 'none' },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
