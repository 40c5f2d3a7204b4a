// The sequence that a neuron's first claim of an epoch must have: how many of its claims earlier epochs
// accepted. Claims of the epoch itself do not count, so a payout that is run again judges as before.

import type { Ledger } from '../ledger/ledger.js';
import { SEQUENCE_TOKEN, sequenceAccount } from './claim-works.js';

/**
 * Looks sequences up; without a ledger all begin at 0. `beforeMs` is when the epoch is paid. O(claims
 * of the neuron).
 */
export function firstSequencesOf(
  ledger: Ledger | null,
  beforeMs: number,
): (neuron: string) => Promise<number> {
  return async (neuron) => {
    if (ledger === null) return 0;
    let count = 0;
    const range = { token: SEQUENCE_TOKEN, toMs: beforeMs };
    for await (const _ of ledger.statement(sequenceAccount(neuron), range)) count++;
    return count;
  };
}
