// Epochs that pay: by Shapley shares, hybrid rewards and claims, once for ever, on both stores; what
// was moved is never exceeded, whoever claims what.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../../src/base/did-key.js';
import { signClaim, type ClaimBody } from '../../src/claims/claim.js';
import { claimExactly, type ProvenClaim } from '../../src/claims/prove.js';
import { recompute, recomputeVerifier } from '../../src/claims/recompute.js';
import { openClaimNode, type ClaimNode } from '../../src/epoch/claim-node.js';
import { firstSequencesOf } from '../../src/epoch/claim-sequences.js';
import {
  checkSubmissions,
  claimWorks,
  sequenceAccount,
  type Submission,
} from '../../src/epoch/claim-works.js';
import { paidEpochOf } from '../../src/epoch/paid-epoch.js';
import { openingKey, payEpoch, planPayout, type PayoutPlan } from '../../src/epoch/pay.js';
import { payoutRulesAt, readPayoutRules, type PayoutRules } from '../../src/epoch/payout-rules.js';
import { readRulesets } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import { hybridWorks, jointOf, shapleyWorks, type PaidEpoch } from '../../src/epoch/works.js';
import type { SignalLink } from '../../src/graph/signal.js';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import { VALUE_UNITS } from '../../src/payouts/minting/conserve.js';
import { onBothStores } from '../ledger/stores.js';
import { beaconOf, folder, linksFile, machinesOf, makeChain, RULES } from './chains.js';

const EMISSION = 1000n * 10n ** 9n;
const PAYOUT = {
  startEpoch: 1,
  token: 'CYB',
  emission: '1000',
  genesis: '2026-01-01T00:00:00Z',
  epochSeconds: 3600,
  challengeSeconds: 0,
};
const rulesOf = (rewards: object, more: object = {}): PayoutRules =>
  readPayoutRules([{ ...PAYOUT, ...more, rewards }], 'payouts')[0];
const SHAPLEY = { kind: 'shapley', value: 'delta-norm', orderings: 0, tolerance: 1e-9 } as const;
const HYBRID = { kind: 'hybrid', weights: { 'delta-norm': 1, syntropy: 0.5 } } as const;
const CLAIMS = {
  kind: 'claims',
  function: 'delta-norm',
  mostError: 0.01,
  tolerance: 1e-9,
} as const;

const machines = machinesOf(1);
let paid: PaidEpoch;
let shapley: PayoutPlan;
let hybrid: PayoutPlan;

beforeAll(async () => {
  const { chain } = await makeChain(2, machines);
  paid = await paidEpochOf(chain, 1);
  const works = await shapleyWorks(paid, SHAPLEY, machines.exact);
  shapley = planPayout(paid, works, rulesOf(SHAPLEY));
  hybrid = planPayout(paid, hybridWorks(paid, HYBRID), rulesOf(HYBRID));
}, 300_000);
afterAll(() => machines.destroy());

const mintedOf = ({ transactions }: PayoutPlan): Map<string, bigint> => {
  const balances = new Map<string, bigint>();
  for (const { account, units } of transactions.flatMap(({ postings }) => postings)) {
    balances.set(account, (balances.get(account) ?? 0n) + units);
  }
  return balances;
};

async function balancesOf(ledger: Ledger): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for await (const { account, units } of ledger.balances()) found.set(account, units);
  return found;
}

