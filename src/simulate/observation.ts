// What a simulation observes of each run, before anything is averaged.

import type { Accrual } from './diagnostics.js';
import type { DiscoveryProbe } from './probe.js';
import type { Measure } from './score.js';
import type { StrategyName } from './strategies.js';

/** What one side of a game did and got under one measure. */
export interface Earned {
  /** Σ rewards; may be negative. */
  readonly raw: number;
  /** Σ payouts. */
  readonly paid: number;
  /** Σ stake emitted. */
  readonly emitted: number;
  /** Σ stake × epochs locked. */
  readonly locked: number;
}

/** One strategy in one run under one measure, beside the crowd of the same world. */
export interface Observation {
  readonly run: number;
  readonly strategy: StrategyName;
  readonly measure: Measure;
  readonly seat: Earned;
  readonly crowd: Earned;
}

/** What is measured of a run besides earnings. */
export interface RunDiagnostics {
  readonly probe: DiscoveryProbe;
  /** By function: correlation of reward and accuracy over honest signals; null: no variation. */
  readonly correlations: Readonly<Record<string, number | null>>;
  readonly accrual: Accrual;
  /** H in nats of the hidden truth's focus, and of the graph's before and after the game. */
  readonly entropies: { readonly truth: number; readonly first: number; readonly last: number };
}
