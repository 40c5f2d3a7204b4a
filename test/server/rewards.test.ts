// Routes that only read: the seed's examples to the digit, shapes as the OpenAPI document says, and what is refused.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { bodyOf } from '../payouts/buckets/claims/desk.js';
import {
  ask,
  AS_OPERATOR,
  claimed,
  documentOf,
  HOUR_MS,
  openService,
  type TestService,
} from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const get = (path: string) => ask(service, path);

describe('GET /rewards/estimate', () => {
  it('answers the example of the documentation, and its shape is a part of ours', async () => {
    const { status, body } = await get('/rewards/estimate?tokens=100000&quality=1.1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      inference: { per_1k_tokens_bly: 1.0, estimate_bly: 110.0, budget_available: true },
      notes: ['Estimates include active balancing'],
    });
    expect(body).toMatchObject({ inference: { estimate_bly_exact: '110' } });
  });

  it.each([
    ['tokens=100000&quality=1.1', 'inference', '110'],
    ['improvement_pct=2&difficulty=2', 'learning', '2000'],
    ['validation_tasks=50', 'validation', '500'],
    ['dataset_gb=10', 'dataset', '900'],
    ['tokens=800000', 'inference', '800'],
    ['improvement_pct=3', 'learning', '2250'],
    ['validation_tasks=200', 'validation', '2000'],
    ['dataset_gb=50&dataset_quality=0.9&dataset_diversity=1.1', 'dataset', '4950'],
  ])('%s of %s is %s BLY, exactly', async (query, kind, bly) => {
    const { body } = await get(`/rewards/estimate?${query}`);
    expect(body[kind]).toMatchObject({ estimate_bly: Number(bly), estimate_bly_exact: bly });
  });

  it('estimates kinds together, and rounds nothing before the end', async () => {
    const { body } = await get('/rewards/estimate?tokens=0.1&quality=1.1&validation_tasks=3');
    expect(Object.keys(body).sort()).toEqual(['inference', 'notes', 'validation']);
    expect(body['inference']).toMatchObject({ estimate_bly_exact: '0.00011' });
  });

  it('says where the budget of the hour does not suffice', async () => {
    const { body } = await get('/rewards/estimate?tokens=7000000');
    expect(body['inference']).toMatchObject({ budget_available: false });
    expect(body['notes']).toHaveLength(2);
  });

  it.each([
    ['', 400, undefined],
    ['quality=1', 400, 'quality'],
    ['tokens=abc', 400, 'tokens'],
    ['tokens=', 400, 'tokens'],
    ['tokens=NaN', 400, 'tokens'],
    ['tokens=Infinity', 400, 'tokens'],
    ['tokens=0x10', 400, 'tokens'],
    ['tokens=1&tokens=2', 400, 'tokens'],
    ['tokens=1&wrong=2', 400, 'wrong'],
    ['tokens=1&__proto__=2', 400, undefined],
    ['tokens=-5', 422, 'tokens'],
    ['tokens=-0', 422, 'tokens'],
    ['tokens=1e99', 422, 'tokens'],
    ['tokens=99999999999999999999999', 422, 'tokens'],
    ['tokens=1&quality=1.6', 422, 'quality'],
    ['tokens=1&quality=0.4999', 422, 'quality'],
    ['improvement_pct=1&difficulty=3.01', 422, 'difficulty'],
    ['improvement_pct=1&applicability=0.79', 422, 'applicability'],
    ['validation_tasks=1&complexity=3.5', 422, 'complexity'],
    ['dataset_gb=1&dataset_quality=1.1', 422, 'dataset_quality'],
    ['dataset_gb=1&dataset_diversity=2.5', 422, 'dataset_diversity'],
    ['dataset_gb=-1', 422, 'dataset_gb'],
    ['improvement_pct=-1', 422, 'improvement_pct'],
    ['validation_tasks=-1', 422, 'validation_tasks'],
  ])('refuses ?%s with %i and names %s', async (query, status, field) => {
    const answer = await get(`/rewards/estimate?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    if (field !== undefined) expect(answer.body).toMatchObject({ status, field });
  });
});

describe('GET /rewards/calculator', () => {
  it.each([
    ['inference_hour&tokens_per_hour=100000', '100', '800', '5600'],
    ['learning_session&improvement_pct=3', '2250', '2250', '15750'],
    ['validation_batch&validation_tasks=200', '2000', '2000', '14000'],
    ['custom&tokens=1000&validation_tasks=1', '11', undefined, undefined],
  ])('%s gives %s, %s a day, %s a week', async (query, once, day, week) => {
    const { status, body } = await get(`/rewards/calculator?scenario=${query}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ total_bly_exact: once, total_bly: Number(once) });
    expect([body['per_day_bly_exact'], body['per_week_bly_exact']]).toEqual([day, week]);
  });

  it('takes an upload a week', async () => {
    const path = '/rewards/calculator?scenario=dataset_upload&dataset_gb=50&dataset_diversity=1.1';
    const { body } = await get(path);
    expect(body).toMatchObject({ total_bly_exact: '4950', per_week_bly_exact: '4950' });
  });

  it.each([
    ['scenario=nothing', 400],
    ['', 400],
    ['scenario=inference_hour&dataset_gb=1', 400],
    ['scenario=custom&hours_per_day=3', 400],
    ['scenario=custom', 400],
    ['scenario=inference_hour&hours_per_day=25', 422],
    ['scenario=inference_hour&tokens_per_hour=-1', 422],
  ])('refuses %s with %i', async (query, status) => {
    expect((await get(`/rewards/calculator?${query}`)).status).toBe(status);
  });
});

