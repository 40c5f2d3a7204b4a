// Conservation in integers: what is minted never exceeds what was moved, to the unit, whatever is
// claimed; and names of accounts that no two neurons share.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAccount } from '../../src/ledger/account.js';
import { checkTransaction } from '../../src/ledger/check-transaction.js';
import { conserve, VALUE_UNITS } from '../../src/payouts/minting/conserve.js';
import { neuronAccount, planMint, type Work } from '../../src/payouts/minting/mint.js';

const value = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 66n });
const values = fc.array(value, { maxLength: 30 });
const emission = fc.bigInt({ min: 0n, max: 10n ** 18n });
const work = (id: string, claimed: bigint, recipient = `neuron:${id}`): Work => ({
  recipient,
  id,
  evidence: 'evidence',
  value: claimed,
  reason: 'a reason',
});
const minting = (works: readonly Work[], actual: bigint, emitted: bigint) => ({
  kind: 'self-mint',
  source: 'manifest',
  ruleset: 'rules',
  token: 'CYB',
  emission: emitted,
  actual,
  timeMs: 1000,
  challengeMs: 0,
  works,
});

describe('conservation', () => {
  it('mints no more than emission × actual, and accounts for every unit', () => {
    fc.assert(
      fc.property(values, value, emission, (claimed, actual, emitted) => {
        const { mints, remainder, pool } = conserve(claimed, { actual, emission: emitted });
        const minted = mints.reduce((sum, units) => sum + units, 0n);
        expect(minted + remainder).toBe(pool);
        expect(pool * VALUE_UNITS <= (actual > 0n ? actual : 0n) * emitted).toBe(true);
        expect(remainder >= 0n && remainder <= BigInt(claimed.length)).toBe(true);
        claimed.forEach((each, k) => {
          if (each <= 0n) expect(mints[k]).toBe(0n);
          // No claim is paid more than it claims.
          else expect(mints[k] * VALUE_UNITS <= each * emitted).toBe(true);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('is what rational arithmetic says, to the unit', () => {
    fc.assert(
      fc.property(values, value, emission, (claimed, actual, emitted) => {
        const positive = claimed.filter((each) => each > 0n);
        const sum = positive.reduce((total, each) => total + each, 0n);
        const { mints } = conserve(claimed, { actual, emission: emitted });
        claimed.forEach((each, k) => {
          // claim × actual / Σ × emission where Σ > actual, else claim × emission: two fractions.
          const [top, bottom] = sum > actual ? [actual, sum] : [1n, 1n];
          const exact =
            each <= 0n || actual <= 0n ? 0n : (each * top * emitted) / (bottom * 2n ** 61n);
          expect(mints[k]).toBe(exact);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('pays equal work equally, more for more, and in any order the same', () => {
    fc.assert(
      fc.property(
        values,
        value,
        emission,
        fc.infiniteStream(fc.nat()),
        (claimed, actual, emitted, keys) => {
          const { mints } = conserve(claimed, { actual, emission: emitted });
          for (let i = 0; i < claimed.length; i++) {
            for (let j = 0; j < claimed.length; j++) {
              if (claimed[i] <= claimed[j]) expect(mints[i] <= mints[j]).toBe(true);
            }
          }
          const order = claimed.map((_, k) => [keys.next().value ?? 0, k] as const);
          order.sort(([a], [b]) => a - b);
          const shuffled = conserve(
            order.map(([, k]) => claimed[k]),
            { actual, emission: emitted },
          );
          expect(shuffled.mints).toEqual(order.map(([, k]) => mints[k]));
        },
      ),
    );
  });

  it('refuses a negative emission', () => {
    expect(() => conserve([1n], { actual: 1n, emission: -1n })).toThrow('emission: expected');
  });
});

describe('an epoch of mints', () => {
  it('is well-formed for the ledger, sums to the pool, and does not depend on order', () => {
    fc.assert(
      fc.property(values, value, emission, (claimed, actual, emitted) => {
        const works = claimed.map((each, k) => work(`w${k}`, each));
        const most = 2n ** 62n;
        const scaled = emitted % (most / VALUE_UNITS + 2n ** 20n);
        const plan = planMint(minting(works, actual, scaled));
        const again = planMint(minting([...works].reverse(), actual, scaled));
        expect(again.transactions).toEqual(plan.transactions);
        let issued = 0n;
        for (const transaction of plan.transactions) {
          checkTransaction(transaction);
          for (const { account, units } of transaction.postings) {
            if (account === 'source:CYB:minting') issued -= units;
          }
        }
        expect(issued).toBe(plan.pool);
        const keys = plan.transactions.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('waits out its challenge window in the account of what is pending', () => {
    const works = [work('w', VALUE_UNITS)];
    const open = planMint({ ...minting(works, VALUE_UNITS, 7n), challengeMs: 500 });
    expect(open.transactions[0].postings).toEqual([
      { account: 'source:CYB:minting', token: 'CYB', units: -7n },
      { account: 'pending:neuron:w', token: 'CYB', units: 7n },
    ]);
    expect(open.transactions[0].claims).toMatchObject([
      { effect: 'open', units: 7n },
      { effect: 'grant', units: 7n, matureAtMs: 1500 },
    ]);
    const final = planMint(minting(works, VALUE_UNITS, 7n));
    expect(final.transactions[0].postings[1].account).toBe('neuron:w');
  });

  it('refuses one work twice', () => {
    const twice = [work('w', 1n), work('w', 2n)];
    expect(() => planMint(minting(twice, 1n, 1n))).toThrow('found w twice');
  });
});

describe('accounts of neurons', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.stringMatching(/^[a-z:%~é]{1,12}$/),
    fc.string({ minLength: 150, maxLength: 400 }),
  );

  it('are well-formed, and no two neurons share one', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [first, second] = [neuronAccount(a), neuronAccount(b)];
        expect(checkAccount(first, 'account')).toBe(first);
        expect(checkAccount(`pending:${first}`, 'account')).toBe(`pending:${first}`);
        const isSame = Buffer.from(a, 'utf8').equals(Buffer.from(b, 'utf8'));
        if (!isSame) expect(first).not.toBe(second);
      }),
      { numRuns: 2000 },
    );
  });

  it('show a did as it is', () => {
    const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
    expect(neuronAccount(did)).toBe(`neuron:${did}`);
    expect(neuronAccount('n 1')).toBe('neuron:n%201');
    expect(neuronAccount('a::b')).toBe('neuron:a%3A%3Ab');
  });
});

describe('names', () => {
  it('tell epochs and neurons apart', () => {
    // A hundred base units among three leave one in each epoch.
    const works = ['a', 'b', 'c'].map((id) => work(id, VALUE_UNITS));
    const keyOf = (source: string) => {
      const plan = planMint({ ...minting(works, VALUE_UNITS, 100n), source });
      expect(plan.remainder).toBe(1n);
      return plan.transactions.at(-1)?.key;
    };
    expect(keyOf('one')).not.toBe(keyOf('other'));
    expect(neuronAccount(':a')).not.toBe(neuronAccount('%3Aa'));
  });
});
