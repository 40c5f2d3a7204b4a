// The check of a transaction from outside, field by field; the first thing found wrong is named with
// its place. What passes is plain data: postings sorted by account and token, nothing unknown.

import { isWellFormed } from '../base/canonical.js';
import { check } from '../base/errors.js';
import {
  checkAccount,
  checkToken,
  isPending,
  isSource,
  pendingAccount,
  sourceToken,
} from './account.js';
import { checkUnits, found } from './amount.js';
import type { ClaimEffect, Formula, Limit, Posting, Transaction } from './transaction.js';

/** Most postings, effects and limits of one transaction. */
export const MAX_LINES = 1000;
/** Longest reason, and longest text of a formula. */
export const MAX_REASON = 1000;
export const MAX_TEXT = 4000;
/** Longest detail: room for a signed receipt. */
export const MAX_DETAIL = 65_536;
const MAX_NAMES = 64;
/** The last moment of ECMAScript's calendar, in the year 275,760. */
const LAST_MS = 8.64e15;

const KEY = /^[0-9a-f]{64}$/;
const KIND = /^[a-z][a-z0-9-]{0,63}$/;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** Kinds that only the ledger itself writes. */
const OWN_KINDS: readonly string[] = ['rejected', 'seal'];

const FIELDS = ['key', 'kind', 'epoch', 'timeMs', 'postings', 'reason'] as const;
const OPTIONAL = ['claims', 'limits', 'formula', 'details'] as const;
const EFFECT_FIELDS = {
  open: ['recipient', 'token', 'units'],
  grant: ['units', 'matureAtMs'],
  expire: ['units'],
  finalise: ['units'],
  void: ['units', 'to'],
  extend: ['matureAtMs'],
} as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a transaction from outside. Throws `bad-input` with the place of the first fault: unknown or
 * missing fields, wrong types, names outside their grammar, sums that are not zero. 3 µs for two
 * postings.
 */
export function checkTransaction(value: unknown): Transaction {
  const fields = recordAt(value, 'transaction', FIELDS, OPTIONAL);
  const { claims, limits, formula, details } = fields;
  const kind = fields['kind'];
  check(
    typeof kind === 'string' && KIND.test(kind) && !OWN_KINDS.includes(kind),
    'bad-input',
    () => `kind: expected a word like "transfer", found ${found(kind)}`,
    'a-z 0-9 and hyphens; rejected and seal are the ledger’s own',
  );
  const transaction = {
    key: checkKey(fields['key'], 'key'),
    kind,
    epoch: checkCount(fields['epoch'], 'epoch'),
    timeMs: checkTime(fields['timeMs'], 'timeMs'),
    postings: checkPostings(fields['postings']),
    reason: checkText(fields['reason'], 'reason', MAX_REASON, 1),
    claims: claims === undefined ? undefined : listAt(claims, 'claims').map(checkEffect),
    limits: limits === undefined ? undefined : checkLimits(limits),
    formula: formula === undefined ? undefined : checkFormula(formula),
    details: details === undefined ? undefined : checkTexts(details, 'details', MAX_DETAIL),
  };
  checkPendingAccounts(transaction);
  return transaction;
}

/** Checks the key of a transaction or claim: 64 lower-case hex digits. Throws `bad-input`. */
export function checkKey(value: unknown, name: string): string {
  check(
    typeof value === 'string' && KEY.test(value),
    'bad-input',
    () => `${name}: expected 64 lower-case hex digits, found ${found(value)}`,
    'make it with identityKey or claimKey',
  );
  return value;
}

/** Checks a safe integer from 0, −0 excluded. Throws `bad-input`. */
export function checkCount(value: unknown, name: string): number {
  check(
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0),
    'bad-input',
    () => `${name}: expected an integer in 0…2⁵³−1, found ${found(value)}`,
  );
  return value;
}

/** Checks a time in milliseconds since 1970 that a calendar has a date for. Throws `bad-input`. */
export function checkTime(value: unknown, name: string): number {
  const timeMs = checkCount(value, name);
  check(
    timeMs <= LAST_MS,
    'bad-input',
    () => `${name}: expected milliseconds since 1970, at most ${LAST_MS}, found ${timeMs}`,
  );
  return timeMs;
}

