// The states of a chain, one after the other, as its files claim them: what is computed from focus over
// time reads this. Files are held against their digests, headers against the ones before; nothing is
// computed anew, which is verify.ts's task.

import { FocusError } from '../base/errors.js';
import { applyDelta } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import { epochFolder, epochsOf, SIGNALS } from './chain.js';
import { claimedState, storedEpoch, storedGenesis } from './replay.js';
import type { EpochState } from './state.js';

/**
 * Yields the state of each epoch from 0; one graph is held. O(links) an epoch. Throws `usage` where
 * there is no chain, `mismatch` for one that is damaged.
 */
export async function* statesOf(chain: string): AsyncGenerator<EpochState, void, undefined> {
  const held = await epochsOf(chain);
  if (held === 0) {
    throw new FocusError(
      'usage',
      `${chain}: expected a chain of epochs, found none`,
      'give the folder that `focus epoch compute` was given',
    );
  }
  let { linked } = await storedGenesis(chain);
  let previous: string | null = null;
  for (let epoch = 0; epoch < held; epoch++) {
    if (epoch > 0) linked = await graphAfter(chain, epoch, linked);
    const state: EpochState = await claimedState(chain, epoch, linked, previous);
    yield state;
    previous = state.header;
  }
}

async function graphAfter(chain: string, epoch: number, linked: LinkedGraph): Promise<LinkedGraph> {
  const { delta } = await storedEpoch(chain, epoch);
  try {
    return applyDelta(linked, delta).after;
  } catch (cause) {
    if (!(cause instanceof FocusError) || cause.code === 'invariant') throw cause;
    const message = `${epochFolder(chain, epoch)}/${SIGNALS}: ${cause.message}`;
    throw new FocusError('mismatch', message, cause.fix, { cause });
  }
}
