// Random sequences of operations against a naive second implementation, on both stores: after every
// operation the balances and claims are those of the model, and the invariants hold. FOCUS_SEQUENCES
// sets how many sequences for each store (default 200). A hundred sequences run side by side, each
// with accounts, a token and claims of its own, so that they share commits.

import { expect, it } from 'vitest';
import { pendingAccount } from '../../src/ledger/account.js';
import { grantedUnits, pendingUnits } from '../../src/ledger/claim.js';
import { identityKey } from '../../src/ledger/entry.js';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import type { Receipt } from '../../src/ledger/settle.js';
import type { LedgerStore } from '../../src/ledger/store.js';
import type { ClaimEffect, Posting, Transaction } from '../../src/ledger/transaction.js';
import { emptyModel, modelAfter, type Model } from './model.js';
import { onBothStores, type TestDatabase } from './stores.js';

const SEQUENCES = Number(process.env['FOCUS_SEQUENCES'] ?? 200);
const LANES = 100;
const STEPS = 20;

/** A small generator: 32 bits, xorshift; the numbers of a sequence depend on its number only. */
function generator(seed: number): (below: number) => number {
  let x = (seed + 1) * 2654435761;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

class Lane {
  model: Model = emptyModel();
  readonly #pick: (below: number) => number;
  readonly #offered: Transaction[] = [];
  readonly token: string;
  readonly people: readonly string[];
  readonly budget: string;
  readonly claims: readonly string[];
  /** Outcomes of operations that were new. */
  readonly outcomes = { posted: 0, rejected: 0 };
  /** Keys that were posted, by the content that was. */
  readonly #posted = new Map<string, Transaction>();

  constructor(
    readonly number: number,
    readonly epoch: number,
  ) {
    this.#pick = generator(number);
    this.token = `T${number}`;
    this.people = [`neuron:a${number}`, `neuron:b${number}`];
    this.budget = `budget:s${number}`;
    this.claims = [0, 1].map((claim) => identityKey({ sequence: number, claim }));
  }

  accounts(): readonly string[] {
    const { people, budget, token } = this;
    return [`source:${token}`, budget, ...people, ...people.map(pendingAccount)];
  }

  /** The next operation: new, or one of before again, or with other content under its key. */
  next(step: number): Transaction {
    const pick = this.#pick;
    const old = this.#offered[pick(Math.max(1, this.#offered.length))];
    const kind = old === undefined ? 9 : pick(12);
    const made = kind === 0 ? old : kind === 1 ? this.#altered(old, step) : this.#make(step);
    this.#offered.push(made);
    return made;
  }

  /** Checks the answer against the model, and moves the model on. */
  check(offered: Transaction, receipt: Receipt): void {
    const place = `sequence ${this.number}, ${offered.kind}`;
    const same = this.#posted.get(offered.key);
    if (same !== undefined) {
      const isSame = same === offered;
      expect(receipt.outcome, place).toBe(isSame ? 'posted' : 'rejected');
      if (isSame) expect(receipt.replayed, place).toBe(true);
      return;
    }
    if (receipt.replayed) {
      // Refused before: once refused, the same content stays so.
      expect(receipt.outcome, place).toBe('rejected');
      return;
    }
    const after = modelAfter(this.model, offered);
    expect(receipt.outcome, `${place}: ${receipt.refusal?.reason}`).toBe(
      after === null ? 'rejected' : 'posted',
    );
    this.outcomes[receipt.outcome]++;
    if (after === null) return;
    this.model = after;
    this.#posted.set(offered.key, offered);
  }

  #altered(old: Transaction, step: number): Transaction {
    return { ...old, reason: `${old.reason}, altered at ${step}` };
  }

  #make(step: number): Transaction {
    const pick = this.#pick;
    const { token, budget } = this;
    const who = this.people[pick(2)];
    // Mostly one claim and its own recipient, so that claims get somewhere.
    const claim = this.claims[pick(6) === 0 ? 1 : 0];
    const known = this.model.claims.get(claim);
    const recipient = known !== undefined && pick(12) > 0 ? known.recipient : who;
    const units = BigInt(1 + pick(6));
    const [effect, from, to] = this.#operation(step, claim, recipient, units);
    const amount = effect === null && step === 0 ? 60n : units;
    // Now and then the postings say something else than the claim.
    const posted = pick(14) === 0 ? amount + 1n : amount;
    const postings: Posting[] = [
      { account: from, token, units: -posted },
      { account: to, token, units: posted },
    ];
    return {
      key: identityKey({ sequence: this.number, step }),
      kind: effect?.effect ?? 'transfer',
      epoch: this.epoch,
      timeMs: 10 * step,
      postings: from === to ? [] : postings,
      ...(effect === null ? {} : { claims: [effect] }),
      reason: `step ${step} ${budget}`,
    };
  }

  #operation(
    step: number,
    key: string,
    recipient: string,
    units: bigint,
  ): readonly [ClaimEffect | null, string, string] {
    const pick = this.#pick;
    const { token, budget } = this;
    const pending = pendingAccount(recipient);
    const matureAtMs = 10 * Math.max(0, step - 3 + pick(7));
    const choice = step === 0 ? 0 : step === 1 ? 1 : pick(14);
    if (choice === 0) return [null, `source:${token}`, budget];
    if (choice === 1) {
      const most = BigInt(10 + pick(20));
      return [{ key, effect: 'open', token, units: most, recipient }, '', ''];
    }
    if (choice <= 6) return [{ key, effect: 'grant', units, matureAtMs }, budget, pending];
    if (choice <= 8) return [{ key, effect: 'finalise', units }, pending, recipient];
    if (choice <= 10) return [{ key, effect: 'void', units, to: budget }, pending, budget];
    if (choice === 11) return [{ key, effect: 'expire', units }, '', ''];
    if (choice === 12) return [{ key, effect: 'extend', matureAtMs: matureAtMs + 10 }, '', ''];
    return [null, budget, this.people[pick(2)]];
  }
}