describe('what an epoch pays', () => {
  it('is v(N) of its Shapley shares, or its weighted joint reward, and no unit more', () => {
    const near = (units: bigint, name: 'syntropy' | 'delta-norm') =>
      Number(units - jointOf(paid, name)) / Number(VALUE_UNITS);
    expect(Math.abs(near(shapley.actual, 'delta-norm'))).toBeLessThan(1e-7);
    // Half of a number of units that is odd is rounded down.
    expect(hybrid.actual).toBe(
      jointOf(paid, 'delta-norm') +
        jointOf(paid, 'syntropy') / 2n -
        (jointOf(paid, 'syntropy') < 0n && jointOf(paid, 'syntropy') % 2n !== 0n ? 1n : 0n),
    );
    for (const plan of [shapley, hybrid]) {
      const most = plan.actual > 0n ? plan.actual : 0n;
      expect(plan.pool * VALUE_UNITS <= most * EMISSION).toBe(true);
    }
    for (const plan of [shapley, hybrid]) expect(plan.pool).toBeGreaterThan(0n);
  });

  it('says who gets it, when, and by which formula', () => {
    const [first] = hybrid.transactions;
    const hour = Date.parse('2026-01-01T02:00:00Z') / 3_600_000;
    expect(first).toMatchObject({ kind: 'epoch-reward', epoch: hour });
    // The end of epoch 1: two hours after the first began.
    expect(first.timeMs).toBe(Date.parse('2026-01-01T02:00:00Z'));
    const { inputs, result } = first.formula ?? { inputs: {}, result: '' };
    const [claimed, actual, sum, emission] = ['claimed', 'actual', 'sumClaimed', 'emission'].map(
      (name) => BigInt(inputs[name]),
    );
    const scale = actual < sum ? actual : sum;
    expect(BigInt(result)).toBe((claimed * scale * emission) / (sum * 2n ** 61n));
    const recipients = new Set(hybrid.transactions.map(({ claims }) => claims?.[0]));
    for (const each of recipients) {
      if (each !== undefined && each.effect === 'open') {
        expect(['neuron:ann', 'neuron:bo', 'neuron:cy', 'neuron:di']).toContain(each.recipient);
      }
    }
  });

  it('counts what was moved in units rounded down, of either sign', () => {
    for (const [valueExact, units] of [
      ['0.5', VALUE_UNITS / 2n],
      ['0.1', VALUE_UNITS / 10n],
      ['-0.1', -(VALUE_UNITS / 10n) - 1n],
      ['0', 0n],
    ] as const) {
      expect(jointOf({ joint: [{ function: 'syntropy', valueExact }] }, 'syntropy')).toBe(units);
    }
  });

  it('is not planned where no ledger could hold it: an opening alone would end its payment', () => {
    const works = hybridWorks(paid, HYBRID);
    for (const [change, reason] of [
      [{ challengeSeconds: 2 ** 52 }, 'matureAtMs'],
      [{ epochSeconds: 4.4e12 }, 'timeMs'],
    ] as const) {
      expect(() => planPayout(paid, works, rulesOf(HYBRID, change)), reason).toThrow(reason);
    }
    // Each of two mints fits, and both do not.
    const work = (id: string) => ({ recipient: 'neuron:ann', id, evidence: 'e', reason: 'r' });
    const two = ['a', 'b'].map((id) => ({ ...work(id), value: VALUE_UNITS }));
    const rules = rulesOf(HYBRID, { emission: '9000000000' });
    expect(() => planPayout(paid, { actual: 9n * VALUE_UNITS, works: two }, rules)).toThrow(
      'pool: expected less than 2⁶³',
    );
  });

  it('weighs what each signal earned alone, as the epoch’s files say', () => {
    const { works } = hybridWorks(paid, HYBRID);
    const worth = (signal: number, name: string): number =>
      paid.marginals.find((row) => row.signal === signal && row.function === name)?.value ?? 0;
    expect(works).toHaveLength(paid.delta.length);
    works.forEach(({ value }, signal) => {
      const expected = worth(signal, 'delta-norm') + 0.5 * worth(signal, 'syntropy');
      expect(Number(value) / Number(VALUE_UNITS)).toBeCloseTo(expected, 12);
    });
  });

  it('has rules without a default, and refuses those that make no sense', () => {
    for (const [change, reason] of [
      [{ emission: 1000 }, 'emission: expected a decimal'],
      [{ emission: '-1' }, 'tokens ≥ 0'],
      [{ genesis: '2026-01-01' }, 'expected a time like'],
      [{ genesis: '2026-13-01T00:00:00Z' }, 'expected a time like'],
      [{ epochSeconds: 0 }, 'integer ≥ 1'],
      [{ token: '9' }, 'expected a token'],
      [{ more: 1 }, 'found "more"'],
      [{ rewards: { ...SHAPLEY, value: 'free-energy' } }, 'rewards.value'],
      [{ rewards: { ...SHAPLEY, tolerance: 0 } }, 'rewards.tolerance'],
      [{ rewards: { kind: 'all' } }, 'rewards.kind'],
      [{ rewards: null }, 'rewards.kind'],
    ] as const) {
      const rules = [{ ...PAYOUT, rewards: SHAPLEY, ...change }];
      expect(() => readPayoutRules(rules, 'payouts'), reason).toThrow(reason);
    }
    const from = (startEpoch: number) => ({ ...PAYOUT, rewards: SHAPLEY, startEpoch });
    expect(() => readPayoutRules([from(3), from(3)], 'payouts')).toThrow('more than the one');
    expect(() => readPayoutRules([], 'payouts')).toThrow('expected a ruleset');
    const two = readPayoutRules([from(1), from(4)], 'payouts');
    expect([1, 3, 4, 9].map((n) => payoutRulesAt(two, n).startEpoch)).toEqual([1, 1, 4, 4]);
    expect(() => payoutRulesAt(two, 0)).toThrow('start by epoch 0');
    const { epochSeconds: _, ...missing } = { ...PAYOUT, rewards: SHAPLEY };
    expect(() => readPayoutRules([missing], 'payouts')).toThrow('epochSeconds: expected a value');
  });
});

