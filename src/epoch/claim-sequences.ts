// The sequence that a neuron's first claim of an epoch must have: how many of its claims were accepted
// before the epoch was opened, in the order of the log and not of times, which rules may turn back.
// Claims of the epoch itself come after its opening, so a payout that is run again judges as before.

import type { Ledger } from '../ledger/ledger.js';
import { SEQUENCE_TOKEN, sequenceAccount } from './claim-works.js';

/**
 * Looks sequences up; without a ledger all begin at 0. `opening` is the key of the epoch's opening
 * entry (pay.ts), null where no epoch is paid. O(claims of the neuron).
 */
export function firstSequencesOf(
  ledger: Ledger | null,
  opening: string | null,
): (neuron: string) => Promise<number> {
  return async (neuron) => {
    if (ledger === null) return 0;
    const places: number[] = [];
    const lines = ledger.statement(sequenceAccount(neuron), { token: SEQUENCE_TOKEN });
    for await (const { sequence } of lines) places.push(sequence);
    // Asked for last: where another process opens the epoch meanwhile, what it mints does not count.
    const opened = opening === null ? null : await ledger.positionOf(opening);
    return opened === null ? places.length : places.filter((place) => place < opened).length;
  };
}
