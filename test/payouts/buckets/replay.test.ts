// Replays of bucket ledgers: an honest log comes out the same, with the same head; whatever is changed,
// left out, put in or made by another policy is named with its entry.

import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../../src/ledger/ledger.js';
import type { Entry } from '../../../src/ledger/entry.js';
import { openSqliteStore } from '../../../src/ledger/stores/sqlite.js';
import { BUCKETS, sumOf, type Bucket } from '../../../src/payouts/buckets/bucket.js';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import { AutomaticRewardDistributor } from '../../../src/payouts/buckets/distributor.js';
import { replayBuckets } from '../../../src/payouts/buckets/replay.js';
import { keyOf, move, transaction } from '../../ledger/examples.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 4, 1) / HOUR;
const CONFIG = RewardConfig.fromText(
  'backpay: { enabled: true, max_queue_days: 1, priority: [learning, validation, dataset, inference] }\n',
);
const { policy } = CONFIG;

const WORK: Record<Bucket, Record<string, string>> = {
  inference: { tokens: '20000000' },
  learning: { improvementPct: '7.25', difficulty: '2' },
  validation: { tasks: '1500' },
  dataset: { gb: '95' },
};

function memory(): Ledger {
  return openLedger(openSqliteStore(':memory:'));
}

/** Sixty hours: bursts that queue and expire, quiet hours, challenges of all outcomes. */
async function lived(ledger: Ledger, hours = 60): Promise<AutomaticRewardDistributor> {
  let nowMs = START * HOUR;
  const distributor = new AutomaticRewardDistributor({ ledger, config: CONFIG, now: () => nowMs });
  for (let i = 0; i < hours; i++) {
    nowMs = (START + i) * HOUR + 1000;
    const ids: string[] = [];
    for (let n = 0; n < [6, 3, 0, 1][i % 4]; n++) {
      const bucket = BUCKETS[(i + n) % 4];
      const options = { workId: `work-${i}-${n}` };
      ids.push(await distributor.submitClaim(bucket, `w${n}`, WORK[bucket] as never, options));
    }
    // Some are of hours that nothing settles until later ones are over.
    const [claimId] = ids;
    if (i % 3 === 1 && claimId !== undefined) {
      const made = await distributor.challenge({ claimId, challenger: 'someone', evidence: 'bad' });
      const verdict = ([null, 'upheld', 'dismissed'] as const)[((i - 1) / 3 + 1) % 3];
      if (verdict !== null) {
        await distributor.decide({ claimId, ...made, verdict, reason: 'looked at it' });
      }
    }
    nowMs = (START + i + 1) * HOUR;
    // An outage of four hours is caught up with.
    if (i % 20 < 16) await distributor.settleDue();
  }
  await distributor.settleDue();
  return distributor;
}

let ledger: Ledger;
let log: Entry[];
let granted: bigint;

beforeAll(async () => {
  ledger = memory();
  const { state } = await lived(ledger);
  granted = state === null ? 0n : sumOf(state.totals);
  log = [];
  for await (const entry of ledger.entries(0)) log.push(entry);
});

/** Replays a log that is not what the ledger holds. */
async function replayed(entries: readonly Entry[], policies = [policy]) {
  const changed = {
    entries: async function* () {
      yield* entries;
    },
    export: () => ledger.export(),
  };
  return replayBuckets(changed, { policies, copy: memory() });
}

const kindOf = ({ content }: Entry): string => (JSON.parse(content) as { kind: string }).kind;
const firstOf = (kind: string): Entry => log.find((each) => kindOf(each) === kind) as Entry;

it('makes every settlement again, and reaches the same head', async () => {
  const hours: number[] = [];
  const result = await replayBuckets(ledger, {
    policies: [policy],
    copy: memory(),
    onHour: (hour) => hours.push(hour),
  });
  expect(result).toMatchObject({
    replayed: true,
    difference: null,
    hours: 60,
    unfinishedHour: null,
  });
  expect(result.head).toEqual(await ledger.head());
  expect(hours).toEqual(Array.from({ length: 60 }, (_, i) => START + i));
  expect(sumOf(result.granted)).toBe(granted);
  // The log has every kind, or the tests below change nothing.
  expect(new Set(log.map(kindOf))).toEqual(
    new Set([
      ...['bly-claim', 'bly-challenge', 'bly-verdict', 'bly-settlement', 'bly-settled'],
      ...['bly-grant', 'bly-expiry', 'bly-final', 'bly-slash', 'seal'],
    ]),
  );
});

it('agrees with the sum of what the log pays out of the source', async () => {
  let paid = 0n;
  for (const { content } of log) {
    const { kind, postings } = JSON.parse(content) as {
      kind: string;
      postings: { account: string; units: string }[];
    };
    if (kind !== 'bly-grant') continue;
    for (const each of postings)
      if (!each.account.startsWith('source:')) paid += BigInt(each.units);
  }
  expect(paid).toBe(granted);
  expect(paid).toBeGreaterThan(0n);
});

