// The HTTP service: routes over one distributor and its ledger, behind a strict front: bodies and headers are
// short, slow requests end, addresses are limited, answers are checked by schema, errors are problem documents.
// It settles each hour as it ends. Closing stops accepting, finishes what is under way, and closes the ledger.

import rateLimit from '@fastify/rate-limit';
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { now as systemClock } from '../base/clock.js';
import { FocusError } from '../base/errors.js';
import { NO_NODES } from '../payouts/buckets/claims/nodes.js';
import { rateOfLog } from '../payouts/buckets/claims/rate-of-log.js';
import { RewardConfig } from '../payouts/buckets/config.js';
import { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import { ENGINE_VERSION } from '../report/manifest.js';
import { BudgetView } from './budget-view.js';
import { logSettings } from './log.js';
import { openMetrics, type ServiceMetrics } from './metrics.js';
import { addOpenApi } from './openapi.js';
import { operatorCheck } from './operator.js';
import { noSuchPage, Problem, sendProblem, setProblems } from './problem.js';
import { bucketRoutes } from './routes/buckets.js';
import { calculatorRoute } from './routes/calculator.js';
import { claimExplanationRoute } from './routes/claim-explanation.js';
import { claimRoute } from './routes/claims.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { disputeRoutes } from './routes/disputes.js';
import { epochRoutes } from './routes/epochs.js';
import { estimateRoute } from './routes/estimate.js';
import { focusRoutes } from './routes/focus.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { policyRoute } from './routes/policy.js';
import { settleRoute } from './routes/settle.js';
import { statementRoute } from './routes/statements.js';
import {
  BODY_BYTES,
  DRAIN_MS,
  DRAIN_TICK_MS,
  HEADERS_MS,
  KEEP_ALIVE_MS,
  PATH_CHARACTERS,
  REQUEST_MS,
  REQUESTS_PER_MINUTE,
  type ServerOptions,
} from './settings.js';

/** A service. */
export interface FocusServer {
  readonly app: FastifyInstance;
  readonly distributor: AutomaticRewardDistributor;
  /** Begins to accept requests; resolves to the address. Port 0 takes any that is free. */
  listen(place: { readonly host: string; readonly port: number }): Promise<string>;
  /** Stops accepting, finishes requests and the settlement under way, closes the ledger. */
  close(): Promise<void>;
}

/** Opens a service. It accepts nothing before `listen`; `app.inject` works at once. */
export async function createServer(options: ServerOptions): Promise<FocusServer> {
  const { ledger, nodes = NO_NODES, now = systemClock } = options;
  const app = Fastify(settingsOf(options));
  app.server.headersTimeout = HEADERS_MS;
  const reports: { metrics: ServiceMetrics | null } = { metrics: null };
  const distributor = new AutomaticRewardDistributor({
    ledger,
    config: options.config ?? RewardConfig.packaged(),
    now,
    onSettled: (hour, milliseconds) => {
      reports.metrics?.hourSettled(milliseconds / 1000);
      app.log.info({ hour, milliseconds: Math.round(milliseconds) }, 'hour settled');
    },
    onError: (error) => {
      reports.metrics?.settlementFailed();
      app.log.error({ err: error }, 'settlement failed; it is tried again');
    },
  });
  let isRead: boolean | null = null;
  const rate = distributor.ready.then(() =>
    rateOfLog(ledger, distributor.config.policy.antiGaming, now()),
  );
  rate.then(
    () => (isRead = true),
    (error: unknown) => {
      isRead = false;
      app.log.error({ err: error }, 'the log of the ledger cannot be read');
    },
  );
  let isClosing = false;
  const view = new BudgetView(distributor);
  const metrics = (reports.metrics = openMetrics(view));
  await addFront(app, options, metrics);
  const isOperator = operatorCheck(options.operatorToken);
  const claims = { distributor, nodes, now, rate, metrics };
  await addOpenApi(app, ENGINE_VERSION);
  estimateRoute(app, { distributor, view });
  calculatorRoute(app, { distributor, view });
  bucketRoutes(app, { distributor, view });
  policyRoute(app, distributor.config);
  claimRoute(app, claims);
  claimExplanationRoute(app, ledger);
  disputeRoutes(app, { ...claims, isOperator });
  settleRoute(app, { distributor, isOperator });
  statementRoute(app, ledger);
  healthRoutes(app, {
    distributor,
    view,
    now,
    isRead: () => isRead,
    isClosing: () => isClosing,
  });
  metricsRoute(app, metrics);
  dashboardRoutes(app);
  focusRoutes(app, options.focus ?? null);
  epochRoutes(app, options.epochs ?? null);
  await app.ready();
  return {
    app,
    distributor,
    listen: async ({ host, port }) => {
      const address = await listenAt(app, host, port);
      if (options.settles !== false) distributor.start();
      return address;
    },
    close: async () => {
      isClosing = true;
      await drain(app);
      await distributor.stop();
      await options.focus?.destroy();
      await ledger.close();
    },
  };
}

function settingsOf(options: ServerOptions): FastifyServerOptions {
  const { logLevel = 'info', logSink = process.stderr, isBehindProxy = false } = options;
  return {
    logger: logSettings(logLevel, logSink),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: isBehindProxy,
    // Requests that came before the end are answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PATH_CHARACTERS },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    ajv: {
      customOptions: {
        ...{ removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false },
        strictTypes: false,
      },
    },
  };
}

/** Limits, problems and measures that all routes share. */
async function addFront(
  app: FastifyInstance,
  { requestsPerMinute = REQUESTS_PER_MINUTE }: ServerOptions,
  metrics: ServiceMetrics,
): Promise<void> {
  setProblems(app);
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    cache: 20_000,
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: (_request, { max, ttl }) =>
      new Problem(429, {
        code: 'too-many-requests',
        detail: `expected at most ${max} requests a minute from an address`,
        fix: 'wait as long as Retry-After says',
        headers: { 'retry-after': String(Math.ceil(ttl / 1000)) },
      }),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request) => {
    throw noSuchPage(request);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url = 'none' } = request.routeOptions;
    const { elapsedTime, statusCode } = reply;
    metrics.requestAnswered(url, request.method, statusCode, elapsedTime / 1000);
    if (app.log.level === 'debug') {
      request.log.debug({ req: request, status: statusCode, ms: elapsedTime }, 'request');
    }
    done();
  });
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    done();
  });
}

/**
 * Stops accepting, and waits until what is under way is answered. Connections that fall idle are closed, those
 * that do not after a while too.
 */
async function drain(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), DRAIN_TICK_MS);
  const all = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(all);
  }
}

async function listenAt(app: FastifyInstance, host: string, port: number): Promise<string> {
  const { level } = app.log;
  // Fastify's own line of its address: ours is told by whoever listens.
  app.log.level = 'error';
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const fix =
      code === 'EADDRINUSE' ? 'another process has the port: name another with --port' : '';
    throw new FocusError('failure', `cannot listen on ${host}:${port}: ${message}`, fix, { cause });
  } finally {
    app.log.level = level;
  }
}