onBothStores((database) => {
  let count = 0;
  const fresh = async (): Promise<Ledger> =>
    openLedger(await database.open(`pay${count++}`, 'off'));

  it('pays once: again it posts nothing, and after a crash only what is missing', async () => {
    for (const plan of [shapley, hybrid]) {
      for (let crash = 0; crash <= plan.transactions.length + 1; crash++) {
        const ledger = await fresh();
        const whole = [plan.opening, ...plan.transactions];
        for (const each of whole.slice(0, crash)) await ledger.post(each);
        const first = await payEpoch(ledger, plan);
        expect(first).toEqual({ posted: whole.length - crash, replayed: crash });
        const balances = await balancesOf(ledger);
        expect(balances).toEqual(mintedOf(plan));
        expect(await payEpoch(ledger, plan)).toEqual({ posted: 0, replayed: whole.length });
        expect(await balancesOf(ledger)).toEqual(balances);
        expect(await ledger.verify()).toMatchObject({ verified: true });
        await ledger.close();
      }
    }
  });

  it('says so where the ledger refuses a mint', async () => {
    const ledger = await fresh();
    const [first] = shapley.transactions;
    // Somebody has posted another content under the key of a mint.
    await ledger.post({ ...shapley.opening, key: first.key, reason: 'another' });
    await expect(payEpoch(ledger, shapley)).rejects.toThrow('which has other content');
    await ledger.close();
  });

  it('refuses a second plan for the same epoch, and moves nothing', async () => {
    const ledger = await fresh();
    await payEpoch(ledger, shapley);
    const before = await balancesOf(ledger);
    const more = planPayout(paid, hybridWorks(paid, HYBRID), rulesOf(HYBRID, { emission: '2000' }));
    for (const plan of [hybrid, more]) {
      await expect(payEpoch(ledger, plan)).rejects.toThrow('which has other content');
      expect(await balancesOf(ledger)).toEqual(before);
    }
    await ledger.close();
  });
});

const neurons = [1, 2, 3].map((n) => signingKey(String(n).padStart(64, '0')));

it('an epoch whose focus did not settle is not paid', async () => {
  const chain = folder();
  const rulesets = readRulesets([RULES], 'rules');
  const links = linksFile(folder());
  const start = { chain, rulesets, held: null };
  await runEpoch({ ...start, epoch: 0, links, signals: null, beacon: beaconOf(0) }, machines);
  const signals = join(folder(), 'signals.ndjson');
  // All that leaves a particle is almost nothing: integers of 61 bits do not hold its column.
  const signed = [
    { from: 'p1', to: 'sink', amount: 10 },
    { from: 'sink', to: 'p2', amount: 1e-30 },
  ];
  writeFileSync(signals, `${JSON.stringify({ neuron: 'ann', links: signed })}\n`);
  const one = { ...start, epoch: 1, links: null, signals, beacon: beaconOf(1) };
  const { manifest } = await runEpoch(one, machines);
  expect(manifest.focus.converged).toBe(false);
  await expect(paidEpochOf(chain, 1)).rejects.toThrow('within its tolerance');
});