it('names the entry of any content that follows from settlements and was changed', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom('bly-grant', 'bly-expiry', 'bly-final', 'bly-slash', 'bly-settlement'),
      fc.nat(),
      fc.nat(),
      async (kind, which, where) => {
        const those = log.filter((each) => kindOf(each) === kind);
        const entry = those[which % those.length];
        // One digit of its text after the kind, another digit instead.
        const from = entry.content.indexOf(`"kind":"${kind}"`);
        const digits = [...entry.content.matchAll(/(?<=[^0-9a-f])[0-9]{2,}/g)]
          .map(({ index }) => index)
          .filter((at) => at > from);
        const at = digits[where % digits.length];
        const digit = entry.content[at] === '9' ? '8' : '9';
        const content = entry.content.slice(0, at) + digit + entry.content.slice(at + 1);
        const entries = log.map((each) => (each === entry ? { ...each, content } : each));
        const { replayed: same, difference } = await replayed(entries);
        expect(same, content).toBe(false);
        expect(difference?.sequence).toBe(entry.sequence);
      },
    ),
    { numRuns: 30 },
  ));

it('names the closing of an hour of which a payment is left out', async () => {
  const grant = firstOf('bly-grant');
  const closing = log.find(
    (each) => each.sequence > grant.sequence && kindOf(each) === 'bly-settled',
  );
  const { difference } = await replayed(log.filter((each) => each !== grant));
  expect(difference?.sequence).toBe(closing?.sequence);
  expect(difference?.reason).toMatch(/is closed, 1 of its plan are missing/);
});

it('names a settlement from which a claim was kept away', async () => {
  const claim = firstOf('bly-claim');
  const { difference } = await replayed(log.filter((each) => each !== claim));
  expect(difference?.sequence).toBe(firstOf('bly-settlement').sequence);
  expect(difference?.reason).toMatch(/does not follow from the claims before it/);
});

it('names a payment that is written twice, and one that follows from nothing', async () => {
  const grant = firstOf('bly-grant');
  const twice = log.flatMap((each) => (each === grant ? [each, each] : [each]));
  expect((await replayed(twice)).difference?.reason).toMatch(/^bly-grant: not in the plan/);
  const late = [...log, grant];
  expect((await replayed(late)).difference?.reason).toMatch(/follows from no settlement/);
});

it('names what moves the source or a claim past the buckets, though the ledger allows it', async () => {
  const forged = memory();
  await lived(forged, 2);
  await forged.post(move('source:BLY:buckets', 'wallet:thief', 5n, { epoch: START + 9 }));
  const { difference } = await replayBuckets(forged, { policies: [policy], copy: memory() });
  const { entries } = await forged.head();
  expect(difference?.sequence).toBe(entries - 1);
  expect(difference?.reason).toMatch(/transfer: moves BLY of source:BLY:buckets/);

  const other = memory();
  const distributor = await lived(other, 1);
  const [claim] = distributor.state?.buckets.queue.inference[0].claims ?? [];
  const effect = { key: claim.key, effect: 'expire', units: 1n } as const;
  await other.post(transaction({ key: keyOf('x'), epoch: START + 9, claims: [effect] }));
  const found = await replayBuckets(other, { policies: [policy], copy: memory() });
  expect(found.difference?.reason).toBe(`transfer: expire of the claim ${claim.key}`);
});

it('tells of an hour that is not completely written, which is no difference', async () => {
  const last = log.findLast((each) => kindOf(each) === 'bly-settled') as Entry;
  const cut = log.filter((each) => each.sequence < last.sequence);
  expect(await replayed(cut)).toMatchObject({ replayed: true, unfinishedHour: START + 59 });
});

it('wants every policy, and follows a ledger from one to the next', async () => {
  await expect(replayed(log, [])).rejects.toMatchObject({ code: 'bad-parameter' });
  const both = memory();
  await lived(both, 4);
  const next = RewardConfig.fromText('daily_budget_bly: 1000\n');
  let nowMs = (START + 6) * HOUR;
  const distributor = new AutomaticRewardDistributor({
    ledger: both,
    config: next,
    now: () => nowMs,
  });
  await distributor.submitClaim('inference', 'w', { tokens: 10_000_000 });
  nowMs += HOUR;
  await distributor.settleDue();
  const policies = [next.policy, policy];
  const result = await replayBuckets(both, { policies, copy: memory() });
  expect(result).toMatchObject({ replayed: true, hours: 7 });
  await expect(replayBuckets(both, { policies: [policy], copy: memory() })).rejects.toThrow(
    /was settled by the policy/,
  );
});

it('names a head that the other ledger does not reach', async () => {
  const lines = async function* () {
    for await (const line of ledger.export())
      yield line.replace('"reason":"inference: work', '"reason":"x');
  };
  const result = await replayBuckets(
    { entries: (from) => ledger.entries(from), export: lines },
    { policies: [policy], copy: memory() },
  );
  expect(result.replayed).toBe(false);
  expect(result.difference?.reason).toMatch(/^entry 0: hash: expected/);
});
