// What an epoch leaves to the next: its graph with its links, its exact focus, and its header's hash.

import type { Parameters } from '../focus/parameters.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Ruleset } from './ruleset.js';
import type { HeldStake } from '../payouts/held/held.js';

/** An epoch as the next one builds on it. */
export interface EpochState {
  readonly epoch: number;
  /** The graph of the focus: what signals made, and stake that is held on links. */
  readonly linked: LinkedGraph;
  /** What signals made alone, which the next ones apply to; `linked` itself where nothing is held. */
  readonly signed: LinkedGraph;
  readonly held: HeldStake | null;
  /** The rules that it was computed by. */
  readonly rules: Ruleset;
  readonly focus: StateFocus;
  /** Hash of the header. */
  readonly header: string;
}

/** The exact focus of an epoch. */
export interface StateFocus {
  readonly parameters: Parameters;
  readonly units: BigInt64Array;
  readonly digest: string;
  /** H and J in units of 2⁻⁵⁶. */
  readonly entropy: bigint;
  readonly syntropy: bigint;
  readonly errorBound: number | null;
  readonly converged: boolean;
}
