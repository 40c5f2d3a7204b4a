// The distributor over a real ledger: an hour from claim to final payment, crashes after every write,
// two processes, and the old defects that must stay out.

import { describe, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../../src/ledger/ledger.js';
import { openSqliteStore } from '../../../src/ledger/stores/sqlite.js';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import { AutomaticRewardDistributor } from '../../../src/payouts/buckets/distributor.js';
import { all } from '../../ledger/examples.js';
import { HOUR, lifeOf, live, START } from './life.js';

const BLY = 10n ** 9n;

/** A ledger in memory, a clock, and distributors over them. */
function world() {
  const ledger = openLedger(openSqliteStore(':memory:'));
  const clock = { ms: START * HOUR };
  const open = (over: Ledger = ledger) =>
    new AutomaticRewardDistributor({ ledger: over, now: () => clock.ms });
  const endHour = async (distributor: AutomaticRewardDistributor): Promise<void> => {
    clock.ms = (Math.floor(clock.ms / HOUR) + 1) * HOUR;
    await distributor.settleDue();
  };
  const balance = async (account: string) => (await ledger.balance(account, 'BLY')).units;
  return { ledger, clock, open, endHour, balance };
}

/** Fails at the n-th write of a ledger: before it is done, or after. */
function failing(ledger: Ledger, n: number, when: 'before' | 'after'): Ledger {
  let writes = 0;
  const guarded =
    <A extends unknown[], T>(write: (...values: A) => Promise<T>) =>
    async (...values: A): Promise<T> => {
      const isLast = ++writes >= n;
      if (isLast && when === 'before') throw new Error('the process is gone');
      const answer = await write(...values);
      if (isLast) throw new Error('the process is gone');
      return answer;
    };
  return {
    ...ledger,
    postOnce: guarded(ledger.postOnce),
    postLed: guarded(ledger.postLed),
    seal: guarded(ledger.seal),
  };
}

describe('the distributor', () => {
  it('pays what the seed says, a day after the hour', async () => {
    const { ledger, open, endHour, balance } = world();
    const distributor = open();
    const id = await distributor.submitClaim('inference', 'ada', { tokens: 100_000, quality: 1.1 });
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    await endHour(distributor);
    expect(await balance('pending:wallet:ada')).toBe(110n * BLY);
    for (let i = 0; i < 23; i++) await endHour(distributor);
    expect(await balance('wallet:ada')).toBe(0n);
    await endHour(distributor);
    expect(await balance('wallet:ada')).toBe(110n * BLY);
    const lines = await all(ledger.statement('wallet:ada'));
    expect(lines.map(({ kind, units }) => [kind, units])).toEqual([['bly-final', 110n * BLY]]);
    const { status, sentences } = await ledger.explain(id);
    expect(status).toBe('paid');
    expect(sentences.join('\n')).toContain('tokens 100000');
    expect((await ledger.verify()).difference).toBeNull();
  });

  it('pays the same work once, and an honest second batch too', async () => {
    const { open, endHour, balance } = world();
    const distributor = open();
    const work = { tokens: 1000 };
    const first = await distributor.submitClaim('inference', 'ada', work, { workId: 'a' });
    const again = await distributor.submitClaim('inference', 'ada', work, { workId: 'a' });
    const other = await distributor.submitClaim('inference', 'ada', work, {
      workId: 'a',
      idempotencyKey: 'k',
    });
    const second = await distributor.submitClaim('inference', 'ada', work, { workId: 'b' });
    const third = await distributor.submitClaim('inference', 'ada', work);
    expect([again, other]).toEqual([first, first]);
    expect(new Set([first, second, third]).size).toBe(3);
    await endHour(distributor);
    expect(await balance('pending:wallet:ada')).toBe(3n * BLY);
    // The next hour knows it, too.
    await distributor.submitClaim('inference', 'ada', work, { workId: 'a' });
    await endHour(distributor);
    expect(await balance('pending:wallet:ada')).toBe(3n * BLY);
  });

  it('records what was granted, queues the rest once and pays it to whom it is owed', async () => {
    const { ledger, open, endHour, balance } = world();
    const distributor = open();
    // 10,000 BLY of data: the most of a claim; the hour's ceiling of the bucket is far below.
    const id = await distributor.submitClaim('dataset', 'eve', { gb: 5000, quality: 1 });
    await endHour(distributor);
    const claim = await ledger.claimOf(id);
    const granted = await balance('pending:wallet:eve');
    expect(granted).toBeLessThan(2000n * BLY);
    expect(claim).toMatchObject({ claimed: 10_000n * BLY, queued: 10_000n * BLY - granted });
    const explained = await ledger.explain(id);
    expect(explained.events.filter(({ kind }) => kind === 'bly-claim').length).toBe(1);
    for (let i = 0; i < 12; i++) await endHour(distributor);
    expect(await balance('pending:wallet:eve')).toBe(10_000n * BLY);
    expect((await ledger.claimOf(id))?.queued).toBe(0n);
  });

  it('voids what a challenge that is upheld was made against', async () => {
    const { ledger, open, endHour, balance } = world();
    const distributor = open();
    const claimed = { tokens: 50_000 };
    const [bad, good, quiet] = await Promise.all(
      ['bad', 'good', 'quiet'].map((name) => distributor.submitClaim('inference', name, claimed)),
    );
    await endHour(distributor);
    const evidence = 'the answers are noise';
    const of = (claimId: string) =>
      distributor.challenge({ claimId, challenger: 'did:key:zX', evidence });
    const [onBad, onGood] = [await of(bad), await of(good)];
    await of(quiet);
    const reason = 'three nodes looked at it';
    await distributor.decide({ claimId: bad, ...onBad, verdict: 'upheld', reason });
    await expect(
      distributor.decide({ claimId: bad, ...onBad, verdict: 'dismissed', reason }),
    ).rejects.toThrow(/decided before, upheld/);
    await distributor.decide({ claimId: good, ...onGood, verdict: 'dismissed', reason });
    for (let i = 0; i < 30; i++) await endHour(distributor);
    expect(await balance('wallet:bad')).toBe(0n);
    expect(await balance('pending:wallet:bad')).toBe(0n);
    expect(await balance('wallet:good')).toBe(50n * BLY);
    expect(await balance('wallet:quiet')).toBe(0n);
    expect(await balance('source:BLY:buckets')).toBe(-100n * BLY);
    await expect(of(bad)).rejects.toThrow(/final/);
    await expect(of('0'.repeat(64))).rejects.toThrow(/expected one of this ledger/);
    // Nobody decides: three days after it was made the challenge lapses.
    for (let i = 0; i < 45; i++) await endHour(distributor);
    expect(await balance('wallet:quiet')).toBe(50n * BLY);
    expect((await ledger.explain(bad)).sentences.join('\n')).toContain('upheld');
    expect((await ledger.verify()).difference).toBeNull();
  });

  it('waits for every challenge of a claim, and takes it when one of them is upheld', async () => {
    const { open, endHour, balance } = world();
    const distributor = open();
    const claim = (wallet: string) =>
      distributor.submitClaim('inference', wallet, { tokens: 50_000 });
    const [one, two] = [await claim('one'), await claim('two')];
    const by = (claimId: string, who: string) =>
      distributor.challenge({ claimId, challenger: `did:key:z${who}`, evidence: 'noise' });
    const decide = (claimId: string, challenge: string, verdict: 'upheld' | 'dismissed') =>
      distributor.decide({ claimId, challenge, verdict, reason: 'looked at' });
    await endHour(distributor);
    const [first, second] = [await by(one, 'A'), await by(one, 'B')];
    const [third, fourth] = [await by(two, 'A'), await by(two, 'B')];
    expect(first.challenge).not.toBe(second.challenge);
    await decide(one, first.challenge, 'dismissed');
    await decide(two, third.challenge, 'dismissed');
    for (let i = 0; i < 30; i++) await endHour(distributor);
    expect([await balance('wallet:one'), await balance('wallet:two')]).toEqual([0n, 0n]);
    await decide(one, second.challenge, 'upheld');
    await decide(two, fourth.challenge, 'dismissed');
    await endHour(distributor);
    await endHour(distributor);
    expect([await balance('wallet:one'), await balance('wallet:two')]).toEqual([0n, 50n * BLY]);
    expect(await balance('source:BLY:buckets')).toBe(-50n * BLY);
    // A verdict on a challenge that is none of this claim's is refused.
    const three = await claim('three');
    await expect(decide(three, fourth.challenge, 'upheld')).rejects.toThrow(/another claim/);
  });

  it('counts a claim that arrives while an hour is settled in the next one', async () => {
    const { ledger, clock, open } = world();
    const other = open();
    await other.submitClaim('inference', 'ada', { tokens: 1000 });
    // Between the reading of the log and the opening somebody else claims, in the same hour.
    const slow: Ledger = {
      ...ledger,
      postLed: async (...values) => {
        clock.ms -= 10;
        await other.submitClaim('inference', 'bob', { tokens: 1000 });
        clock.ms += 10;
        return ledger.postLed(...values);
      },
    };
    clock.ms += HOUR;
    const settling = open(slow);
    await settling.settleDue();
    expect((await ledger.balance('pending:wallet:ada', 'BLY')).units).toBe(BLY);
    expect((await ledger.balance('pending:wallet:bob', 'BLY')).units).toBe(0n);
    const reader = open();
    await reader.ready;
    await other.settleDue();
    expect(reader.state).toEqual(settling.state);
    expect(other.state).toEqual(settling.state);
    clock.ms += HOUR;
    await other.settleDue();
    expect((await ledger.balance('pending:wallet:bob', 'BLY')).units).toBe(BLY);
    expect((await ledger.verify()).difference).toBeNull();
  });

  it('finishes what a crash at any write cut off, exactly once', { timeout: 60_000 }, async () => {
    const hours = lifeOf(5, 12);
    // Another module has left an epoch open: it must be sealed first, by writes of their own.
    const key = '9'.repeat(64);
    const note = { key, kind: 'note', timeMs: 0, postings: [], reason: 'of another module' };
    const whole = world();
    await whole.ledger.post({ ...note, epoch: START - 9 });
    await live(whole.ledger, hours);
    const expected = (await whole.ledger.head()).hash;
    for (const when of ['before', 'after'] as const) {
      for (const n of [1, 2, 3]) {
        const { ledger, clock, open } = world();
        await ledger.post({ ...note, epoch: START - 9 });
        await live(ledger, hours.slice(0, 11));
        const [last] = hours.slice(11);
        clock.ms = last.hour * HOUR + 1000;
        const before = open();
        await Promise.all(
          last.claims.map(({ bucket, wallet, work, workId }) =>
            before.submitClaim(bucket, wallet, work as never, { workId }),
          ),
        );
        clock.ms = (last.hour + 1) * HOUR;
        const dying = open(failing(ledger, n, when));
        await dying.settleDue().catch((error: unknown) => expect(String(error)).toMatch(/gone/));
        const next = open();
        await next.settleDue();
        expect((await ledger.head()).hash, `${when} ${n}`).toBe(expected);
        expect((await ledger.verify()).difference).toBeNull();
      }
    }
  });

  it('serves one ledger in two processes', { timeout: 60_000 }, async () => {
    const { ledger, clock, open } = world();
    const distributors = [open(), open()];
    const ids = new Set<string>();
    for (let i = 0; i < 40; i++) {
      clock.ms = (START + i) * HOUR + 5;
      await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const which = distributors[n % 2];
          // Every third piece of work is claimed at both doors.
          const [workId, wallet] = n % 3 === 0 ? [`both-${i}`, 'both'] : [`${i}-${n}`, `w${n}`];
          ids.add(await which.submitClaim('learning', wallet, { improvementPct: 0.5 }, { workId }));
        }),
      );
      clock.ms = (START + i + 1) * HOUR;
      await Promise.all(distributors.map((each) => each.settleDue()));
    }
    expect(distributors[0].state).toEqual(distributors[1].state);
    for (const id of ids) {
      const claim = await ledger.claimOf(id);
      expect(claim?.queued).toBe(0n);
    }
    expect((await ledger.verify()).difference).toBeNull();
    const { entries } = await ledger.head();
    // One settlement an hour, however many asked for it.
    const kinds = (await all(ledger.entries(0))).map(
      ({ content }) => /"kind":"([a-z-]+)"/.exec(content)?.[1],
    );
    expect(kinds.filter((kind) => kind === 'bly-settlement').length).toBe(40);
    expect(entries).toBe(kinds.length);
  });

  it('seals what others left open before the hour, whatever is cut off', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const n of [1, 2, 3]) {
        const { ledger, clock, open, balance } = world();
        const key = '8'.repeat(64);
        const note = { key, kind: 'note', timeMs: 0, postings: [], reason: 'of another module' };
        await ledger.post({ ...note, epoch: START - 2 });
        await open().submitClaim('inference', 'ada', { tokens: 1000 });
        clock.ms += HOUR;
        await open(failing(ledger, n, when))
          .settleDue()
          .catch(() => undefined);
        await open().settleDue();
        expect((await ledger.head()).sealedThrough).toBe(START);
        expect(await balance('pending:wallet:ada')).toBe(BLY);
        expect((await ledger.verify()).difference).toBeNull();
      }
    }
  });

  it('waits for claims of the hour that are on their way', async () => {
    const { ledger, clock, open, balance } = world();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: Ledger = {
      ...ledger,
      postOnce: async (...values) => {
        await held;
        return ledger.postOnce(...values);
      },
    };
    const distributor = open(slow);
    await distributor.ready;
    const claim = distributor.submitClaim('inference', 'ada', { tokens: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.ms += HOUR;
    const settled = distributor.settleDue();
    await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    await Promise.all([claim, settled]);
    expect(await balance('pending:wallet:ada')).toBe(BLY);
  });

  it('settles at its interval, and counts the present hour, also after a restart', async () => {
    const { ledger, clock, endHour } = world();
    const config = RewardConfig.fromText('distribution: { interval_seconds: 7200 }');
    const open = () => new AutomaticRewardDistributor({ ledger, config, now: () => clock.ms });
    const distributor = open();
    await distributor.submitClaim('inference', 'ada', { tokens: 2000 });
    await distributor.submitClaim('dataset', 'ada', { gb: 1, quality: 1 });
    const expected = { inference: 2n * BLY, learning: 0n, validation: 0n, dataset: 100n * BLY };
    expect(distributor.present).toMatchObject({ hour: START, units: expected });
    const again = open();
    await again.ready;
    expect(again.present).toEqual(distributor.present);
    await endHour(distributor);
    expect(distributor.state).toBeNull();
    expect(distributor.present.units.dataset).toBe(0n);
    await endHour(distributor);
    expect(distributor.state?.buckets.nextHour).toBe(START + 2);
    expect(distributor.history.map(({ hour }) => hour)).toEqual([START, START + 1]);
  });

  it('answers a request again for its window, and then says that the work is claimed', async () => {
    const { clock, open } = world();
    const distributor = open();
    const submit = () =>
      distributor.submit(
        {
          ...{ bucket: 'inference', recipient: 'wallet:a', node: 'n', workId: 'w', evidence: 'e' },
          units: BLY,
          formula: { name: 'f', inputs: {}, result: '1' },
          details: {},
        },
        { idempotencyKey: 'k', bodyDigest: 'd' },
      );
    const first = await submit();
    clock.ms += 47 * HOUR;
    const again = await submit();
    expect(again).toEqual({ ...first, outcome: 'replayed' });
    clock.ms += 2 * HOUR;
    expect((await submit()).refusal?.code).toBe('already-claimed');
  });

  it('takes claims of the next hour where the clock was set back into a settled one', async () => {
    const { ledger, clock, open, endHour } = world();
    const distributor = open();
    await distributor.submitClaim('inference', 'ada', { tokens: 1000 });
    await endHour(distributor);
    clock.ms -= 600_000;
    const id = await distributor.submitClaim('inference', 'bob', { tokens: 1000 });
    const { events } = await ledger.explain(id);
    expect(events.map(({ epoch, outcome }) => [epoch, outcome])).toEqual([[START + 1, 'posted']]);
  });

  it('is not led astray by refused transactions in the log', async () => {
    const { ledger, open, endHour } = world();
    const distributor = open();
    const key = await distributor.submitClaim('dataset', 'eve', { gb: 5000, quality: 1 });
    await endHour(distributor);
    const units = 10n ** 15n;
    const { outcome } = await ledger.post({
      ...{ key: '7'.repeat(64), kind: 'bly-grant', epoch: START + 1, timeMs: 0, reason: 'forged' },
      postings: [
        { account: 'source:BLY:buckets', token: 'BLY', units: -units },
        { account: 'pending:wallet:eve', token: 'BLY', units },
      ],
      claims: [{ key, effect: 'grant', units, matureAtMs: 0 }],
    });
    expect(outcome).toBe('rejected');
    await endHour(distributor);
    const again = open();
    await again.ready;
    expect(again.state).toEqual(distributor.state);
  });

  it('writes into the next open epoch what another module has sealed', async () => {
    const { ledger, open, endHour, balance } = world();
    const distributor = open();
    await distributor.submitClaim('inference', 'ada', { tokens: 1000 });
    await ledger.seal(START, { timeMs: 0 });
    // A claim of a sealed hour is written in the first open one.
    await distributor.submitClaim('inference', 'bob', { tokens: 1000 });
    await endHour(distributor);
    await endHour(distributor);
    await endHour(distributor);
    expect(await balance('pending:wallet:ada')).toBe(BLY);
    expect(await balance('pending:wallet:bob')).toBe(BLY);
    expect((await ledger.verify()).difference).toBeNull();
  });

  it('refuses to finish an hour under another policy', async () => {
    const { ledger, clock, open } = world();
    const distributor = open();
    await distributor.submitClaim('inference', 'ada', { tokens: 1000 });
    clock.ms += HOUR;
    await open(failing(ledger, 1, 'after'))
      .settleDue()
      .catch(() => undefined);
    // The opening is there; a forged one for the next hour is told.
    const [settlement] = (await all(ledger.entries(0))).filter(({ content }) =>
      content.includes('"kind":"bly-settlement"'),
    );
    expect(settlement).toBeDefined();
    const forged = JSON.parse(settlement.content) as Record<string, never> & {
      details: Record<string, string>;
    };
    await ledger.post({
      ...forged,
      key: 'f'.repeat(64),
      epoch: START + 1,
      details: { ...forged.details, hour: String(START + 1), plan: '0'.repeat(64) },
    } as never);
    const next = open();
    await expect(next.settleDue()).rejects.toThrow(/does not follow from the claims/);
  });

  it('says what is wrong with work', async () => {
    const { ledger, open } = world();
    const distributor = open();
    for (const [kind, work, expected] of [
      ['inference', { tokens: -1 }, /tokens/],
      ['inference', { tokens: NaN }, /tokens/],
      ['inference', { tokens: 0 }, /some value/],
      ['gpu', { tokens: 1 }, /expected one of inference, learning/],
    ] as const) {
      await expect(distributor.submitClaim(kind as never, 'ada', work)).rejects.toThrow(expected);
    }
    const other = { workId: 'w', idempotencyKey: 'k' };
    await distributor.submitClaim('inference', 'ada', { tokens: 1 }, other);
    await expect(
      distributor.submitClaim('inference', 'ada', { tokens: 2 }, { ...other, workId: 'v' }),
    ).rejects.toThrow(/Idempotency-Key was used/);
    expect((await ledger.head()).entries).toBe(1);
  });
});
