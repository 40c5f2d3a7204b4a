// When to stop. A count of orderings or evaluations is known in advance; a time ends with the
// replicate that is being handed out; a width is looked at after fixed rounds of replicates in the
// order of their index, so that neither batches, nor workers, nor a resumed run can change where it ends.

import { check } from '../base/errors.js';
import type { ReplicatePlan } from './estimators/estimator.js';

/** When a run ends. */
export type Stopping =
  /** Complete orderings (for a regression, as many evaluations as those would take). */
  | { readonly kind: 'orderings'; readonly orderings: number }
  /** Values asked for, v(N) among them. */
  | { readonly kind: 'evaluations'; readonly evaluations: number }
  /** Milliseconds by a clock that is handed in; at least two replicates are done. */
  | { readonly kind: 'time'; readonly milliseconds: number; readonly now: () => number }
  /** Every player's interval at most this wide, in 1, or that many orderings. */
  | { readonly kind: 'width'; readonly width: number; readonly mostOrderings: number };

/** A stopping rule for one plan. */
export interface StoppingRule {
  /** Replicates after which it certainly ends. */
  readonly mostReplicates: number;
  /** Replicates between two looks at the widths; null where none are looked at. */
  readonly round: number | null;
  /** Whether to hand out no replicate more, asked with how many have been. */
  isOver(handedOut: number): boolean;
  /** Whether intervals this wide suffice; a null has no interval yet. */
  suffices(widths: readonly (number | null)[]): boolean;
}

/** Replicates between two looks. */
const ROUND = 8;

/** The budget of evaluations of a rule, null where it has none. */
export function evaluationsOf(stopping: Stopping, players: number): number | null {
  switch (stopping.kind) {
    case 'orderings':
      return stopping.orderings * (players - 1);
    case 'evaluations':
      return stopping.evaluations - 1;
    case 'time':
    case 'width':
      return null;
  }
}

/** Opens a rule. Throws `bad-parameter` for numbers out of range. */
export function openStopping(stopping: Stopping, plan: ReplicatePlan): StoppingRule {
  const positive = (name: string, value: number): number => {
    check(
      value > 0 && value < Infinity,
      'bad-parameter',
      () => `stopping at ${stopping.kind}: expected a positive number of ${name}, found ${value}`,
    );
    return value;
  };
  const rule = {
    mostReplicates: Number.MAX_SAFE_INTEGER,
    round: null,
    isOver: () => false,
    suffices: () => false,
  };
  const within = (evaluations: number): number =>
    plan.evaluations === 0 ? 1 : Math.max(1, Math.floor(evaluations / plan.evaluations));
  switch (stopping.kind) {
    case 'orderings':
    case 'evaluations': {
      if (stopping.kind === 'orderings') positive('orderings', stopping.orderings);
      else positive('evaluations', stopping.evaluations);
      return { ...rule, mostReplicates: within(evaluationsOf(stopping, plan.players) ?? 0) };
    }
    case 'time': {
      const end = stopping.now() + positive('milliseconds', stopping.milliseconds);
      if (plan.evaluations === 0) return { ...rule, mostReplicates: 1 };
      return { ...rule, isOver: (handedOut) => handedOut >= 2 && stopping.now() >= end };
    }
    case 'width': {
      positive('width', stopping.width);
      const most = positive('orderings', stopping.mostOrderings) * (plan.players - 1);
      return {
        ...rule,
        mostReplicates: within(most),
        round: ROUND,
        suffices: (widths) => widths.every((width) => width !== null && width <= stopping.width),
      };
    }
  }
}