describe('claims of neurons', () => {
  let chain: string;
  let node: ClaimNode;
  let claims: readonly ProvenClaim[];
  let epoch: PaidEpoch;
  const LINKS: readonly (readonly SignalLink[])[] = [
    [{ from: 'p1', to: 'p7', amount: 40 }],
    [{ from: 'p2', to: 'fresh', amount: 25 }],
    [{ from: 'p1', to: 'p7', amount: 40 }],
  ];

  beforeAll(async () => {
    chain = folder();
    const rulesets = readRulesets([RULES], 'rules');
    const links = linksFile(folder());
    await runEpoch(
      { chain, epoch: 0, links, signals: null, rulesets, beacon: beaconOf(0) },
      machines,
    );
    node = await openClaimNode(chain);
    const base = node.recomputeBase(1e-9, machines.exact);
    const made: ProvenClaim[] = [];
    for (const [k, each] of LINKS.entries()) {
      const { did } = neurons[k];
      const signal = { neuron: did, links: each, remove: [], change: [] };
      const found = await recompute(base, signal, 'delta-norm');
      const subject = { header: node.header, sequence: 0, links: each, function: 'delta-norm' };
      made.push(claimExactly(subject as never, found, neurons[k]));
    }
    claims = made;
    const signals = join(folder(), 'signals.ndjson');
    const lines = LINKS.map((each, k) => JSON.stringify({ neuron: neurons[k].did, links: each }));
    writeFileSync(signals, `${lines.join('\n')}\n`);
    await runEpoch(
      { chain, epoch: 1, links: null, signals, rulesets, beacon: beaconOf(1) },
      machines,
    );
    epoch = await paidEpochOf(chain, 1);
  }, 120_000);

  const sent = ({ claim, tree }: ProvenClaim): Submission => ({
    claim,
    proof: { shift: tree.entries },
  });
  const changed = (k: number, change: Partial<ClaimBody>): Submission => {
    const { signature: _, ...body } = claims[k].claim;
    return { ...sent(claims[k]), claim: signClaim({ ...body, ...change }, neurons[k]) };
  };
  const judged = (submissions: readonly Submission[], ledger: Ledger | null = null) =>
    checkSubmissions(
      {
        header: node.header,
        verifier: recomputeVerifier(node.recomputeBase(1e-9, machines.exact), 0.01),
        firstSequence: firstSequencesOf(ledger, openingKey(epoch)),
        signals: epoch.delta,
      },
      submissions,
    );
  const planned = async (submissions: readonly Submission[], ledger: Ledger | null = null) => {
    const checked = await judged(submissions, ledger);
    const works = claimWorks(checked);
    const plan = planPayout(
      epoch,
      { actual: jointOf(epoch, 'delta-norm'), works },
      rulesOf(CLAIMS),
    );
    return { checked, plan };
  };

  it('equal work is paid equally, and all of it no more than the epoch moved', async () => {
    const { checked, plan } = await planned(claims.map(sent));
    expect(checked.every(({ verdict }) => verdict.accepted)).toBe(true);
    const paidTo = mintedOf(plan);
    const [first, , third] = neurons.map(({ did }) => paidTo.get(`neuron:${did}`));
    expect(first).toBeGreaterThan(0n);
    expect(first).toBe(third);
    expect(plan.pool * VALUE_UNITS <= plan.actual * EMISSION).toBe(true);
  });

  it('whatever is sent, in any order, at most emission × actual is minted', async () => {
    const worth = claims.map(({ claim }) => BigInt(claim.value));
    const offers: readonly (() => Submission)[] = [
      ...claims.map((each) => () => sent(each)),
      () => changed(0, { value: String(worth[0] + 1n) }),
      () => changed(1, { value: String(2n ** 62n) }),
      () => changed(1, { value: '-7' }),
      () => changed(2, { value: String(worth[2] / 3n) }),
      () => changed(2, { sequence: 1 }),
      () => changed(0, { header: 'f'.repeat(64) }),
      () => changed(1, { links: [{ from: 'p3', to: 'p4', amount: 1 }] }),
      () => ({ claim: { ...claims[0].claim, neuron: neurons[1].did }, proof: null }),
      () => ({ claim: null, proof: null }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: offers.length - 1 }), { maxLength: 9 }),
        async (picks) => {
          const submissions = picks.map((pick) => offers[pick]());
          const { plan, checked } = await planned(submissions);
          expect(plan.pool * VALUE_UNITS <= plan.actual * EMISSION).toBe(true);
          // No neuron is paid for one sequence twice.
          const works = checked.filter(({ verdict }) => verdict.accepted);
          const names = works.map(({ claim }) => `${claim?.neuron} ${claim?.sequence}`);
          expect(new Set(names).size).toBe(names.length);
          const again = await planned([...submissions].reverse());
          expect(again.plan.digest).toBe(plan.digest);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('one signal is paid once, whatever sequences claim it', async () => {
    const verdicts = await judged([sent(claims[0]), changed(0, { sequence: 1 })]);
    expect(verdicts[0].verdict.accepted).toBe(true);
    expect(verdicts[1].verdict).toMatchObject({ accepted: false, code: 'bad-signal' });
  });

  it('a claim whose links are not in the epoch is not paid', async () => {
    const links = [{ from: 'p1', to: 'p7', amount: 41 }];
    const signal = { neuron: neurons[0].did, links, remove: [], change: [] };
    const base = node.recomputeBase(1e-9, machines.exact);
    const found = await recompute(base, signal, 'delta-norm');
    const subject = { header: node.header, sequence: 0, links, function: 'delta-norm' as const };
    const [checked] = await judged([sent(claimExactly(subject, found, neurons[0]))]);
    expect(checked.verdict).toMatchObject({ accepted: false, code: 'bad-signal' });
  });

  it('is not of a signal with will, and costs no solve where it is of none', async () => {
    let solves = 0;
    const verifier = {
      name: 'counting',
      verify: () => Promise.resolve({ accepted: ++solves > 0 } as const),
    };
    const [first] = epoch.delta;
    const withWill = { ...first, links: first.links.map((link) => ({ ...link, will: 1e6 })) };
    for (const [signals, expected] of [
      [[withWill], 0],
      [epoch.delta.slice(1), 0],
      [[first], 1],
    ] as const) {
      solves = 0;
      const context = { header: node.header, verifier, firstSequence: () => Promise.resolve(0) };
      const [checked] = await checkSubmissions({ ...context, signals }, [sent(claims[0])]);
      expect(checked.verdict).toMatchObject(
        expected === 0 ? { code: 'bad-signal' } : { accepted: true },
      );
      expect(solves).toBe(expected);
    }
  });

  onBothStores((database) => {
    it('has the sequence of the log, whatever times its epochs have', async () => {
      const ledger = openLedger(await database.open('order', 'off'));
      const first = await planned(claims.map(sent), ledger);
      await payEpoch(ledger, first.plan);
      // The rules of a later epoch end it before this one began.
      const late = { ...epoch, epoch: 2 };
      const sequences = firstSequencesOf(ledger, openingKey(late));
      for (const { did } of neurons) expect(await sequences(did)).toBe(1);
      const again = [changed(0, { sequence: 1 })];
      const works = claimWorks([
        { claim: again[0].claim as never, digest: '1'.repeat(64), verdict: { accepted: true } },
      ]);
      const rules = rulesOf(CLAIMS, { genesis: '2020-01-01T00:00:00Z' });
      await payEpoch(ledger, planPayout(late, { actual: VALUE_UNITS, works }, rules));
      expect(await sequences(neurons[0].did)).toBe(1);
      expect(await firstSequencesOf(ledger, null)(neurons[0].did)).toBe(2);
      // The epoch before is planned as it was, and posts nothing.
      const twice = await planned(claims.map(sent), ledger);
      expect(twice.plan.digest).toBe(first.plan.digest);
      expect((await payEpoch(ledger, twice.plan)).posted).toBe(0);
      await ledger.close();
    });

    it('is paid once, moves its sequence on, and a twin of its sequence is evidence', async () => {
      const name = 'claims';
      const ledger = openLedger(await database.open(name, 'off'));
      const { plan } = await planned(claims.map(sent), ledger);
      await payEpoch(ledger, plan);
      for (const { did } of neurons) {
        expect((await ledger.balance(sequenceAccount(did), 'claims')).units).toBe(1n);
      }
      // Judged again, the same are accepted and nothing is posted.
      const again = await planned(claims.map(sent), ledger);
      expect(again.plan.digest).toBe(plan.digest);
      expect((await payEpoch(ledger, again.plan)).posted).toBe(0);
      // In a later epoch the sequence was used before.
      const later = await checkSubmissions(
        {
          header: node.header,
          verifier: recomputeVerifier(node.recomputeBase(1e-9, machines.exact), 0.01),
          firstSequence: firstSequencesOf(ledger, openingKey({ ...epoch, epoch: 2 })),
          signals: null,
        },
        [sent(claims[0])],
      );
      expect(later[0].verdict).toMatchObject({ code: 'replayed' });
      // Another value under the same sequence: the ledger keeps both, and pays none of it.
      const before = await balancesOf(ledger);
      const twin = await planned([changed(0, { value: '1000' })]);
      const [mint] = twin.plan.transactions;
      const receipt = await ledger.post(mint);
      expect(receipt).toMatchObject({ outcome: 'rejected', refusal: { code: 'key-taken' } });
      expect(await balancesOf(ledger)).toEqual(before);
      await ledger.close();
    });
  });
});