/** Checks a well-formed text of `least` … `most` characters. Throws `bad-input`. */
export function checkText(value: unknown, name: string, most: number, least = 0): string {
  check(
    typeof value === 'string' && value.length >= least && value.length <= most,
    'bad-input',
    () =>
      `${name}: expected a text of ${least}…${most} characters, found ` +
      (typeof value === 'string' ? `${value.length} characters` : found(value)),
  );
  check(
    isWellFormed(value),
    'bad-input',
    () => `${name}: expected well-formed Unicode, found a surrogate without its partner`,
  );
  return value;
}

/** A record with exactly the fields named, `optional` ones perhaps. Throws `bad-input`. */
export function recordAt(
  value: unknown,
  place: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  check(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    'bad-input',
    () => `${place}: expected an object, found ${found(value)}`,
  );
  const fields = value as Fields;
  let known = 0;
  for (const name of required) {
    check(fields[name] !== undefined, 'bad-input', () => `${place}: ${name} is missing`);
    known++;
  }
  for (const name of optional) if (name in fields) known++;
  const names = Object.keys(fields);
  if (names.length !== known) {
    const all = [...required, ...optional];
    const strange = names.find((name) => !all.includes(name)) ?? 'an inherited field';
    check(
      false,
      'bad-input',
      () => `${place}: unknown field ${found(strange)}`,
      `its fields are ${all.join(', ')}`,
    );
  }
  return fields;
}

function listAt(value: unknown, place: string): readonly unknown[] {
  check(
    Array.isArray(value),
    'bad-input',
    () => `${place}: expected a list, found ${found(value)}`,
  );
  check(
    value.length <= MAX_LINES,
    'bad-input',
    () => `${place}: expected at most ${MAX_LINES}, found ${value.length}`,
    'split the transaction',
  );
  return Array.from(value);
}

const POSTING_FIELDS = ['account', 'token', 'units'] as const;

type PostingPlaces = Readonly<Record<'place' | 'account' | 'token' | 'units', string>>;

/** Names of the places of a posting; made once, though each posting is checked with them. */
function placesOf(i: number): PostingPlaces {
  return (PLACES[i] ??= placesNamed(`postings[${i}]`));
}

function placesNamed(place: string): PostingPlaces {
  return {
    place,
    account: `${place}.account`,
    token: `${place}.token`,
    units: `${place}.units`,
  };
}

const PLACES: PostingPlaces[] = [];

function checkPostings(value: unknown): readonly Posting[] {
  const postings = listAt(value, 'postings').map((each, i): Posting => {
    const { place, account: accountAt, token: tokenAt, units: unitsAt } = placesOf(i);
    const fields = recordAt(each, place, POSTING_FIELDS);
    const account = checkAccount(fields['account'], accountAt);
    const token = checkToken(fields['token'], tokenAt);
    const units = checkUnits(fields['units'], unitsAt);
    check(units !== 0n, 'bad-input', () => `${unitsAt}: expected an amount, found 0`);
    checkSource(account, token, place);
    return { account, token, units };
  });
  postings.sort(byAccountAndToken);
  postings.forEach(({ account, token }, i) => {
    const before = postings[i - 1];
    check(
      i === 0 || before.account !== account || before.token !== token,
      'bad-input',
      () => `postings: ${account} occurs twice with ${token}`,
      'add the two up',
    );
  });
  checkSums(postings);
  return postings;
}

function checkSums(postings: readonly Posting[]): void {
  const sums = new Map<string, bigint>();
  let [token, sum] = [postings[0]?.token, 0n];
  for (const posting of postings) {
    // Mostly there is one token, and no map to fill.
    if (posting.token !== token) {
      sums.set(token, (sums.get(token) ?? 0n) + sum);
      [token, sum] = [posting.token, 0n];
    }
    sum += posting.units;
  }
  sums.set(token, (sums.get(token) ?? 0n) + sum);
  for (const [name, units] of sums) {
    check(
      units === 0n,
      'bad-input',
      () => `postings: expected a sum of 0 ${name}, found ${units} base units`,
      'what one account gains another gives',
    );
  }
}

function checkSource(account: string, token: string, place: string): void {
  check(
    !isSource(account) || sourceToken(account) === token,
    'bad-input',
    () => `${place}: ${account} issues ${sourceToken(account)}, found ${token}`,
  );
}

function byAccountAndToken(a: Posting, b: Posting): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return a.token < b.token ? -1 : a.token > b.token ? 1 : 0;
}

