// Claims over HTTP: accepted when they are durable, once, whatever is retried, in parallel, later or after a restart;
// refused with a code that a client can act on, and without a trace in the ledger.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hexSigner, signedBytes } from '../../src/payouts/buckets/claims/signature.js';
import { CHALLENGE_DOMAIN } from '../../src/server/routes/disputes.js';
import {
  attested,
  bodyOf,
  claimOf,
  didOf,
  NOW_MS,
  seedOf,
  STRANGER,
} from '../payouts/buckets/claims/desk.js';
import { signClaim, type SignedClaim } from '../../src/payouts/buckets/claims/signed-claim.js';
import {
  ask,
  AS_OPERATOR,
  claimed,
  HOUR_MS,
  openService,
  type Answer,
  type TestService,
} from './service.js';

let service: TestService;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

const idOf = ({ body }: Answer): string => (body as unknown as { claim_id: string }).claim_id;
const entries = async (): Promise<number> => (await service.ledger.head()).entries;

describe('POST /rewards/claims', () => {
  it('answers with the claim that the ledger then has, queued as a whole', async () => {
    const answer = await claimed(service, bodyOf('inference'));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ claimed_bly: 110, claimed_bly_exact: '110', sequence: 0 });
    expect(answer.headers['location']).toBe(`/rewards/claims/${idOf(answer)}`);
    expect(await service.ledger.claimOf(idOf(answer))).toMatchObject({
      claimed: 110_000_000_000n,
      queued: 110_000_000_000n,
      recipient: 'wallet:alice',
    });
  });

  it('answers a retry with the very same body, and says that it is one', async () => {
    const first = await claimed(service, bodyOf('inference'));
    const again = await claimed(service, bodyOf('inference'));
    expect(again).toMatchObject({ status: 201, text: first.text });
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await entries()).toBe(1);
  });

  it('answers a retry again when its time stamp is old, and for 48 hours', async () => {
    const first = await claimed(service, bodyOf('inference'));
    service.clock.nowMs += 47 * HOUR_MS;
    const again = await claimed(service, bodyOf('inference'));
    expect(again).toMatchObject({ status: 201, text: first.text });
    service.clock.nowMs += 2 * HOUR_MS;
    const late = await claimed(service, bodyOf('inference'));
    expect(late).toMatchObject({
      status: 409,
      body: { code: 'already-claimed', claim_id: idOf(first) },
    });
    expect(await entries()).toBe(1);
  });

  it('tells nobody but the node what it asked before', async () => {
    const first = await claimed(service, bodyOf('inference'));
    const { claim } = bodyOf('inference');
    // Somebody who saw the claim and the key, and has not the node's key.
    const forged = await claimed(service, { claim, signature: '00'.repeat(64) });
    expect(forged).toMatchObject({ status: 401, body: { code: 'wrong-signature' } });
    expect(forged.text).not.toContain(idOf(first));
  });

  it('works once on a request that comes twice at the same time', async () => {
    const same = [bodyOf(), bodyOf(), bodyOf()].map((body) => claimed(service, body));
    const statuses = (await Promise.all(same)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409]);
    expect(await entries()).toBe(1);
    expect((await claimed(service, bodyOf())).status).toBe(201);
  });

  it('refuses another body under a key, at the same time and later', async () => {
    const bodies = [bodyOf(), bodyOf('inference', { workId: 'job-2' })];
    const both = await Promise.all(bodies.map((body) => claimed(service, body)));
    expect(both.map(({ status }) => status)).toEqual([201, 422]);
    const later = await claimed(service, bodies[1]);
    expect(later).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused', field: 'idempotency-key' },
    });
    expect(await entries()).toBe(1);
  });

  it('takes the same key of another node, and another key of the same node', async () => {
    const other = {
      ...claimOf('inference', { node: didOf(STRANGER), workId: 'job-9', nonce: 'n-9' }),
    };
    const body = signClaim(seedOf(STRANGER), { ...other, attestations: attested(other) });
    expect((await claimed(service, bodyOf())).status).toBe(201);
    expect((await claimed(service, body)).status).toBe(201);
    const second = bodyOf('inference', { workId: 'job-2', nonce: 'n-2' });
    expect((await claimed(service, second, 'key-2')).status).toBe(201);
  });

  it('refuses work that is claimed already under another key, and names the claim', async () => {
    const first = await claimed(service, bodyOf());
    const again = await claimed(service, bodyOf('inference', { nonce: 'n-2' }), 'key-2');
    expect(again).toMatchObject({
      status: 409,
      body: { code: 'already-claimed', claim_id: idOf(first) },
    });
  });

  it('knows after a restart what it answered before, and how often a node claimed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'focus-claims-'));
    const file = join(folder, 'bly.ledger');
    const yaml = 'anti_gaming: { max_claims_per_hour: 2 }';
    const before = await openService({ file, yaml });
    const first = await claimed(before, bodyOf());
    await claimed(before, bodyOf('inference', { workId: 'job-2', nonce: 'n-2' }), 'key-2');
    await before.close();
    const after = await openService({ file, yaml });
    const again = await claimed(after, bodyOf());
    expect(again).toMatchObject({ status: 201, text: first.text });
    const third = bodyOf('inference', { workId: 'job-3', nonce: 'n-3' });
    const refused = await claimed(after, third, 'key-3');
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-exceeded' } });
    expect(refused.headers['retry-after']).toBe(String(50 * 60));
    expect((await after.ledger.head()).entries).toBe(2);
    await after.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps an honest second batch of the same hour, and pays both', async () => {
    const ids: string[] = [];
    for (const workId of ['batch-1', 'batch-2']) {
      ids.push(
        idOf(await claimed(service, bodyOf('inference', { workId, nonce: workId }), workId)),
      );
    }
    service.clock.nowMs += HOUR_MS;
    await service.distributor.settleDue();
    for (const id of ids) {
      const { body } = await ask(service, `/rewards/claims/${id}`);
      expect(body).toMatchObject({ status: 'pending', granted_bly: 110, queued_bly: 0 });
    }
  });
});

