// What chains of coalitions are: the game they are of, the chains, and what is found of them.

import type { Parameters } from '../parameters.js';
import type { PlayerChange } from './coalition.js';
import type { Core } from './core.js';
import type { CoalitionMeasures } from './measures.js';

/** Nested coalitions: step s adds its players to those of the steps before. */
export interface CoalitionChain {
  readonly index: number;
  readonly steps: readonly (readonly number[])[];
}

/** What the coalitions of a chain moved, one by one. */
export interface SolvedChain {
  readonly index: number;
  readonly measures: readonly CoalitionMeasures[];
  /** Whether every coalition met the tolerance. */
  readonly converged: boolean;
}

/** What is played, as numbers that threads can share. */
export interface CoalitionGame {
  readonly parameters: Parameters;
  /** What one unit of the prior's weight injects into χ, see local/base.ts. */
  readonly injection: number;
  /** Particles of the graph before, and the proven L1 error of its φ. */
  readonly particles: number;
  readonly errorBound: number;
  readonly core: Core;
  /** What each player changes, by rows of the core. */
  readonly players: readonly PlayerChange[];
  /** Spare rows that players' new particles take. */
  readonly spare: number;
}

/** How chains are solved. */
export interface ChainOptions {
  /** L1 error of each coalition's Δφ to certify; 16 times the error of φ before at least. */
  readonly tolerance: number;
  /** Columns of the block: chains at once. */
  readonly columns: number;
}
