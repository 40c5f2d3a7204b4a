// Payments that several processes offer: claim `number` is opened and paid in one transaction, always
// with the same content, so that it can be paid once only.

import { claimKey, identityKey } from '../../dist/ledger/entry.js';

/** Base units of each payment. */
export const PAYMENT = 7n;
export const RECIPIENTS = 5;

export const recipientOf = (number) => `neuron:did:key:z6Mk${number % RECIPIENTS}`;

export function claimTransaction(number) {
  const recipient = recipientOf(number);
  const evidence = 'e'.repeat(64);
  const identity = { kind: 'work', recipient, workId: String(number), evidence, ruleset: 'test' };
  const key = claimKey(identity);
  const pending = `pending:${recipient}`;
  return {
    key,
    kind: 'claim',
    epoch: 1,
    timeMs: number,
    postings: [
      { account: 'budget:BLY', token: 'BLY', units: -PAYMENT },
      { account: pending, token: 'BLY', units: PAYMENT },
    ],
    claims: [
      { key, effect: 'open', recipient, token: 'BLY', units: PAYMENT },
      { key, effect: 'grant', units: PAYMENT, matureAtMs: number },
    ],
    reason: `work ${number}`,
  };
}

export function budgetTransaction(units) {
  return {
    key: identityKey({ budget: String(units) }),
    kind: 'budget',
    epoch: 1,
    timeMs: 0,
    postings: [
      { account: 'source:BLY', token: 'BLY', units: -units },
      { account: 'budget:BLY', token: 'BLY', units },
    ],
    reason: 'the budget of the test',
  };
}