describe('a claim that is refused', () => {
  const signed = (claim: SignedClaim['claim'], k = 1): SignedClaim => signClaim(seedOf(k), claim);
  const stolen = (): SignedClaim => ({ ...bodyOf(), signature: bodyOf('dataset').signature });

  it.each<[string, () => unknown, number, string]>([
    ['without a body', () => null, 400, 'malformed'],
    ['of another shape', () => ({ claim: [], signature: 3 }), 400, 'malformed'],
    ['with a field that nobody knows', () => ({ ...bodyOf(), more: 1 }), 400, 'malformed'],
    ['signed by another key', stolen, 401, 'wrong-signature'],
    ['changed after it was signed', () => changedTokens(), 401, 'wrong-signature'],
    [
      'signed long ago',
      () => bodyOf('inference', { timestamp_ms: NOW_MS - 300_001 }),
      422,
      'out-of-window',
    ],
    [
      'signed in the future',
      () => bodyOf('inference', { timestamp_ms: NOW_MS + 300_001 }),
      422,
      'out-of-window',
    ],
    ['attested by itself', () => bodyOf('inference', {}, [1, 2, 4]), 403, 'self-attested'],
    ['attested by its owner', () => bodyOf('inference', {}, [2, 4, 6]), 403, 'same-owner'],
    ['attested by too few', () => bodyOf('inference', {}, [2, 4]), 422, 'too-few-attestations'],
    ['attested by nobody', () => signed(claimOf('inference')), 422, 'too-few-attestations'],
    ['attested by a stranger', () => bodyOf('inference', {}, [2, 4, 9]), 403, 'unknown-node'],
    ['of no work', () => bodyOf('inference', { work: { tokens: 0 } }), 422, 'out-of-range'],
  ])('%s: %#', async (_, body, status, code) => {
    const answer = await claimed(service, body());
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(await entries()).toBe(0);
    expect((await service.ledger.head()).hash).toBe('0'.repeat(64));
  });

  function changedTokens(): SignedClaim {
    const { claim, signature } = bodyOf();
    return { claim: { ...claim, nonce: 'another' }, signature };
  }

  it('over the rate of its node: Retry-After says when the next hour begins', async () => {
    const own = await openService({ yaml: 'anti_gaming: { max_claims_per_hour: 1 }' });
    await claimed(own, bodyOf());
    const answer = await claimed(own, bodyOf('inference', { workId: 'job-2' }), 'key-2');
    expect(answer).toMatchObject({
      status: 429,
      body: { code: 'rate-exceeded', retry_after_ms: 3_000_000 },
    });
    expect(answer.headers['retry-after']).toBe('3000');
    await own.close();
  });

  it('whose improvement may be chance: with the p-value', async () => {
    const sample = { n: 3, mean: '0.82', sd: '0.2' };
    const work = { improvement_pct: '2', baseline: { ...sample, mean: '0.8' }, candidate: sample };
    const answer = await claimed(service, bodyOf('learning', { work }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'not-significant' } });
    expect(answer.text).toMatch(/p/);
  });

  it('without a key, with one that is none, with one that is too long', async () => {
    const none = await ask(service, '/rewards/claims', { body: bodyOf() });
    expect(none).toMatchObject({ status: 400, body: { code: 'idempotency-key-missing' } });
    for (const key of ['', 'a b', 'é', 'x'.repeat(129)]) {
      expect((await claimed(service, bodyOf(), key)).status, key).toBe(400);
    }
  });

  it('that is no JSON, of another type, or too long', async () => {
    const send = (payload: string, type: string) =>
      service.app.inject({
        method: 'POST',
        url: '/rewards/claims',
        headers: { 'idempotency-key': 'k', 'content-type': type },
        payload,
      });
    expect((await send('{"claim":', 'application/json')).statusCode).toBe(400);
    expect((await send('{"__proto__":{"a":1}}', 'application/json')).statusCode).toBe(400);
    expect((await send('a=b', 'application/x-www-form-urlencoded')).statusCode).toBe(415);
    const long = await send(JSON.stringify({ claim: 'x'.repeat(70_000) }), 'application/json');
    expect(long.statusCode).toBe(413);
    expect(long.json()).toMatchObject({ code: 'body-too-large' });
  });
});