/** Compares every balance and claim of these sequences with their models, on one snapshot. */
async function compare(store: LedgerStore, lanes: readonly Lane[]): Promise<void> {
  await store.read(async (reader) => {
    const claims = new Map(
      (await reader.claimsOf(lanes.flatMap((lane) => lane.claims))).map((each) => [each.key, each]),
    );
    const owned = new Map<string, bigint>();
    for (let from = 0; ;) {
      const rows = await reader.balances(from, 100_000);
      for (const row of rows) owned.set(`${row.account} ${row.token}`, row.units);
      if (rows.length < 100_000) break;
      from = rows[rows.length - 1].id + 1;
    }
    for (const { number, model, token, accounts, claims: keys } of lanes.map((lane) => ({
      ...{ number: lane.number, model: lane.model, token: lane.token, claims: lane.claims },
      accounts: lane.accounts(),
    }))) {
      const place = `sequence ${number}`;
      let sum = 0n;
      for (const account of accounts) {
        const name = `${account} ${token}`;
        const units = owned.get(name) ?? 0n;
        if (units !== (model.balances.get(name) ?? 0n)) expect.fail(`${place}: ${name}: ${units}`);
        if (units < 0n && !account.startsWith('source:')) expect.fail(`${place}: ${name} < 0`);
        sum += units;
      }
      if (sum !== 0n) expect.fail(`${place}: the balances sum to ${sum}`);
      const waiting = new Map<string, bigint>();
      for (const key of keys) {
        const [claim, wanted] = [claims.get(key), model.claims.get(key)];
        if (claim === undefined || wanted === undefined) {
          if (claim !== wanted) expect.fail(`${place}: one of two knows the claim`);
          continue;
        }
        const { claimed, queued, expired, paid, voided } = claim;
        if (grantedUnits(claim) + queued + expired !== claimed) expect.fail(`${place}: claim`);
        const found = [claimed, queued, expired, paid, voided].join();
        const { claimed: c, queued: q, expired: e, paid: p, voided: v } = wanted;
        if (found !== [c, q, e, p, v].join()) expect.fail(`${place}: claim ${found}`);
        const due = [...wanted.pending].sort(([a], [b]) => a - b).join(';');
        const kept = claim.tranches.map(({ matureAtMs, units }) => [matureAtMs, units]).join(';');
        if (due !== kept) expect.fail(`${place}: expected ${due} pending, found ${kept}`);
        const account = pendingAccount(claim.recipient);
        waiting.set(account, (waiting.get(account) ?? 0n) + pendingUnits(claim));
      }
      for (const [account, units] of waiting) {
        if ((owned.get(`${account} ${token}`) ?? 0n) !== units) expect.fail(`${place}: ${account}`);
      }
    }
  });
}

async function runLanes(ledger: Ledger, store: LedgerStore, lanes: readonly Lane[]): Promise<void> {
  for (let step = 0; step < STEPS; step++) {
    const offered = lanes.map((lane) => lane.next(step));
    const receipts = await Promise.all(offered.map((each) => ledger.post(each)));
    lanes.forEach((lane, i) => lane.check(offered[i], receipts[i]));
    await compare(store, lanes);
  }
}

function suite(database: TestDatabase): void {
  it(
    `agrees with a second implementation in ${SEQUENCES} sequences`,
    { timeout: 900_000 },
    async () => {
      const counts = { posted: 0, rejected: 0 };
      // A fresh ledger for each two hundred: every comparison reads all balances.
      for (let group = 0; group * LANES < SEQUENCES; group++) {
        const name = `random${Math.floor(group / 2)}`;
        const store = await database.open(name, 'off');
        const ledger = openLedger(store);
        const count = Math.min(LANES, SEQUENCES - group * LANES);
        const lanes = Array.from({ length: count }, (_, i) => new Lane(group * LANES + i, group));
        await runLanes(ledger, store, lanes);
        await ledger.seal(group, { timeMs: 0 });
        const late = { ...lanes[0].next(STEPS), key: identityKey({ late: group }) };
        expect((await ledger.post(late)).refusal?.code).toBe('sealed-epoch');
        const { difference } = await ledger.verify();
        expect(difference).toBeNull();
        for (const { outcomes } of lanes) {
          counts.posted += outcomes.posted;
          counts.rejected += outcomes.rejected;
        }
        await ledger.close();
      }
      expect(counts.posted).toBeGreaterThan(SEQUENCES * 5);
      expect(counts.rejected).toBeGreaterThan(SEQUENCES);
      process.stderr.write(`${database.kind}: ${SEQUENCES} sequences, ${JSON.stringify(counts)}\n`);
    },
  );
}

onBothStores(suite);
