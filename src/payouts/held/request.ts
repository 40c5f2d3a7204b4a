// What every operation on held stake says, checked once: who, on what, how much, when, and a word that
// tells apart operations that are alike. What is malformed throws and leaves no trace.

import { check } from '../../base/errors.js';
import { checkAccount, checkToken } from '../../ledger/account.js';
import { checkUnits, found } from '../../ledger/amount.js';
import { checkCount, checkText, checkTime } from '../../ledger/check-transaction.js';
import { checkTarget, type Target } from './target.js';

/** An amount that a neuron puts on a target. */
export interface StakeRequest {
  /** The neuron's account: `neuron:…`. */
  readonly neuron: string;
  readonly target: Target;
  readonly token: string;
  /** Base units, 0 < units < 2⁶³. */
  readonly units: bigint;
  /** Of the ledger. */
  readonly epoch: number;
  /** The operation's own clock, milliseconds since 1970. */
  readonly timeMs: number;
  /** Any text: operations that are alike in all else are the same one, unless this differs. */
  readonly nonce: string;
}

/** Longest nonce, in characters. */
const LONGEST_NONCE = 200;

/** Checks a request from outside. Throws `bad-input` naming the field. */
export function checkStake(request: StakeRequest): StakeRequest {
  const units = checkUnits(request.units, 'units');
  check(units > 0n, 'bad-input', () => `units: expected more than 0, found ${units}`);
  return {
    neuron: checkNeuron(request.neuron, 'neuron'),
    target: checkTarget(request.target, 'target'),
    token: checkToken(request.token, 'token'),
    units,
    epoch: checkCount(request.epoch, 'epoch'),
    timeMs: checkTime(request.timeMs, 'timeMs'),
    nonce: checkText(request.nonce, 'nonce', LONGEST_NONCE),
  };
}

/** Checks the account of a neuron. Throws `bad-input`. */
export function checkNeuron(value: unknown, name: string): string {
  const account = checkAccount(value, name);
  check(
    account.startsWith('neuron:'),
    'bad-input',
    () => `${name}: expected the account of a neuron, found ${found(account)}`,
    'neuron:NAME; other accounts neither lock nor burn',
  );
  return account;
}
