// What an epoch pays by: from one starting epoch on, nothing defaulted. Amounts are exact decimals
// written as text; times follow from the number of an epoch, so that posting it again says the same.

import { check } from '../base/errors.js';
import { sha256Hex } from '../base/canonical.js';
import { checkToken } from '../ledger/account.js';
import { unitsOf } from '../ledger/amount.js';
import { CLAIM_FUNCTIONS, type ClaimFunction } from '../claims/claim.js';
import { VALUE_FUNCTIONS, type ValueName } from '../attribution/value-function.js';
import { integer, listOf, number, oneOf, record, type Read } from './read-rules.js';

/** Shapley shares of an epoch's signals. */
export interface ShapleyRules {
  readonly kind: 'shapley';
  readonly value: ValueName;
  /** Orderings to sample; 0: all coalitions, of at most 12 signals. */
  readonly orderings: number;
  /** L1 error of each coalition's focus, in exact arithmetic. */
  readonly tolerance: number;
}

/** A weighted sum of what each signal earned alone. */
export interface HybridRules {
  readonly kind: 'hybrid';
  /** By reward function; of the ruleset's marginals and joint functions. */
  readonly weights: { readonly 'delta-norm': number; readonly syntropy: number };
}

/** Claims of neurons, verified by recomputation. */
export interface ClaimRules {
  readonly kind: 'claims';
  readonly function: ClaimFunction;
  /** Largest error, in L1, that is paid for, and that of the recomputation. */
  readonly mostError: number;
  readonly tolerance: number;
}

/** The rules of an epoch's payout. */
export interface PayoutRules {
  readonly startEpoch: number;
  readonly token: string;
  /** Tokens for a value of 1, a decimal as text. */
  readonly emission: string;
  /** When epoch 0 begins, as RFC 3339 in UTC, and how long an epoch is. */
  readonly genesis: string;
  readonly epochSeconds: number;
  /** How long a mint may be challenged; 0: it is final at once. */
  readonly challengeSeconds: number;
  readonly rewards: ShapleyRules | HybridRules | ClaimRules;
}

const GENESIS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const tolerance = number('in [1e-12, 2]', (x) => x >= 1e-12 && x <= 2);
const weight = number('≥ 0', (x) => x >= 0);

const SHAPLEY: Rules<ShapleyRules> = {
  kind: oneOf(['shapley']),
  value: oneOf(Object.keys(VALUE_FUNCTIONS).filter(isExact) as ValueName[]),
  orderings: integer(0),
  tolerance,
};
const HYBRID: Rules<HybridRules> = {
  kind: oneOf(['hybrid']),
  weights: (value, place) => record(value, place, { 'delta-norm': weight, syntropy: weight }),
};
const CLAIMS: Rules<ClaimRules> = {
  kind: oneOf(['claims']),
  function: oneOf(CLAIM_FUNCTIONS),
  mostError: tolerance,
  tolerance,
};
type Rules<T> = { readonly [Key in keyof T]: Read<T[Key]> };

const PAYOUT: Rules<PayoutRules> = {
  startEpoch: integer(0),
  token: checkToken,
  emission: (value, place) => {
    const units = unitsOf(value, place);
    check(units >= 0n, 'bad-input', () => `${place}: expected tokens ≥ 0, found ${String(value)}`);
    return value as string;
  },
  genesis: (value, place) => {
    const isTime =
      typeof value === 'string' && GENESIS.test(value) && Number.isFinite(Date.parse(value));
    const found = JSON.stringify(value);
    check(
      isTime,
      'bad-input',
      () => `${place}: expected a time like "2026-01-01T00:00:00Z", found ${found}`,
    );
    check(Date.parse(value) >= 0, 'bad-input', () => `${place}: expected 1970 or later`);
    return value;
  },
  epochSeconds: integer(1),
  challengeSeconds: integer(0),
  rewards: (value, place) => {
    const kinds = ['shapley', 'hybrid', 'claims'] as const;
    const kind = oneOf(kinds)((value as { kind?: unknown } | null)?.kind, `${place}.kind`);
    if (kind === 'shapley') return record(value, place, SHAPLEY);
    return kind === 'hybrid' ? record(value, place, HYBRID) : record(value, place, CLAIMS);
  },
};

/** Reads payout rules: a list, by rising startEpoch. Throws `bad-input` naming ruleset and key. */
export function readPayoutRules(value: unknown, name: string): readonly PayoutRules[] {
  const rules = listOf((each, place) => record(each, place, PAYOUT))(value, name);
  check(rules.length > 0, 'bad-input', () => `${name}: expected a ruleset, found none`);
  rules.forEach(({ startEpoch }, i) => {
    check(
      i === 0 || startEpoch > rules[i - 1].startEpoch,
      'bad-input',
      () => `${name}[${i}].startEpoch: expected more than the one before, found ${startEpoch}`,
    );
  });
  return rules;
}

/** The rules of an epoch. Throws `bad-input` where none has started. */
export function payoutRulesAt(rules: readonly PayoutRules[], epoch: number): PayoutRules {
  const found = rules.filter(({ startEpoch }) => startEpoch <= epoch).at(-1);
  check(
    found !== undefined,
    'bad-input',
    () => `payouts: expected rules that start by epoch ${epoch}, found none`,
  );
  return found;
}

/** SHA-256 of the rules' canonical text, keys in their order. */
export function payoutRulesDigest(rules: PayoutRules): string {
  return sha256Hex(`focus-payout-rules-1\n${JSON.stringify(rules)}`);
}

/** When an epoch ends, in milliseconds since 1970. Throws `bad-input` beyond what a date can say. */
export function endOf({ genesis, epochSeconds }: PayoutRules, epoch: number): number {
  const end = Date.parse(genesis) + (epoch + 1) * epochSeconds * 1000;
  check(
    Number.isSafeInteger(end),
    'bad-input',
    () => `payouts: epoch ${epoch} ends beyond all dates`,
  );
  return end;
}

function isExact(name: string): boolean {
  return name !== 'free-energy';
}
