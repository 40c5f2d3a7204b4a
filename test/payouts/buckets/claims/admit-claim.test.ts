// Admission: what each kind of claim is worth, every refusal with its code and numbers, replays and rates, and
// a claim that is made of the documented bytes alone.

import * as crypto from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  admitClaim,
  type AdmissionDesk,
  type AdmittedClaim,
} from '../../../../src/payouts/buckets/claims/admit-claim.js';
import { ClaimRate } from '../../../../src/payouts/buckets/claims/claim-rate.js';
import {
  isRefusal,
  REFUSAL_STATUS,
  type ClaimRefusal,
} from '../../../../src/payouts/buckets/claims/refusal.js';
import {
  signClaim,
  type BucketClaim,
} from '../../../../src/payouts/buckets/claims/signed-claim.js';
import type { Bucket } from '../../../../src/payouts/buckets/bucket.js';
import { BLY } from '../policies.js';
import {
  attested,
  bodyOf,
  CLAIMANT,
  claimOf,
  deskOf,
  didOf,
  NODES,
  NOW_MS,
  seedOf,
  STRANGER,
  WORKS,
} from './desk.js';

const reached = new Set<string>();

async function refusedBy(body: unknown, desk: AdmissionDesk = deskOf()): Promise<ClaimRefusal> {
  const size = desk.rate.size;
  const answer = await admitClaim(body, desk);
  if (!isRefusal(answer)) throw new Error(`admitted: ${JSON.stringify(body)}`);
  expect(desk.rate.size, 'a refusal changes no count').toBe(size);
  expect(answer.status).toBe(REFUSAL_STATUS[answer.code]);
  expect(answer.reason).not.toBe('');
  reached.add(answer.code);
  return answer;
}

async function admittedBy(body: unknown, desk: AdmissionDesk = deskOf()): Promise<AdmittedClaim> {
  const answer = await admitClaim(body, desk);
  if (isRefusal(answer)) throw new Error(`${answer.code}: ${answer.reason}`);
  return answer;
}

const learning = (work: object): BucketClaim['work'] => ({ ...WORKS.learning, ...work });

