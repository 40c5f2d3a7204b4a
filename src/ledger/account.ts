// Names of accounts and tokens.
//   account = kind 1*(":" part)      kind = a-z, then a-z 0-9 "-", at most 32
//   part    = 1 … 200 of A-Z a-z 0-9 . _ ~ % + @ / = -          at most 256 characters in all
//   token   = A-Z a-z, then A-Z a-z 0-9 "-", at most 32
// Plain ASCII: no two names look alike, and every store sorts them alike. Four kinds have a rule:
// `source:TOKEN…` may go below zero, in its own token only (issued = −balance); `pending:RECIPIENT`
// moves with claims only; `burned:…` never gives anything back; all others hold zero or more.

import { check } from '../base/errors.js';
import { found, MAX_UNITS } from './amount.js';

/** Longest name of an account. */
export const MAX_ACCOUNT = 256;

const ACCOUNT = /^[a-z][a-z0-9-]{0,31}(?::[A-Za-z0-9._~%+@/=-]{1,200})+$/;
const TOKEN = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;
const PENDING = 'pending:';
const SOURCE = 'source:';
const BURNED = 'burned:';

/** Checks the name of an account from outside; `name` is the field. Throws `bad-input`. */
export function checkAccount(value: unknown, name: string): string {
  check(
    typeof value === 'string' && value.length <= MAX_ACCOUNT && ACCOUNT.test(value),
    'bad-input',
    () => `${name}: expected an account like neuron:did:key:z6Mk…, found ${found(value)}`,
    'kind:part:part of A-Z a-z 0-9 . _ ~ % + @ / = -, at most 256 characters',
  );
  return value;
}

/** Checks the name of a token from outside; `name` is the field. Throws `bad-input`. */
export function checkToken(value: unknown, name: string): string {
  check(
    typeof value === 'string' && TOKEN.test(value),
    'bad-input',
    () => `${name}: expected a token like BLY, found ${found(value)}`,
    'a letter, then letters, digits and hyphens, at most 32 characters',
  );
  return value;
}

/** The account in which a recipient's claims wait for the end of their challenge windows. */
export function pendingAccount(recipient: string): string {
  return PENDING + recipient;
}

/** Whether an account moves with claims only. */
export function isPending(account: string): boolean {
  return account.startsWith(PENDING);
}

/** Whether an account issues a token, and so may go below zero. */
export function isSource(account: string): boolean {
  return account.startsWith(SOURCE);
}

/** Whether an account only ever gains: nothing may take from what was burned. */
export function isBurned(account: string): boolean {
  return account.startsWith(BURNED);
}

/** The token that a source issues: its second part. */
export function sourceToken(account: string): string {
  return account.slice(SOURCE.length).split(':', 1)[0];
}

/** The lowest balance of an account for which no limit was ever stated. */
export function lowestByKind(account: string): bigint {
  return isSource(account) ? -MAX_UNITS : 0n;
}
