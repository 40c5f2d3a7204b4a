// Burning: a neuron gives units up for ever, for weight on a particle or a link that never decays.
//   neuron:N −units        burned:particle:ID or burned:link:FROM:TO +units
// The ledger refuses whatever takes from a burned account (src/ledger/state.ts), so what is burned for
// a target is that account's balance, and only grows. Source: rewards §5, lock and burn.

import { decimalOf } from '../../ledger/amount.js';
import { identityKey } from '../../ledger/entry.js';
import type { Transaction } from '../../ledger/transaction.js';
import { checkStake, type StakeRequest } from '../held/request.js';
import { pathOf, shownTarget, type Target } from '../held/target.js';

/** The account that holds what was burned for a target. */
export function burnedAccount(target: Target): string {
  return `burned:${pathOf(target)}`;
}

/**
 * The transaction that burns units for a target, in one posting to its account. The same request is
 * the same transaction, so the ledger burns once. Throws `bad-input` naming the field.
 */
export function burnTransaction(request: StakeRequest): Transaction {
  const { neuron, target, token, units, epoch, timeMs, nonce } = checkStake(request);
  const account = burnedAccount(target);
  return {
    key: identityKey({ kind: 'burn', neuron, account, token, units: String(units), nonce }),
    kind: 'burn',
    epoch,
    timeMs,
    postings: [
      { account, token, units },
      { account: neuron, token, units: -units },
    ],
    reason: `${decimalOf(units)} ${token} burned for ever, for ${shownTarget(target)}`,
    details: { ...target, nonce },
  };
}
