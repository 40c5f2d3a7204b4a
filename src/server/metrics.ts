// What Prometheus reads. Totals of BLY are read from the ledger's state at each scrape, so they survive a
// restart and never go down; what this process did (requests, claims answered, settlements) is counted here.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { BUCKETS, type Bucket } from '../payouts/buckets/bucket.js';
import type { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import { utilisationOf, type BudgetView } from './budget-view.js';
import { tokensOf } from './figures.js';
import { rateList } from './rates.js';

/** Counters of a service. */
export interface ServiceMetrics {
  /** The exposition text and its media type. */
  text(): Promise<string>;
  readonly contentType: string;
  requestAnswered(route: string, method: string, status: number, seconds: number): void;
  /** `code` is accepted, replayed, or the code of a refusal. */
  claimAnswered(code: string): void;
  hourSettled(seconds: number): void;
  settlementFailed(): void;
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const SETTLEMENT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Makes the metrics of a service; `view` is asked at each scrape. */
export function openMetrics(view: BudgetView): ServiceMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addLedgerMetrics(registry, view);
  const registers = [registry];
  const settlement = new Histogram({
    name: 'rewards_distribution_duration_seconds',
    help: 'Time that the settlement of an hour took, by this process',
    buckets: SETTLEMENT_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'rewards_distribution_failures_total',
    help: 'Settlements that failed and are tried again',
    registers,
  });
  const claims = new Counter({
    name: 'rewards_claims_total',
    help: 'Claims that this process answered, by what it answered',
    labelNames: ['answer'],
    registers,
  });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const children = new Map<string, { observe(seconds: number): void }>();
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    requestAnswered: (route, method, status, seconds) => {
      const key = `${method} ${status} ${route}`;
      let child = children.get(key);
      if (child === undefined) {
        child = requests.labels(route, method, String(status));
        children.set(key, child);
      }
      child.observe(seconds);
    },
    claimAnswered: (answer) => claims.inc({ answer }),
    hourSettled: (seconds) => settlement.observe(seconds),
    settlementFailed: () => failures.inc(),
  };
}

/** What is read from the ledger's state at each scrape. */
function addLedgerMetrics(registry: Registry, view: BudgetView): void {
  const { distributor } = view;
  const registers = [registry];
  for (const bucket of BUCKETS) {
    new Counter({
      name: `rewards_${bucket}_bly_total`,
      help: `BLY granted for ${bucket} since the ledger began`,
      registers,
      collect() {
        this.reset();
        this.inc(tokensOf(distributor.state?.totals[bucket] ?? 0n));
      },
    });
  }
  const gauge = (name: string, help: string, value: (bucket: Bucket) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['bucket'],
      registers,
      collect() {
        for (const bucket of BUCKETS) this.set({ bucket }, value(bucket));
      },
    });
  };
  gauge(
    'rewards_bucket_utilization',
    'Granted / allotted of the last settled hour, 0 to 1',
    (bucket) => {
      const last = view.lastHour();
      return last === null ? 0 : utilisationOf(last, bucket);
    },
  );
  gauge(
    'rewards_bucket_available_bly',
    'BLY that a bucket can still take this hour, estimate',
    (bucket) => tokensOf(view.available(bucket)),
  );
  gauge(
    'rewards_backpay_queue_size',
    'Claims that wait for budget',
    (bucket) => view.outlook().queued[bucket].claims,
  );
  gauge('rewards_backpay_queue_bly', 'BLY that wait for budget', (bucket) =>
    tokensOf(view.outlook().queued[bucket].units),
  );
  addHourMetrics(registry, distributor, view);
}

function addHourMetrics(
  registry: Registry,
  distributor: AutomaticRewardDistributor,
  view: BudgetView,
): void {
  const registers = [registry];
  new Gauge({
    name: 'rewards_rate_bly',
    help: 'BLY for a unit of work',
    labelNames: ['bucket', 'rate'],
    registers,
    collect() {
      for (const { bucket, name, bly } of rateList(distributor.config)) {
        this.set({ bucket, rate: name }, bly);
      }
    },
  });
  new Gauge({
    name: 'rewards_last_settled_hour_timestamp_seconds',
    help: 'Start of the last settled hour; 0 before the first',
    registers,
    collect() {
      this.set((view.lastHour()?.hour ?? 0) * 3600);
    },
  });
}
