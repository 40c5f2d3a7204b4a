// Why the ledger refused a transaction that was well-formed: a code that programs switch on, facts as
// texts, and a sentence. A refusal is an entry of its own, so these texts are part of the log: a code
// or a sentence may be added, never changed.

import { decimalOf } from './amount.js';

/** What a transaction ran into. */
export type RefusalCode =
  | 'key-taken'
  | 'sealed-epoch'
  | 'balance-limit'
  | 'balance-overflow'
  | 'limit-above-balance'
  | 'unknown-claim'
  | 'claim-exists'
  | 'queue-exceeded'
  | 'pending-exceeded'
  | 'immature'
  | 'postings-disagree'
  | 'burned';

/** A refusal with its facts; amounts are base units. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly facts: Readonly<Record<string, string>>;
}

/** Whether a result is a refusal. */
export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}

const SENTENCES: Readonly<Record<RefusalCode, (fact: Readonly<Record<string, string>>) => string>> =
  {
    'key-taken': ({ sequence }) => `the key belongs to entry ${sequence}, which has other content`,
    'sealed-epoch': ({ epoch, sealedThrough }) =>
      `epoch ${epoch} is closed: everything through ${sealedThrough} is sealed`,
    'balance-limit': ({ account, balance, change, lowest, token }) =>
      `${account} has ${amount(balance)} ${token}; a change of ${amount(change)} would leave less ` +
      `than its limit of ${amount(lowest)}`,
    'balance-overflow': ({ account, balance, change, token }) =>
      `${account} has ${amount(balance)} ${token}; a change of ${amount(change)} would not fit ` +
      'into 64 bits',
    'limit-above-balance': ({ account, balance, lowest, token }) =>
      `${account} is at ${amount(balance)} ${token} already, below the limit ${amount(lowest)}`,
    'unknown-claim': ({ claim }) => `the claim ${claim} was never opened`,
    'claim-exists': ({ claim }) => `the claim ${claim} was opened before`,
    'queue-exceeded': ({ claim, units, available, token }) =>
      `the claim ${claim} has ${amount(available)} ${token} queued, asked for were ${amount(units)}`,
    'pending-exceeded': ({ claim, units, available, token }) =>
      `the claim ${claim} has ${amount(available)} ${token} pending, asked for were ${amount(units)}`,
    immature: ({ claim, units, available, token, timeMs, matureAtMs }) =>
      `the claim ${claim} has ${amount(available)} ${token} mature at ${timeMs} ms, asked for were ` +
      `${amount(units)}: the next become so at ${matureAtMs} ms`,
    'postings-disagree': ({ account, token, expected, posted }) =>
      `the claims move ${amount(expected)} ${token} of ${account}, the postings ${amount(posted)}`,
    burned: ({ account, change, token }) =>
      `${account} holds what was burned; a change of ${amount(change)} ${token} would take from it`,
  };

/** The sentence of a refusal, the same for the same facts. */
export function refusalSentence({ code, facts }: Refusal): string {
  return SENTENCES[code](facts);
}

function amount(units: string): string {
  return decimalOf(BigInt(units));
}
