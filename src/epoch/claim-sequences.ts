// The sequence that a neuron's first claim of an epoch must have: how many of its claims earlier epochs
// accepted. Claims of the epoch itself do not count, so a payout that is run again judges as before.

import type { Ledger } from '../ledger/ledger.js';
import { SEQUENCE_TOKEN, sequenceAccount } from './claim-works.js';

/** Looks sequences up; without a ledger all begin at 0. O(claims of the neuron). */
export function firstSequencesOf(
  ledger: Ledger | null,
  epoch: number,
): (neuron: string) => Promise<number> {
  return async (neuron) => {
    if (ledger === null) return 0;
    let count = 0;
    const lines = ledger.statement(sequenceAccount(neuron), { token: SEQUENCE_TOKEN });
    for await (const line of lines) if (line.epoch < epoch) count++;
    return count;
  };
}
