// What the ledger promises, on both stores: postings, replays, rejections, claims, seals, proofs,
// statements, explanations, verification, exports.

import { expect, it } from 'vitest';
import { merkleRoot, leavesOf } from '../../src/base/merkle.js';
import { pendingAccount } from '../../src/ledger/account.js';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import { verifyEntryProof } from '../../src/ledger/proof.js';
import type { Transaction } from '../../src/ledger/transaction.js';
import {
  ALICE,
  all,
  BOB,
  BUDGET,
  claimNamed,
  finalise,
  grant,
  issue,
  keyOf,
  move,
  openClaim,
  transaction,
  TREASURY,
  voidClaim,
} from './examples.js';
import { onBothStores, type TestDatabase } from './stores.js';

/** All that a rejected operation must leave as it was. */
async function stateOf(ledger: Ledger): Promise<unknown> {
  const epochs = await all(ledger.epochs());
  return { balances: await all(ledger.balances()), epochs };
}

async function units(ledger: Ledger, account: string): Promise<bigint> {
  return (await ledger.balance(account, 'BLY')).units;
}

function suite(database: TestDatabase): void {
  let number = 0;
  const withLedger = async (
    work: (ledger: Ledger, name: string) => Promise<void>,
  ): Promise<void> => {
    const name = `l${number++}`;
    const ledger = openLedger(await database.open(name));
    try {
      await work(ledger, name);
      const { difference } = await ledger.verify();
      expect(difference).toBeNull();
    } finally {
      await ledger.close();
    }
  };

  it('posts, and keeps balances', () =>
    withLedger(async (ledger) => {
      const first = await ledger.post(issue(ALICE, 100n));
      expect(first).toMatchObject({ outcome: 'posted', sequence: 0, replayed: false });
      await ledger.post(move(ALICE, BOB, 30n));
      expect(await units(ledger, ALICE)).toBe(70n);
      expect(await units(ledger, BOB)).toBe(30n);
      expect(await units(ledger, 'source:BLY')).toBe(-100n);
      expect((await ledger.head()).entries).toBe(2);
    }));

  it('answers the same transaction again without a trace', () =>
    withLedger(async (ledger) => {
      const offered = issue(ALICE, 100n);
      const first = await ledger.post(offered);
      // The order of postings and of keys is not content.
      const again = { ...offered, postings: [...offered.postings].reverse() };
      expect(await ledger.post(again)).toEqual({ ...first, replayed: true });
      expect(await ledger.postAll([offered, again])).toEqual([
        { ...first, replayed: true },
        { ...first, replayed: true },
      ]);
      expect((await ledger.head()).entries).toBe(1);
      expect(await units(ledger, ALICE)).toBe(100n);
    }));

  it('rejects other content under the same key and keeps both, once', () =>
    withLedger(async (ledger) => {
      const key = keyOf('one key');
      await ledger.post(issue(ALICE, 100n, { key }));
      const before = await stateOf(ledger);
      const other = issue(ALICE, 101n, { key });
      const [refused, again] = await ledger.postAll([other, other]);
      expect(refused).toMatchObject({ outcome: 'rejected', replayed: false });
      expect(refused.refusal).toMatchObject({ code: 'key-taken', facts: { sequence: '0' } });
      expect(again).toEqual({ ...refused, replayed: true });
      expect(await ledger.post(other)).toEqual({ ...refused, replayed: true });
      expect(await stateOf(ledger)).toEqual(before);
      expect((await ledger.head()).entries).toBe(2);
      const lines = await all(ledger.export());
      expect(lines[2]).toContain('"units":"101"');
      expect(lines[1]).toContain('"units":"100"');
    }));

  it('settles keys that occur twice inside one batch as one after the other', () =>
    withLedger(async (ledger) => {
      const key = keyOf('twice');
      const [a, b, c] = await ledger.postAll([
        issue(ALICE, 5n, { key }),
        issue(ALICE, 5n, { key }),
        issue(ALICE, 6n, { key }),
      ]);
      expect(a).toMatchObject({ outcome: 'posted', replayed: false });
      expect(b).toEqual({ ...a, replayed: true });
      expect(c.refusal?.code).toBe('key-taken');
      expect(await units(ledger, ALICE)).toBe(5n);
    }));

  it('lets no balance fall below its limit, and none overflow', () =>
    withLedger(async (ledger) => {
      await ledger.post(issue(ALICE, 10n));
      const before = await stateOf(ledger);
      const poor = await ledger.post(move(ALICE, BOB, 11n));
      expect(poor.refusal?.code).toBe('balance-limit');
      expect(poor.refusal?.reason).toMatch(/z6MkAlice has 0\.00000001 BLY/);
      expect(await stateOf(ledger)).toEqual(before);
      const most = 2n ** 63n - 1n;
      const cap = await ledger.post(issue(BOB, most));
      // source:BLY stands at −10 already.
      expect(cap.refusal?.code).toBe('balance-overflow');
      await ledger.post(
        transaction({ limits: [{ account: 'source:BLY', token: 'BLY', lowest: -25n }] }),
      );
      expect((await ledger.post(issue(ALICE, 16n))).refusal?.code).toBe('balance-limit');
      expect((await ledger.post(issue(ALICE, 15n))).outcome).toBe('posted');
      const above = transaction({
        limits: [{ account: 'source:BLY', token: 'BLY', lowest: -24n }],
      });
      expect((await ledger.post(above)).refusal?.code).toBe('limit-above-balance');
      expect(await ledger.balance('source:BLY', 'BLY')).toEqual({ units: -25n, lowest: -25n });
    }));

  it('moves a claim through its states', () =>
    withLedger(async (ledger) => {
      const key = claimNamed('states');
      await ledger.post(issue(BUDGET, 1000n));
      await ledger.post(openClaim(key, 300n));
      await ledger.post(grant(key, 100n, 5000));
      await ledger.post(grant(key, 150n, 9000));
      expect(await units(ledger, pendingAccount(ALICE))).toBe(250n);
      expect((await ledger.post(finalise(key, 101n, 8999))).refusal).toMatchObject({
        code: 'immature',
        facts: { available: '100', matureAtMs: '9000' },
      });
      expect((await ledger.post(finalise(key, 100n, 5000))).outcome).toBe('posted');
      expect((await ledger.post(voidClaim(key, 40n))).outcome).toBe('posted');
      expect((await ledger.post(voidClaim(key, 111n))).refusal?.code).toBe('pending-exceeded');
      const extend = transaction({ claims: [{ key, effect: 'extend', matureAtMs: 20_000 }] });
      await ledger.post(extend);
      expect((await ledger.post(finalise(key, 1n, 19_999))).refusal?.code).toBe('immature');
      expect((await ledger.post(finalise(key, 110n, 20_000))).outcome).toBe('posted');
      const expire = (count: bigint): Transaction =>
        transaction({ kind: 'expire', claims: [{ key, effect: 'expire', units: count }] });
      expect((await ledger.post(expire(51n))).refusal?.code).toBe('queue-exceeded');
      await ledger.post(expire(50n));
      expect(await ledger.claimOf(key)).toEqual({
        ...{ key, token: 'BLY', recipient: ALICE, claimed: 300n, queued: 0n, expired: 50n },
        ...{ paid: 210n, voided: 40n, tranches: [] },
      });
      expect(await units(ledger, ALICE)).toBe(210n);
      expect(await units(ledger, TREASURY)).toBe(40n);
      expect(await units(ledger, pendingAccount(ALICE))).toBe(0n);
    }));

  it('refuses postings that disagree with their claims', () =>
    withLedger(async (ledger) => {
      const key = claimNamed('agree');
      await ledger.post(issue(BUDGET, 1000n));
      const unknown = await ledger.post(grant(key, 10n));
      expect(unknown.refusal?.code).toBe('unknown-claim');
      await ledger.post(openClaim(key, 300n));
      const before = await stateOf(ledger);
      const wrong = [
        { ...grant(key, 100n), claims: [{ key, effect: 'grant', units: 99n, matureAtMs: 1 }] },
        { ...grant(key, 100n), postings: [] },
        // Somebody else's pending account.
        grant(key, 100n, 5000, {}, BOB),
        // Units of a claim to one who has none.
        { ...voidClaim(key, 1n), claims: [{ key, effect: 'expire', units: 1n }] },
      ] as Transaction[];
      for (const each of wrong) {
        expect((await ledger.post(each)).refusal?.code).toBe('postings-disagree');
      }
      expect((await ledger.post(openClaim(key, 300n, { key: keyOf('again') }))).refusal?.code).toBe(
        'claim-exists',
      );
      expect(await stateOf(ledger)).toEqual(before);
    }));

  it('seals an epoch over its transactions by key, and closes it', () =>
    withLedger(async (ledger) => {
      const posted = [issue(ALICE, 5n), issue(BOB, 6n), issue(ALICE, 7n)];
      await ledger.postAll([...posted, issue(BOB, 1n, { epoch: 2 }), move(BOB, ALICE, 99n)]);
      const seal = await ledger.seal(1, { timeMs: 7 });
      expect(seal).toMatchObject({ epoch: 1, size: 3, replayed: false });
      const lines = (await all(ledger.export())).slice(1, 4);
      const digests = await Promise.all(
        lines.map(async (line) => {
          const content = line.slice('{"content":'.length, line.indexOf(',"hash":'));
          const domain = new TextEncoder().encode(`focus-ledger-content-1\n${content}`);
          const digest = Buffer.from(await crypto.subtle.digest('SHA-256', domain));
          const { key } = JSON.parse(content) as { readonly key: string };
          return { key, leaf: Buffer.concat([Buffer.from(key, 'hex'), digest]) };
        }),
      );
      digests.sort((a, b) => (a.key < b.key ? -1 : 1));
      expect(seal.root).toBe(merkleRoot(leavesOf(digests.map(({ leaf }) => leaf))));
      expect(await ledger.seal(1, { timeMs: 8 })).toEqual({ ...seal, replayed: true });
      const late = issue(ALICE, 1n);
      expect((await ledger.post(late)).refusal?.code).toBe('sealed-epoch');
      await expect(ledger.seal(3, { timeMs: 9 })).rejects.toThrow(/epoch 2 before it is open/);
      await ledger.seal(2, { timeMs: 9 });
      const empty = await ledger.seal(5, { timeMs: 9 });
      expect(empty).toMatchObject({ size: 0, root: merkleRoot(leavesOf([])) });
      await expect(ledger.seal(4, { timeMs: 9 })).rejects.toThrow(/closed already/);
      expect((await ledger.post(issue(ALICE, 1n, { epoch: 4 }))).refusal?.code).toBe(
        'sealed-epoch',
      );

      const proof = await ledger.prove(posted[1].key);
      expect(proof.head).toEqual({ root: seal.root, size: 3 });
      expect(verifyEntryProof(proof.head, proof)).toEqual({ accepted: true });
      const forged = { ...proof, content: proof.content.replace('"6"', '"7"').replace('-6', '-7') };
      expect(forged.content).not.toBe(proof.content);
      expect(verifyEntryProof(proof.head, forged)).toMatchObject({ accepted: false });
      await expect(ledger.prove(keyOf('nobody'))).rejects.toThrow(/no transaction/);
    }));

  it('streams a statement with running balances across pages', () =>
    withLedger(async (ledger) => {
      await ledger.post(issue(ALICE, 5_000_000_000n, { timeMs: 0 }));
      const formula = { name: 'inference', inputs: { tokens: '100', quality: '1.1' }, result: '2' };
      const many = Array.from({ length: 1100 }, (_, i) =>
        move(ALICE, BOB, BigInt(i + 1), { timeMs: 1000 + i, formula, reason: `number ${i}` }),
      );
      await ledger.postAll(many);
      const lines = await all(ledger.statement(ALICE));
      expect(lines.length).toBe(1101);
      let balance = 0n;
      for (const line of lines) {
        balance += line.units;
        expect(line.balance).toBe(decimal(balance));
      }
      expect(lines[1]).toMatchObject({
        ...{ amount: '-0.000000001', reason: 'number 0', formula, kind: 'transfer' },
        ...{ time: '1970-01-01T00:00:01.000Z', account: ALICE, token: 'BLY' },
      });
      const some = await all(ledger.statement(ALICE, { fromMs: 1010, toMs: 1020, token: 'BLY' }));
      expect(some.map(({ timeMs }) => timeMs)).toEqual(
        Array.from({ length: 10 }, (_, i) => 1010 + i),
      );
      expect(await all(ledger.statement(ALICE, { token: 'BLOOM' }))).toEqual([]);
      expect(await all(ledger.statement('neuron:nobody'))).toEqual([]);
    }));

  it('posts once: a taken key is answered by what has it, and nothing is written', () =>
    withLedger(async (ledger) => {
      const first = issue(ALICE, 5n);
      const other = { ...first, timeMs: first.timeMs + 1, reason: 'another reason' };
      const [one, two, again] = await ledger.postOnce([first, other, first]);
      expect(one).toMatchObject({ taken: null, receipt: { outcome: 'posted', replayed: false } });
      for (const answer of [two, again]) {
        expect(answer.receipt).toEqual({ ...one.receipt, replayed: true });
        expect(answer.taken?.sequence).toBe(0);
        expect(answer.taken?.content).toContain('a test');
      }
      const refused = await ledger.postOnce([move(BOB, ALICE, 1n)]);
      expect(refused[0]).toMatchObject({ taken: null, receipt: { outcome: 'rejected' } });
      const { entries } = await ledger.head();
      expect(entries).toBe(2);
      expect((await all(ledger.entries(1))).map(({ sequence }) => sequence)).toEqual([1]);
    }));

  it('posts followers with their leader or not at all, and seals with them', () =>
    withLedger(async (ledger) => {
      const leader = issue(ALICE, 5n);
      const followers = [move(ALICE, BOB, 2n), move(ALICE, BOB, 1n)];
      await ledger.post(issue(BOB, 1n));
      const seal = { epoch: 1, timeMs: 7 };
      const led = await ledger.postLed(leader, followers, seal);
      expect(led.sealed).toBe(true);
      expect(led.answers.map(({ receipt }) => receipt.outcome)).toEqual(Array(3).fill('posted'));
      // Somebody else's followers do not follow a leader that is there.
      const other = await ledger.postLed(leader, [move(ALICE, BOB, 9n)], { epoch: 2, timeMs: 7 });
      expect(other.answers.map(({ taken }) => taken?.sequence)).toEqual([1]);
      expect(other.sealed).toBe(false);
      // A follower that is refused: the epoch stays open.
      const next = { epoch: 2 } as const;
      const short = await ledger.postLed(
        issue(ALICE, 1n, next),
        [{ ...move(ALICE, BOB, 900n), ...next }],
        { epoch: 2, timeMs: 7 },
      );
      expect(short).toMatchObject({
        sealed: false,
        answers: [{}, { receipt: { outcome: 'rejected' } }],
      });
      // An open epoch before it is not left behind.
      const later = await ledger.postLed(issue(ALICE, 1n, { epoch: 3 }), [], {
        epoch: 3,
        timeMs: 7,
      });
      expect(later.sealed).toBe(false);
      expect((await ledger.head()).sealedThrough).toBe(1);
      expect((await ledger.balance(BOB, 'BLY')).units).toBe(4n);
      expect((await ledger.verify()).difference).toBeNull();
    }));

  it('explains what became of a claim', () =>
    withLedger(async (ledger) => {
      const key = claimNamed('explain');
      await ledger.post(issue(BUDGET, 10_000_000_000n));
      await ledger.post(openClaim(key, 3_000_000_000n, { reason: 'inference of 100 tokens' }));
      await ledger.post(grant(key, 99_000_000_000n));
      await ledger.post(grant(key, 1_000_000_000n, 5000, { reason: 'pro rata: a third' }));
      await ledger.post(finalise(key, 1_000_000_000n));
      const told = await ledger.explain(key);
      expect(told.status).toBe('reduced');
      expect(told.events.map(({ outcome }) => outcome)).toEqual([
        ...['posted', 'rejected', 'posted', 'posted'],
      ]);
      expect(told.events[1].refusal?.code).toBe('queue-exceeded');
      expect(told.sentences.at(-1)).toBe(
        'Of 3 BLY claimed, 1 BLY were granted: 1 BLY paid, 2 BLY queued, not funded yet.',
      );
      expect(told.sentences[2]).toContain('pro rata: a third');
      expect((await ledger.explain(claimNamed('nobody'))).status).toBe('unknown');
      const refused = claimNamed('refused');
      await ledger.post(grant(refused, 1n));
      expect((await ledger.explain(refused)).status).toBe('rejected');
    }));

  it('names the first row that somebody changed', async () => {
    const forgeries = [
      [
        "update entries set content = replace(content, 'a test', 'a tesT') where sequence = 1",
        /entry 1: digest/,
      ],
      ['update entries set hash = digest where sequence = 2', /entry 2: hash/],
      ['delete from entries where sequence = 2', /entry 2 is missing/],
      ['delete from entries where sequence = 4', /entry 4 is missing/],
      ['update balances set units = units + 1 where id = 1', /balances: 1: units/],
      [
        'update postings set units = units + 1 where sequence = 2 and balance = 0',
        /postings: balance 0, entry 2/,
      ],
      ['delete from postings where sequence = 0 and balance = 0', /postings: balance 0, entry 0/],
      ['insert into postings values (7, 7, 7, 7)', /rows: .*: postings: expected 6, found 7/],
      ['update claims set paid = paid + 1', /claims: [0-9a-f]{64}: paid/],
      ['delete from claim_entries', /claim_entries/],
      ['update epochs set transactions = 9', /epochs: 1: transactions/],
      ["update epochs set root = '00' where epoch = 1", /epochs: 1: root/],
      ["update head set hash = 'ff'", /head: of the ledger: hash/],
    ] as const;
    for (const [i, [sql, expected]] of forgeries.entries()) {
      const name = `forged${i}`;
      const ledger = openLedger(await database.open(name));
      const key = claimNamed('forged');
      await ledger.postAll([issue(ALICE, 10n), issue(BUDGET, 9n), move(ALICE, BOB, 4n)]);
      await ledger.postAll([openClaim(key, 3n), move(BOB, ALICE, 100n)]);
      await ledger.seal(1, { timeMs: 1 });
      expect((await ledger.verify()).verified).toBe(true);
      await database.tamper(name, sql);
      const { verified, difference } = await ledger.verify();
      expect(String(difference), sql).toMatch(expected);
      expect(verified).toBe(false);
      await ledger.close();
    }
  });

  it('exports, and imports to the same head', () =>
    withLedger(async (ledger, name) => {
      const key = claimNamed('export');
      await ledger.postAll([issue(BUDGET, 9n), openClaim(key, 3n), grant(key, 2n), grant(key, 2n)]);
      await ledger.seal(1, { timeMs: 1 });
      await ledger.postAll([issue(BUDGET, 9n), issue(BUDGET, 9n, { epoch: 2 })]);
      const lines = await all(ledger.export());
      const copy = openLedger(await database.open(`${name}copy`));
      const from = async function* (list: readonly string[]) {
        yield* list;
      };
      // Cut short: what came over stays, and the next import goes on from there.
      await expect(copy.import(from(lines.slice(0, 4)))).rejects.toThrow(/ends before its head/);
      expect((await copy.head()).entries).toBe(3);
      expect(await copy.import(from(lines))).toEqual(await ledger.head());
      expect(await copy.import(from(lines))).toEqual(await ledger.head());
      expect((await copy.verify()).difference).toBeNull();
      expect(await all(copy.export())).toEqual(lines);
      await copy.close();

      const other = openLedger(await database.open(`${name}other`));
      const changed = lines.map((line) => line.replace('"units":"2"', '"units":"1"'));
      await expect(other.import(from(changed))).rejects.toMatchObject({ code: 'mismatch' });
      await expect(other.import(from(['{}']))).rejects.toThrow(/line 1: expected/);
      await other.close();
    }));

  it('shares a commit between all who wait', () =>
    withLedger(async (ledger) => {
      const receipts = await Promise.all(
        Array.from({ length: 300 }, () => ledger.post(issue(ALICE, 1n))),
      );
      expect(new Set(receipts.map(({ sequence }) => sequence)).size).toBe(300);
      expect(await units(ledger, ALICE)).toBe(300n);
    }));

  it('is not changed by a batch with something malformed in it', () =>
    withLedger(async (ledger) => {
      const bad = { ...issue(ALICE, 1n), reason: '' };
      await expect(ledger.postAll([issue(ALICE, 1n), bad])).rejects.toThrow(/reason/);
      expect((await ledger.head()).entries).toBe(0);
    }));
}

/** A second way to write units: shift the decimal point of the digits. */
function decimal(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(10, '0');
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
  return value < 0n ? `-${text}` : text;
}

onBothStores(suite);
