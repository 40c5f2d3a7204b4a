// The log of the service: one JSON object a line on standard error. Headers and bodies are never logged, so no
// token, key or claim is; each request is a line at level debug, failures are at error.

import type { FastifyServerOptions } from 'fastify';

/** How much is logged. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Levels by rising length of the log. */
export const LOG_LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

/** Where lines go. */
export interface LogSink {
  write(line: string): void;
}

/** Settings of the logger. */
export function logSettings(
  level: LogLevel,
  sink: LogSink,
): NonNullable<FastifyServerOptions['logger']> {
  return {
    level,
    stream: sink,
    base: { service: 'focus' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['req.headers', 'headers.authorization'],
    serializers: {
      req: ({ method, url, ip }) => ({ method, path: url.split('?')[0], address: ip }),
      res: ({ statusCode }) => ({ status: statusCode }),
    },
  };
}
