// A cooperative game: players, and what coalitions of them are worth, in integers. A game is asked
// for chains of nested coalitions, so that one that solves can start each coalition from the one
// before; what a chain is worth depends on that chain alone, never on the others evaluated with it.

/** Units in 1 of a value: values, shares and their sums are integers in units of 2⁻⁶¹. */
export const VALUE_ONE = 1n << 61n;

/**
 * Nested coalitions: step s adds its players to those of the steps before, starting from ∅. A
 * complete ordering has one player a step.
 */
export interface Chain {
  /** Its number among the chains of a run. */
  readonly index: number;
  /** Players added at each step; no player twice. */
  readonly steps: readonly (readonly number[])[];
}

/** What the coalitions of a chain are worth. */
export interface ChainValues {
  readonly index: number;
  /** v after each step, in units; v(∅) = 0. */
  readonly values: readonly bigint[];
  /** The largest proven error of a value, in 1; null where nothing is proven. */
  readonly errorBound: number | null;
  /** Whether every value is as accurate as was asked; absent: yes. */
  readonly converged?: boolean;
}

/** Players 0 … players − 1, and a machine that says what coalitions of them are worth. */
export interface Game {
  readonly players: number;
  /**
   * Values of chains, in whatever order they are done; takes the next chain when it has room for
   * one. The same chain gives the same integers, whatever else is evaluated with it.
   */
  walk(chains: Iterable<Chain>, signal?: AbortSignal): AsyncIterable<ChainValues>;
}