describe('the budget', () => {
  it('has floors, targets and ceilings of the seed, and the budget of the hour', async () => {
    const { body } = await get('/rewards/buckets/status');
    expect(body).toMatchObject({
      hour_budget_bly: 11415.5,
      buckets: {
        inference: { target_pct: 0.45, floor_pct: 0.3, ceiling_pct: 0.6, available_bly: 6849.3 },
        learning: { target_pct: 0.35, floor_pct: 0.25, ceiling_pct: 0.5 },
        validation: { target_pct: 0.1, floor_pct: 0.05, ceiling_pct: 0.15 },
        dataset: { target_pct: 0.1, floor_pct: 0.05, ceiling_pct: 0.15 },
      },
    });
  });

  it('follows a claim from the hour it is made in to the counters that Prometheus reads', async () => {
    const own = await openService();
    const claim = await claimed(own, bodyOf('inference'));
    expect(claim.status).toBe(201);
    const open = await ask(own, '/rewards/buckets/status');
    expect(open.body).toMatchObject({
      buckets: { inference: { claims: 1, claimed_bly: 110, available_bly: 6739.3, total_bly: 0 } },
    });
    expect((await own.app.inject('/metrics')).payload).toContain('rewards_inference_bly_total 0');
    own.clock.nowMs += HOUR_MS;
    const settled = await ask(own, '/rewards/settle', { headers: AS_OPERATOR, body: {} });
    const { hour } = open.body as unknown as { hour: number };
    expect(settled.body).toMatchObject({ settled: [hour], next_hour: hour + 1 });
    const after = await ask(own, '/rewards/buckets/status');
    expect(after.body).toMatchObject({
      hour: hour + 1,
      rollover_bly: 11305.5,
      tranches: [{ hour, bly: 11305.5 }],
      year: { granted_bly: 110, cap_bly: 100_000_000 },
      buckets: { inference: { granted_bly: 110, total_bly: 110, claims: 0, backpay_claims: 0 } },
    });
    const hours = await ask(own, '/rewards/buckets/metrics?hours=1');
    expect(hours.body).toMatchObject({
      hours: [
        { hour, fresh_bly: 11415.5, buckets: { inference: { granted_bly: 110, opened: 1 } } },
      ],
    });
    const { payload } = await own.app.inject('/metrics');
    expect(payload).toContain('rewards_inference_bly_total 110');
    expect(payload).toMatch(/rewards_bucket_utilization\{bucket="inference"\} 0\.0\d+/);
    expect(payload).toContain('rewards_claims_total{answer="accepted"} 1');
    expect(payload).toContain('rewards_distribution_duration_seconds_count 1');
    await own.close();
  });

  it('tells the policy with rates and digest', async () => {
    const { body } = await get('/rewards/policy');
    expect(body).toMatchObject({
      ruleset: 'bly-buckets-1',
      digest: service.distributor.config.policy.digest,
      rates: {
        per_1k_tokens_bly: 1,
        per_1pct_improvement_bly: 500,
        per_validation_task_bly: 10,
        per_gb_dataset_bly: 100,
      },
      policy: { split: { inference: '0.45' }, dailyBudget: '273972' },
    });
  });

  it('finds issues by the thresholds of the policy, and none where there are none', async () => {
    const own = await openService({
      yaml: 'monitoring: { backpay_above_bly: 5 }\nanti_gaming: { max_claims_per_hour: 1000 }',
    });
    expect((await ask(own, '/rewards/health')).body).toMatchObject({ status: 'ok', issues: [] });
    for (const workId of ['a', 'b', 'c']) {
      await claimed(own, bodyOf('dataset', { workId }), workId);
    }
    own.clock.nowMs += HOUR_MS;
    await own.distributor.settleDue();
    const { body } = await ask(own, '/rewards/health');
    expect(body).toMatchObject({ status: 'degraded', issues: [{ code: 'backpay-high' }] });
    own.clock.nowMs += 3 * HOUR_MS;
    const late = await ask(own, '/rewards/health');
    expect(JSON.stringify(late.body)).toContain('settlement-overdue');
    await own.distributor.settleDue();
    expect(JSON.stringify((await ask(own, '/rewards/health')).body)).toContain(
      'learning-underused',
    );
    await own.close();
  });
});

