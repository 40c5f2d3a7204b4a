// GET /metrics: the exposition text of Prometheus.

import type { FastifyInstance } from 'fastify';
import type { ServiceMetrics } from '../metrics.js';
import { answers, TEXT } from '../schema.js';

/** Registers the route. */
export function metricsRoute(app: FastifyInstance, metrics: ServiceMetrics): void {
  app.get(
    '/metrics',
    {
      config: { rateLimit: false },
      schema: {
        tags: ['health'],
        summary: 'Metrics for Prometheus',
        produces: ['text/plain'],
        response: answers({
          200: { description: 'exposition text', content: { 'text/plain': { schema: TEXT } } },
        }),
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}
