// Attention that a target attracted in an epoch, for fee pools: where focus becomes an integer.
//   of a particle  [φ*_e − φ*_{e−1}]₊ in focus units of 2⁻⁶¹, which are integers already: no rounding
//   of a link      that of the particle it leads to, as links are valued by Δφ*_j (rewards §4)
// A particle that was not there before had none. Particles that lose focus attract 0.

import { check } from '../base/errors.js';
import { deltaOf } from '../focus/exact/delta.js';
import type { HeldStake } from '../payouts/held/held.js';
import type { AttentionOf } from '../payouts/locks/shares.js';
import { manifestOf } from './chain.js';
import { sha256 } from './files.js';
import { stateBefore } from './replay.js';
import { rulesetText } from './ruleset.js';
import type { EpochState } from './state.js';

/** What a fee pool of an epoch is shared by. */
export interface EpochAttention {
  readonly epoch: number;
  /** The stake that the epoch's graph held. */
  readonly held: HeldStake;
  readonly attentionOf: AttentionOf;
  /** Locks up to this epoch of the ledger were in the graph before, too; −1: none. */
  readonly earningThrough: number;
  /** The epoch's digest. */
  readonly evidence: string;
  /** Digest of the epoch's ruleset. */
  readonly ruleset: string;
}

/** Attention between two states, in focus units. O(particles). */
export function attentionBetween(before: EpochState, after: EpochState): AttentionOf {
  const named = ({ linked, focus }: EpochState) => ({ ids: linked.graph.ids, units: focus.units });
  const { idAt, units } = deltaOf(named(before), named(after));
  const gained = new Map<string, bigint>();
  units.forEach((value, i) => {
    if (value > 0n) gained.set(idAt(i), value);
  });
  return (target) => gained.get('particle' in target ? target.particle : target.to) ?? 0n;
}

/**
 * Attention in an epoch of a chain, by what its files claim (verifyChain says whether they hold).
 * O(links) for each epoch before. Throws `usage` where the epoch held no stake, `mismatch` for damage.
 */
export async function epochAttention(chain: string, epoch: number): Promise<EpochAttention> {
  const [before, after] = [await stateBefore(chain, epoch), await stateBefore(chain, epoch + 1)];
  const held = after?.held ?? null;
  check(
    before !== null && after !== null && held !== null,
    'usage',
    () => `${chain}: epoch ${epoch}: expected one that holds stake by its rules`,
    'fee pools are shared for epochs whose ruleset has held',
  );
  const { digest: evidence } = await manifestOf(chain, epoch);
  const ruleset = sha256(rulesetText(after.rules));
  const earningThrough = before.held?.through ?? -1;
  const attentionOf = attentionBetween(before, after);
  return { epoch, held, attentionOf, earningThrough, evidence, ruleset };
}