describe('the front', () => {
  it('is alive and ready, and says so without a limit', async () => {
    expect((await get('/healthz')).body).toEqual({ alive: true });
    expect((await get('/readyz')).body).toMatchObject({ ready: true });
  });

  it('serves a document of OpenAPI that names every route, and a page to browse it', async () => {
    const { body } = await get('/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0' });
    const paths = Object.keys(documentOf(service).paths);
    for (const path of [
      '/rewards/estimate',
      '/rewards/claims/{id}',
      '/focus/{particle}',
      '/metrics',
    ]) {
      expect(paths).toContain(path);
    }
    const page = await service.app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(parseDocument((await service.app.inject('/docs/yaml')).payload).errors).toEqual([]);
  });

  it('answers what it does not have with problem documents', async () => {
    for (const path of [
      '/nothing',
      '/focus',
      '/focus/a',
      '/epochs/0',
      '/rewards/claims/xyz',
      '/%zz',
    ]) {
      const answer = await get(path);
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  it('limits requests of an address, and says when to come back', async () => {
    const own = await openService({ requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask(own, '/rewards/policy')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await ask(own, '/rewards/policy');
    expect(refused.body).toMatchObject({ code: 'too-many-requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(own, '/healthz')).status).toBe(200);
    expect((await ask(own, '/nothing')).status).toBe(429);
    await own.close();
  });

  it('gives no stack and no cause of its own failures, and logs them under the id that it tells', async () => {
    const own = await openService();
    await own.ledger.close();
    const answer = await ask(own, `/rewards/claims/${'0'.repeat(64)}`);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/at .*\.[jt]s|SQL|database/i);
    const { id } = answer.body as unknown as { id: string };
    expect(own.log.some((line) => line.includes(id) && line.includes('stack'))).toBe(true);
  });

  it('sends no header that lets other sites read it', async () => {
    const { headers } = await ask(service, '/rewards/policy', {
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