describe('GET /rewards/claims/{id}', () => {
  it('explains each step, and knows no claim that was never made', async () => {
    const id = idOf(await claimed(service, bodyOf()));
    service.clock.nowMs += HOUR_MS;
    await service.distributor.settleDue();
    const { status, body } = await ask(service, `/rewards/claims/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      claim_id: id,
      recipient: 'wallet:alice',
      pending: [{ bly: 110 }],
    });
    const { explanation } = body as unknown as { explanation: readonly string[] };
    expect(explanation.join(' ')).toMatch(/quality 1\.1, rate 1, tokens 100000 → 110/);
    expect((await ask(service, `/rewards/claims/${'f'.repeat(64)}`)).status).toBe(404);
    expect((await ask(service, '/rewards/claims/none')).status).toBe(400);
  });
});

describe('a challenge', () => {
  const challengeBody = (claim: string, changes: object = {}, k = 2) => {
    const { did, sign } = hexSigner(seedOf(k));
    const challenge = {
      ...{ claim, challenger: did, evidence: 'the tokens were never served', nonce: 'c-1' },
      ...{ timestamp_ms: service.clock.nowMs, ...changes },
    };
    return { challenge, signature: sign(signedBytes(CHALLENGE_DOMAIN, challenge)) };
  };
  const challenge = (id: string, body: unknown) =>
    ask(service, `/rewards/claims/${id}/challenge`, { body });
  const granted = async (): Promise<string> => {
    const id = idOf(await claimed(service, bodyOf()));
    service.clock.nowMs += HOUR_MS;
    await service.distributor.settleDue();
    return id;
  };
  const verdict = (id: string, body: unknown, headers: Record<string, string> = AS_OPERATOR) =>
    ask(service, `/rewards/claims/${id}/verdict`, { body, headers });

  it('that is upheld takes what was pending, and the claim says so', async () => {
    const id = await granted();
    const answer = await challenge(id, challengeBody(id));
    expect(answer.status).toBe(201);
    const { challenge: key } = answer.body as unknown as { challenge: string };
    const decided = { challenge: key, verdict: 'upheld', reason: 'no such tokens' };
    expect((await verdict(id, decided)).status).toBe(201);
    expect((await verdict(id, { ...decided, verdict: 'dismissed' })).status).toBe(409);
    service.clock.nowMs += HOUR_MS;
    await service.distributor.settleDue();
    const { body } = await ask(service, `/rewards/claims/${id}`);
    expect(body).toMatchObject({ voided_bly: 110, pending_bly: 0, paid_bly: 0 });
    expect((await challenge(id, challengeBody(id, { nonce: 'c-2' }, 4))).status).toBe(409);
  });

  it('that is not signed, of another claim, late, or by nobody who is listed is refused', async () => {
    const id = await granted();
    const before = await entries();
    const good = challengeBody(id);
    const cases: [unknown, number][] = [
      [{ ...good, signature: 'a'.repeat(128) }, 401],
      [challengeBody('a'.repeat(64)), 422],
      [challengeBody(id, { timestamp_ms: service.clock.nowMs - 300_001 }), 422],
      [challengeBody(id, {}, STRANGER), 403],
      [challengeBody(id, { evidence: '' }), 400],
      [{ ...good, more: 1 }, 400],
    ];
    for (const [body, status] of cases) expect((await challenge(id, body)).status).toBe(status);
    expect((await challenge('a'.repeat(64), challengeBody('a'.repeat(64)))).status).toBe(404);
    expect(await entries()).toBe(before);
  });

  it('is decided by the operator alone', async () => {
    const id = await granted();
    const { body } = await challenge(id, challengeBody(id));
    const decided = {
      challenge: (body as unknown as { challenge: string }).challenge,
      verdict: 'dismissed',
      reason: 'ok',
    };
    expect((await verdict(id, decided, {})).status).toBe(401);
    expect((await verdict(id, decided, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await verdict(id, { ...decided, challenge: id })).status).toBe(404);
    expect((await verdict(id, decided)).status).toBe(201);
    const open = await openService({ operatorToken: undefined });
    const settle = await ask(open, '/rewards/settle', { headers: AS_OPERATOR, body: {} });
    expect(settle).toMatchObject({ status: 403, body: { code: 'no-operator' } });
    await open.close();
  });
});

describe('GET /rewards/statements/{account}', () => {
  it('pages lines by cursor without losing one, and streams the same as CSV', async () => {
    for (const workId of ['a', 'b', 'c', 'd', 'e']) {
      await claimed(service, bodyOf('inference', { workId, nonce: workId }), workId);
    }
    service.clock.nowMs += 30 * HOUR_MS;
    await service.distributor.settleDue();
    const path = '/rewards/statements/pending:wallet:alice';
    const whole = await ask(service, `${path}?limit=1000`);
    const lines = whole.text.trim().split('\n');
    expect(lines.length).toBeGreaterThan(5);
    expect(JSON.parse(lines[0])).toMatchObject({ amount: '110', balance: '110', token: 'BLY' });
    const paged: string[] = [];
    let next: string | undefined = `${path}?limit=2`;
    while (next !== undefined) {
      const page = await ask(service, next);
      paged.push(...page.text.trim().split('\n'));
      next = /<([^>]+)>; rel="next"/.exec(String(page.headers['link'] ?? ''))?.[1];
    }
    expect(paged).toEqual(lines);
    const csv = await ask(service, path, { headers: { accept: 'text/csv' } });
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.text.trim().split('\n')).toHaveLength(lines.length + 1);
    expect((await ask(service, path, { headers: { accept: 'image/png' } })).status).toBe(406);
    expect((await ask(service, '/rewards/statements/no account')).status).toBe(422);
    expect((await ask(service, `${path}?cursor=x`)).status).toBe(400);
    expect((await ask(service, '/rewards/statements/wallet:nobody')).text).toBe('');
  });
});