function checkEffect(value: unknown, i: number): ClaimEffect {
  const place = `claims[${i}]`;
  const name = (value as Fields | null | undefined)?.['effect'];
  check(
    typeof name === 'string' && Object.hasOwn(EFFECT_FIELDS, name),
    'bad-input',
    () =>
      `${place}.effect: expected one of ${Object.keys(EFFECT_FIELDS).join(', ')}, found ${found(name)}`,
  );
  const effect = name as ClaimEffect['effect'];
  const fields = recordAt(value, place, ['key', 'effect', ...EFFECT_FIELDS[effect]]);
  const key = checkKey(fields['key'], `${place}.key`);
  if (effect === 'extend') {
    return { key, effect, matureAtMs: checkTime(fields['matureAtMs'], `${place}.matureAtMs`) };
  }
  const units = checkUnits(fields['units'], `${place}.units`);
  check(units > 0n, 'bad-input', () => `${place}.units: expected more than 0, found ${units}`);
  switch (effect) {
    case 'open': {
      const recipient = checkOwner(fields['recipient'], `${place}.recipient`);
      // Room for the prefix of the account that its pending units wait in.
      checkAccount(pendingAccount(recipient), `${place}.recipient`);
      const token = checkToken(fields['token'], `${place}.token`);
      return { key, effect, recipient, token, units };
    }
    case 'grant': {
      const matureAtMs = checkTime(fields['matureAtMs'], `${place}.matureAtMs`);
      return { key, effect, units, matureAtMs };
    }
    case 'void':
      return { key, effect, units, to: checkOwner(fields['to'], `${place}.to`) };
    default:
      return { key, effect, units };
  }
}

/** An account that final or void units may go to. */
function checkOwner(value: unknown, name: string): string {
  const account = checkAccount(value, name);
  check(
    !isPending(account),
    'bad-input',
    () => `${name}: expected an account that is not pending itself, found ${found(account)}`,
  );
  return account;
}

function checkLimits(value: unknown): readonly Limit[] {
  const seen = new Set<string>();
  return listAt(value, 'limits').map((each, i) => {
    const place = `limits[${i}]`;
    const fields = recordAt(each, place, ['account', 'token', 'lowest']);
    const account = checkAccount(fields['account'], `${place}.account`);
    const token = checkToken(fields['token'], `${place}.token`);
    const lowest = checkUnits(fields['lowest'], `${place}.lowest`);
    check(
      isSource(account),
      'bad-input',
      () => `${place}.account: expected a source, found ${account}`,
      'all other accounts end at zero',
    );
    checkSource(account, token, place);
    check(lowest <= 0n, 'bad-input', () => `${place}.lowest: expected 0 or less, found ${lowest}`);
    check(!seen.has(account), 'bad-input', () => `${place}: ${account} occurs twice`);
    seen.add(account);
    return { account, token, lowest };
  });
}

function checkFormula(value: unknown): Formula {
  const fields = recordAt(value, 'formula', ['name', 'inputs', 'result']);
  return {
    name: checkText(fields['name'], 'formula.name', MAX_TEXT, 1),
    inputs: checkTexts(fields['inputs'], 'formula.inputs'),
    result: checkText(fields['result'], 'formula.result', MAX_TEXT),
  };
}

function checkTexts(
  value: unknown,
  place: string,
  most = MAX_TEXT,
): Readonly<Record<string, string>> {
  check(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    'bad-input',
    () => `${place}: expected texts by name, found ${found(value)}`,
  );
  const all = Object.entries(value);
  check(
    all.length <= MAX_NAMES,
    'bad-input',
    () => `${place}: expected at most ${MAX_NAMES} names, found ${all.length}`,
  );
  const texts: Record<string, string> = {};
  for (const [name, text] of all) {
    check(NAME.test(name), 'bad-input', () => `${place}: expected a name, found ${found(name)}`);
    texts[name] = checkText(text, `${place}.${name}`, most);
  }
  return texts;
}

function checkPendingAccounts({ postings, claims = [] }: Transaction): void {
  if (claims.length > 0) return;
  for (const { account } of postings) {
    check(
      !isPending(account),
      'bad-input',
      () => `postings: ${account} moves with claims only`,
      'say in `claims` which claim is granted, finalised or void',
    );
  }
}