describe('a claim that is admitted', () => {
  it.each([
    ['inference', 110n],
    ['learning', 2000n],
    ['validation', 500n],
    ['dataset', 4950n],
  ] as const)('of %s is worth %s BLY by the medians of its attesters', async (kind, bly) => {
    const admitted = await admittedBy(bodyOf(kind));
    expect(admitted.units).toBe(bly * BLY);
    expect(admitted).toMatchObject({
      bucket: kind,
      node: didOf(CLAIMANT),
      recipient: 'wallet:alice',
      workId: 'job-1',
      evidence: 'e'.repeat(64),
    });
    expect(admitted.formula.result).toBe(String(bly));
    const { details } = admitted;
    expect(details).toMatchObject({ attesters: '3', owners: '3', nodes: NODES.digest });
    for (const text of Object.values(details)) expect(typeof text).toBe('string');
  });

  it('pays the median, and shows what the claimant states without paying it', async () => {
    const work = { tokens: 100_000, quality: '1.5' };
    const said = ['0.7', '0.8', '1.5'].map((quality) => ({ quality }));
    const admitted = await admittedBy(bodyOf('inference', { work }, [2, 4, 5], said));
    expect(admitted.units).toBe(80n * BLY);
    expect(admitted.details).toMatchObject({ 'quality.median': '0.8', 'quality.stated': '1.5' });
  });

  it('is paid by the usual multipliers where nobody is asked', async () => {
    const desk = deskOf('validation: {verification_nodes: 0}');
    const work = { dataset_gb: '10', quality: '1', diversity: '2' };
    const alone = signClaim(seedOf(CLAIMANT), claimOf('dataset', { work }));
    const admitted = await admittedBy(alone, desk);
    expect(admitted.units).toBe(900n * BLY);
    expect(admitted.details['attesters']).toBe('0');
    expect(admitted.details['quality.median']).toBeUndefined();
  });

  it('pays its own node where it names no recipient', async () => {
    const { recipient: _, ...claim } = claimOf('inference');
    const body = signClaim(seedOf(CLAIMANT), {
      ...claim,
      attestations: attested(claim, [2, 4, 5]),
    });
    expect((await admittedBy(body)).recipient).toBe(`neuron:${didOf(CLAIMANT)}`);
  });

  it('may be of a node that the registry does not know', async () => {
    const claim = claimOf('inference', { node: didOf(STRANGER) });
    const body = { ...claim, attestations: attested(claim, [2, 4, 5]) };
    expect((await admittedBy(signClaim(seedOf(STRANGER), body))).node).toBe(didOf(STRANGER));
  });

  it('keeps what proves it: anybody can check signature and digest of the details', async () => {
    const { details } = await admittedBy(bodyOf('learning'));
    const bytes = Buffer.from(`focus-bly-claim-1\n${details['claim']}`);
    const digest = crypto.createHash('sha256').update(bytes).digest('hex');
    expect(details['claimDigest']).toBe(digest);
    const claim = JSON.parse(details['claim']) as BucketClaim;
    expect(claim).toEqual(bodyOf('learning').claim);
    expect(Number(details['p'])).toBeLessThan(0.001);
    expect(details['measuredPct']).toBe('2.5');
  });

  it('is made of the documented bytes, without this library', async () => {
    // Keys in the order of RFC 8785; nothing in these texts needs escaping.
    const sorted = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(sorted).join(',')}]`
        : typeof value === 'object' && value !== null
          ? `{${Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, each]) => `${JSON.stringify(key)}:${sorted(each)}`)
              .join(',')}}`
          : JSON.stringify(value);
    const sign = (k: number, domain: string, value: unknown): string => {
      const der = Buffer.from(`302e020100300506032b657004220420${seedOf(k)}`, 'hex');
      const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      return crypto.sign(null, Buffer.from(domain + sorted(value)), key).toString('hex');
    };
    const work = { validation_tasks: 50 };
    const identity = {
      kind: 'validation',
      node: didOf(CLAIMANT),
      recipient: 'wallet:bob',
      workId: 'w/7',
      work,
      evidence: 'a'.repeat(64),
    };
    const digest = crypto.createHash('sha256').update(sorted(identity)).digest('hex');
    const figures = { complexity: '2' };
    const attestations = [2, 4, 5].map((k) => ({
      node: didOf(k),
      figures,
      signature: sign(k, 'focus-bly-attestation-1\n', {
        workDigest: digest,
        node: didOf(k),
        figures,
      }),
    }));
    const claim = { ...identity, nonce: 'x', timestamp_ms: NOW_MS, attestations };
    const body = { claim, signature: sign(CLAIMANT, 'focus-bly-claim-1\n', claim) };
    const admitted = await admittedBy(JSON.parse(JSON.stringify(body)));
    expect(admitted.units).toBe(1000n * BLY);
    expect(admitted.details['workDigest']).toBe(digest);
  });
});

describe('a claim that is refused', () => {
  it('is malformed: any field that is missing, unknown or of another type', async () => {
    const body = bodyOf();
    const { claim } = body;
    const { nonce: _, ...without } = claim;
    const [word] = claim.attestations ?? [];
    const wrong: readonly unknown[] = [
      null,
      7,
      'text',
      [],
      {},
      { claim },
      { ...body, more: 1 },
      { ...body, signature: body.signature.toUpperCase() },
      { ...body, signature: body.signature.slice(2) },
      { ...body, claim: null },
      { ...body, claim: without },
      { ...body, claim: { ...claim, quality: '1' } },
      JSON.parse(`{"claim":{"__proto__":{"kind":"inference"}},"signature":"${body.signature}"}`),
      ...[
        { kind: 'mining' },
        { kind: '__proto__' },
        { kind: ['inference'] },
        { node: didOf(1).slice(0, -1) },
        { node: `${didOf(1)} ` },
        { recipient: null },
        { recipient: 'alice' },
        { recipient: 'source:BLY:buckets' },
        { recipient: 'burned:x' },
        { recipient: `wallet:${'a'.repeat(200)}:${'a'.repeat(49)}` },
        { workId: '' },
        { workId: 'a b' },
        { workId: 'jób' },
        { workId: 'a'.repeat(129) },
        { workId: '\ud800' },
        { nonce: '' },
        { nonce: 'a'.repeat(65) },
        { nonce: 7 },
        { evidence: 'E'.repeat(64) },
        { evidence: 'e'.repeat(63) },
        { timestamp_ms: String(NOW_MS) },
        { timestamp_ms: -1 },
        { timestamp_ms: NOW_MS + 0.5 },
        { timestamp_ms: NaN },
        { timestamp_ms: -0 },
        { timestamp_ms: 9e15 },
        { attestations: {} },
        { attestations: Array<unknown>(65).fill(word) },
        { attestations: Array<unknown>(3) },
        { attestations: [{ ...word, figures: {} }] },
        { attestations: [{ ...word, figures: { quality: '1', speed: '1' } }] },
        { attestations: [{ ...word, figures: { quality: 'high' } }] },
        { attestations: [{ ...word, node: 'me' }] },
        { attestations: [{ ...word, weight: 7 }] },
        { attestations: [{ ...word, signature: '' }] },
        { work: [] },
        { work: {} },
        { work: { tokens: '1', validation_tasks: '1' } },
        { work: JSON.parse('{"tokens":"1","__proto__":"1"}') as object },
        { work: JSON.parse('{"tokens":"1","constructor":"1"}') as object },
        ...['-1', '-0', '+1', '1e3', '0x1', ' 1', '1.', '.5', '01', '', '١', 'NaN', 'Infinity']
          .concat(['1'.repeat(21), `0.${'0'.repeat(20)}`, '9'.repeat(1_000_000)])
          .map((tokens) => ({ work: { tokens } })),
        ...[-0, NaN, Infinity, -1, 2 ** 53, 1e21, 1e-7, true, null, {}, 1n, ['1']].map(
          (tokens) => ({
            work: { tokens },
          }),
        ),
      ].map((change) => ({ ...body, claim: { ...claim, ...change } })),
    ];
    for (const [k, each] of wrong.entries()) {
      const { code, reason } = await refusedBy(each);
      expect(code, `${k}: ${reason}`).toBe('malformed');
      expect(reason.length).toBeLessThan(300);
    }
    const { code } = await refusedBy(bodyOf('learning', { work: learning({ better: 'lower' }) }));
    expect(code).toBe('overstated-improvement');
    const sample = { n: 30, mean: '0.8' };
    for (const work of [{ baseline: sample }, { better: 'up' }, { candidate: null }, { sd: '1' }]) {
      const claimed = { ...claimOf('learning'), work: learning(work) };
      expect((await refusedBy({ ...body, claim: claimed })).code).toBe('malformed');
    }
  });

  it('is signed too long ago or in the future: five minutes to the millisecond', async () => {
    for (const age of [-300_000, 300_000]) {
      await admittedBy(bodyOf('inference', { timestamp_ms: NOW_MS - age }));
    }
    const old = await refusedBy(bodyOf('inference', { timestamp_ms: NOW_MS - 300_001 }));
    expect(old).toMatchObject({ code: 'out-of-window' });
    expect(old.reason).toMatch(/300001 ms old/);
    expect(old.retryAfterMs).toBeUndefined();
    const early = await refusedBy(bodyOf('inference', { timestamp_ms: NOW_MS + 300_007 }));
    expect(early).toMatchObject({ code: 'out-of-window', retryAfterMs: 7 });
    // What was admitted once is out of the window later.
    const body = bodyOf();
    const desk = deskOf();
    await admittedBy(body, desk);
    const later = await refusedBy(body, { ...desk, nowMs: NOW_MS + 300_001 });
    expect(later.code).toBe('out-of-window');
  });

  it('has a number outside its range, which the reason names', async () => {
    const wrong: readonly (readonly [Bucket, object, RegExp])[] = [
      ['inference', { tokens: '0' }, /work\.tokens: expected a whole number above 0, found 0/],
      ['inference', { tokens: '10.5' }, /whole number above 0, found 10\.5/],
      ['inference', { tokens: '1', quality: '1.6' }, /work\.quality: expected 0\.5 to 1\.5/],
      ['inference', { tokens: '99999999999999999999' }, /tokens: .*found more/],
      ['validation', { validation_tasks: '1.5' }, /whole number/],
      ['validation', { validation_tasks: '1', complexity: '0.9' }, /expected 1 to 3, found 0\.9/],
      ['dataset', { dataset_gb: '0.0' }, /dataset_gb: expected above 0/],
      ['dataset', { dataset_gb: '1', diversity: '2.01' }, /expected 0 to 2/],
      ['learning', learning({ improvement_pct: 0 }), /improvement_pct: expected above 0/],
      ['learning', learning({ applicability: '0.7' }), /expected 0\.8 to 1\.2/],
      ['learning', learning({ baseline: { n: 1, mean: 1, sd: 1 } }), /baseline\.n: .*found 1/],
      [
        'learning',
        learning({ candidate: { n: 2.5, mean: 1, sd: 1 } }),
        /candidate\.n: .*found 2\.5/,
      ],
      ['learning', learning({ baseline: { n: 2, mean: 0, sd: 1 } }), /baseline\.mean: .*above 0/],
      [
        'learning',
        {
          improvement_pct: '1',
          baseline: { n: 9, mean: 1, sd: 0 },
          candidate: { n: 9, mean: 2, sd: 0 },
        },
        /sd: expected above 0/,
      ],
    ];
    for (const [kind, work, reason] of wrong) {
      const answer = await refusedBy(bodyOf(kind, { work: work as BucketClaim['work'] }));
      expect(answer.code, answer.reason).toBe('out-of-range');
      expect(answer.reason).toMatch(reason);
    }
    const said = [{ quality: '1' }, { quality: '0.4' }, { quality: '1' }];
    const attestedLow = await refusedBy(bodyOf('inference', {}, [2, 4, 5], said));
    expect(attestedLow.code).toBe('out-of-range');
    expect(attestedLow.reason).toMatch(
      /attestations\[1\]\.figures\.quality: expected 0\.5 to 1\.5/,
    );
  });

  it('says more of an improvement than its samples do', async () => {
    const small = await refusedBy(
      bodyOf('learning', { work: learning({ improvement_pct: '0.09' }) }),
    );
    expect(small).toMatchObject({ code: 'too-small-improvement' });
    expect(small.reason).toMatch(/at least 0\.1 %, found 0\.09 %/);
    const over = await refusedBy(
      bodyOf('learning', { work: learning({ improvement_pct: '2.51' }) }),
    );
    expect(over).toMatchObject({ code: 'overstated-improvement' });
    expect(over.reason).toMatch(/the means show, 2\.5 %, found 2\.51 %/);
    await admittedBy(bodyOf('learning', { work: learning({ improvement_pct: '2.5' }) }));
    const noisy = { candidate: { n: 30, mean: '0.82', sd: '0.2' } };
    const chance = await refusedBy(bodyOf('learning', { work: learning(noisy) }));
    expect(chance.code).toBe('not-significant');
    // scipy.stats.ttest_ind_from_stats(.82, .2, 30, .8, .02, 30, False, 'greater'): 0.2949
    expect(chance.reason).toMatch(/^p = 0\.2949 \(t = 0\.545, 29\.58 degrees.*at most 0\.05$/);
  });

  it('measures the other way round where lower is better', async () => {
    const work = {
      improvement_pct: '2',
      better: 'lower',
      baseline: { n: 30, mean: '0.82', sd: '0.02' },
      candidate: { n: 30, mean: '0.8', sd: '0.02' },
    };
    const { details } = await admittedBy(bodyOf('learning', { work }));
    expect(details['measuredPct']).toBe('2.43902439');
    const wrongWay = { ...work, better: 'higher' };
    const { code, reason } = await refusedBy(bodyOf('learning', { work: wrongWay }));
    expect(code).toBe('overstated-improvement');
    expect(reason).toMatch(/-2\.43902439 %/);
  });

  it('is attested by too few, the wrong ones, or itself', async () => {
    const cases: readonly (readonly [string, readonly number[]])[] = [
      ['too-few-attestations', [2, 4]],
      ['too-few-attestations', []],
      ['unknown-node', [2, 4, STRANGER]],
      ['unknown-node', [2, 4, 7]],
      ['twice-attested', [2, 4, 4]],
      ['self-attested', [2, 4, CLAIMANT]],
      ['same-owner', [2, 4, 6]],
      ['concentrated', [2, 3, 4]],
    ];
    for (const [code, nodes] of cases) {
      expect((await refusedBy(bodyOf('inference', {}, nodes))).code).toBe(code);
    }
    const strict = deskOf('anti_gaming: {diversity_requirement: 4}');
    const few = await refusedBy(bodyOf(), strict);
    expect(few).toMatchObject({ code: 'too-few-owners' });
    expect(few.reason).toMatch(/of 4 owners, found 3/);
  });

  it('is worth less than a base unit', async () => {
    const worthless = Array(3).fill({ quality: '0', diversity: '1' }) as { quality: string }[];
    const answer = await refusedBy(bodyOf('dataset', {}, [2, 4, 5], worthless));
    expect(answer).toMatchObject({ code: 'nothing-earned' });
    expect(answer.reason).toMatch(/quality 0/);
  });

  it('is signed by another key, or is not what was signed', async () => {
    const body = bodyOf();
    const other = { ...body, signature: bodyOf('inference', { nonce: 'n-2' }).signature };
    expect((await refusedBy(other)).code).toBe('wrong-signature');
    for (const change of [{ nonce: 'n-2' }, { timestamp_ms: NOW_MS + 1 }]) {
      const changed = { ...body, claim: { ...body.claim, ...change } };
      expect((await refusedBy(changed)).code).toBe('wrong-signature');
    }
    const stolen = { ...body, claim: { ...body.claim, node: didOf(STRANGER) } };
    expect((await refusedBy(stolen)).code).toBe('wrong-signature');
    const without = { ...body.claim, attestations: [...(body.claim.attestations ?? [])].reverse() };
    expect((await refusedBy({ ...body, claim: without })).code).toBe('wrong-signature');
  });

  it('carries an attestation for other work, or other figures', async () => {
    const claim = claimOf('inference');
    const words = attested(claim, [2, 4, 5]);
    const elsewhere = { ...claim, workId: 'job-2', attestations: words };
    const moved = await refusedBy(signClaim(seedOf(CLAIMANT), elsewhere));
    expect(moved).toMatchObject({ code: 'wrong-attestation', status: 401 });
    const better = words.map((word, i) =>
      i === 1 ? { ...word, figures: { quality: '1.5' } } : word,
    );
    const raised = signClaim(seedOf(CLAIMANT), { ...claim, attestations: better });
    expect((await refusedBy(raised)).reason).toMatch(/attestations\[1\]\.signature: not by/);
  });

  it('has reached every other code there is', () => {
    const missing = Object.keys(REFUSAL_STATUS).filter((code) => !reached.has(code));
    expect(missing).toEqual(['rate-exceeded', 'cooling-down']);
  });
});

describe('the rate of claims', () => {
  it('admits so many an hour, tells how long to wait, and counts no refusal', async () => {
    const desk = deskOf('anti_gaming: {max_claims_per_hour: 2}');
    for (let k = 0; k < 5; k++) {
      await refusedBy(bodyOf('inference', { nonce: `r-${k}` }, [2, 4]), desk);
      const body = bodyOf('inference', { nonce: `w-${k}` });
      await refusedBy({ ...body, signature: '0'.repeat(128) }, desk);
    }
    await admittedBy(bodyOf('inference', { nonce: 'a' }), desk);
    await admittedBy(bodyOf('validation', { nonce: 'b' }), desk);
    const full = await refusedBy(bodyOf('dataset', { nonce: 'c' }), desk);
    expect(full).toMatchObject({ code: 'rate-exceeded', status: 429, retryAfterMs: 3_000_000 });
    const next = { ...desk, nowMs: NOW_MS + 3_000_000 };
    await admittedBy(bodyOf('inference', { timestamp_ms: next.nowMs }), next);
  });

  it('lets a node cool down, over the hour too', async () => {
    const desk = deskOf('anti_gaming: {cooldown_minutes: 90}');
    await admittedBy(bodyOf(), desk);
    const nowMs = NOW_MS + 3_600_000;
    const cooling = await refusedBy(bodyOf('inference', { timestamp_ms: nowMs }), {
      ...desk,
      nowMs,
    });
    expect(cooling).toMatchObject({ code: 'cooling-down', status: 429, retryAfterMs: 1_800_000 });
  });

  it('takes no second place for the same signed claim, so nobody can use up another’s hour', async () => {
    const desk = deskOf('anti_gaming: {max_claims_per_hour: 2, cooldown_minutes: 0}');
    const body = bodyOf();
    const first = await admittedBy(body, desk);
    for (let k = 0; k < 20; k++) expect(await admittedBy(body, desk)).toEqual(first);
    await admittedBy(bodyOf('inference', { nonce: 'n-2' }), desk);
    expect((await refusedBy(bodyOf('inference', { nonce: 'n-3' }), desk)).code).toBe(
      'rate-exceeded',
    );
    // Full, but what was admitted is admitted again: the ledger gives its first answer.
    expect(await admittedBy(body, desk)).toEqual(first);
  });

  it('gives the last place of an hour to one of many at once', async () => {
    const desk = deskOf('anti_gaming: {max_claims_per_hour: 3}');
    const bodies = Array.from({ length: 12 }, (_, k) => bodyOf('inference', { nonce: `p-${k}` }));
    const answers = await Promise.all(bodies.map((body) => admitClaim(body, desk)));
    expect(answers.filter((answer) => !isRefusal(answer)).length).toBe(3);
    const codes = answers.filter(isRefusal).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['rate-exceeded']));
  });

  it('is as before when the table is made again from what was admitted', async () => {
    const desk = deskOf('anti_gaming: {max_claims_per_hour: 2}');
    const { details, node } = await admittedBy(bodyOf(), desk);
    const log = [{ node, digest: details['claimDigest'], timeMs: NOW_MS }];
    const rate = ClaimRate.rebuilt(desk.policy.antiGaming, log, NOW_MS);
    const again = { ...desk, rate };
    await admittedBy(bodyOf(), again);
    await admittedBy(bodyOf('inference', { nonce: 'n-2' }), again);
    expect((await refusedBy(bodyOf('inference', { nonce: 'n-3' }), again)).code).toBe(
      'rate-exceeded',
    );
  });
});
