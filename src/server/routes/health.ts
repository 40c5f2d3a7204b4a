// Health: GET /rewards/health for people and alerts, /healthz for whoever restarts a process that hangs, /readyz
// for whoever sends it requests: the log is read, the ledger answers, and it is not shutting down.

import type { FastifyInstance } from 'fastify';
import { decimalOf } from '../../ledger/amount.js';
import { BUCKETS } from '../../payouts/buckets/bucket.js';
import type { AutomaticRewardDistributor } from '../../payouts/buckets/distributor.js';
import type { BudgetView } from '../budget-view.js';
import { issuesOf } from '../health.js';
import { Problem } from '../problem.js';
import { answers, HASH, listOf, objectOf, TEXT, TRUTH, WHOLE } from '../schema.js';

/** What the routes need. */
export interface HealthSources {
  readonly distributor: AutomaticRewardDistributor;
  readonly view: BudgetView;
  readonly now: () => number;
  /** Null while the log is read; then whether that went well. */
  readonly isRead: () => boolean | null;
  readonly isClosing: () => boolean;
}

/** Asking for one's health is not limited by address. */
const UNLIMITED = { rateLimit: false } as const;

/** Registers the routes. */
export function healthRoutes(app: FastifyInstance, sources: HealthSources): void {
  app.get(
    '/rewards/health',
    {
      schema: {
        tags: ['health'],
        summary: 'Active issues, by the thresholds of the policy',
        response: answers({ 200: HEALTH }, [503]),
      },
    },
    async () => healthOf(sources),
  );
  app.get(
    '/healthz',
    {
      config: UNLIMITED,
      schema: {
        tags: ['health'],
        summary: 'Alive',
        response: answers({ 200: objectOf({ alive: TRUTH }) }),
      },
    },
    async () => ({ alive: true }),
  );
  app.get(
    '/readyz',
    {
      config: UNLIMITED,
      schema: {
        tags: ['health'],
        summary: 'Ready: the log is read and the ledger answers',
        response: answers({ 200: objectOf({ ready: TRUTH, entries: WHOLE }) }, [503]),
      },
    },
    async () => ({ ready: true, entries: (await readyHead(sources)).entries }),
  );
}

async function healthOf(sources: HealthSources): Promise<object> {
  const { distributor, view, now } = sources;
  const { entries, hash, sealedThrough } = await readyHead(sources);
  const issues = issuesOf(view, now());
  const queued = BUCKETS.reduce((sum, each) => sum + view.outlook().queued[each].units, 0n);
  return {
    status: issues.length === 0 ? 'ok' : 'degraded',
    issues,
    ledger: { entries, head: hash, sealed_through: sealedThrough },
    next_hour: distributor.state?.buckets.nextHour ?? distributor.present.hour,
    backpay_bly: Number(decimalOf(queued)),
    policy: distributor.config.policy.digest,
  };
}

/** The ledger's head; throws the problem, 503, of a service that is not ready. */
async function readyHead({ distributor, isRead, isClosing }: HealthSources) {
  const notReady = (detail: string): Problem =>
    new Problem(503, { code: 'not-ready', detail, headers: { 'retry-after': '1' } });
  if (isClosing()) throw notReady('the service is shutting down');
  const read = isRead();
  if (read === null) throw notReady('the log of the ledger is being read');
  if (!read) throw notReady('the log of the ledger cannot be read; the service’s log says why');
  try {
    return await distributor.ledger.head();
  } catch {
    throw notReady('the ledger does not answer');
  }
}

const HEALTH = objectOf({
  status: { enum: ['ok', 'degraded'] },
  issues: listOf(
    objectOf({ code: TEXT, bucket: { enum: [...BUCKETS] }, detail: TEXT }, ['bucket']),
  ),
  ledger: objectOf({ entries: WHOLE, head: HASH, sealed_through: WHOLE }),
  next_hour: { ...WHOLE, description: 'the hour that is settled next' },
  backpay_bly: { type: 'number' },
  policy: HASH,
});
