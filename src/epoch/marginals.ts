// What each signal of an epoch would have done alone, on the graph and the focus before it:
//   adjoint   first order, by one solve with the transposed operator for all signals
//   near      by relaxation near the signal, with proven ends; where stake is held on particles, whose
//             prior no relaxation keeps, by a whole solve of the changed graph
// A signal that leaves a particle without links is no small change, so under `adjoint` it is valued
// near it too. Rows do not depend on each other: some can be computed alone and have the same bits.

import ndarray from 'ndarray';
import type { Backend } from '../backend/backend.js';
import { FocusError } from '../base/errors.js';
import { ONE } from '../focus/exact/units.js';
import { adjacencyOf } from '../focus/adjacency.js';
import { adjointOf } from '../focus/adjoint/adjoint.js';
import type { LinkColumns } from '../focus/adjoint/links.js';
import { axonChangesOf, type NamedAxonChanges } from '../graph/axon-changes.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import { rewardsOf } from '../rewards/rewards-of.js';
import { baseWeights, heldPrior, heldPriorAfter, particleUnits } from './held-stake.js';
import type { EpochState } from './state.js';
import type { Ruleset } from './ruleset.js';

/** The reward of one signal by one function. */
export interface MarginalRow {
  /** From 0, in the order of the file. */
  readonly signal: number;
  readonly neuron: string | null;
  readonly function: string;
  readonly method: 'adjoint' | 'near' | 'refused';
  /** Null where the signal cannot stand alone. */
  readonly value: number | null;
  /** Proven ends; null where nothing is proven, as for what is of first order. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Of ΔJ, in nats; never added up. */
  readonly entropyPart: number | null;
  readonly discoveryPart: number | null;
}

/** How to compute marginals. */
export interface MarginalOptions {
  readonly backend: Backend;
  /** Signals by index, ascending; default: all. */
  readonly only?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Values = Omit<MarginalRow, 'signal' | 'neuron' | 'function'>;
/** By signal, one for each function. */
type Found = Map<number, readonly Values[]>;

/** The state that signals are valued on. */
type ValuedState = Pick<EpochState, 'linked' | 'focus' | 'held' | 'rules'>;

const REFUSED: Values = {
  method: 'refused',
  value: null,
  lower: null,
  upper: null,
  entropyPart: null,
  discoveryPart: null,
};
/** λ relative to its scale: far below what first order leaves out. */
const ADJOINT_TOLERANCE = 1e-6;
/** A particle that keeps less than this share of its links is about to leave. */
const LEAST = 1e-9;

/** Rewards of signals alone, by signal and then function. */
export async function marginalsOf(
  { linked: before, focus, held, rules }: ValuedState,
  delta: Delta,
  ruleset: Ruleset,
  options: MarginalOptions,
): Promise<readonly MarginalRow[]> {
  const { method, functions } = ruleset.marginals;
  if (method === 'none' || functions.length === 0) return [];
  const changes = delta.map((signal) => changeAlone(before, signal));
  const wanted = options.only ?? [...delta.keys()];
  const { degree } = adjacencyOf(before.graph.axons);
  const found: Found = new Map();
  const waiting = held === null ? new Map<string, bigint>() : particleUnits(held);
  const isSmall = (index: number): boolean => {
    const change = changes[index];
    if (method !== 'adjoint' || change === null || !keepsAll(degree, change)) return false;
    // Stake that waits for its particle to be linked would enter the prior at once.
    return !change.names.some((name) => waiting.has(name));
  };
  const small = wanted.filter(isSmall);
  const state = { linked: before, focus, held, rules };
  if (small.length > 0) await byAdjoint(state, changes, small, ruleset, options, found);
  const near = [...changes.keys()].filter((i) => changes[i] !== null && !isSmall(i));
  await byRelaxation(state, changes, near, new Set(wanted), ruleset, options, found);
  return wanted.flatMap((signal) =>
    functions.map((name, k) => ({
      signal,
      neuron: delta[signal].neuron,
      function: name,
      ...(found.get(signal)?.[k] ?? REFUSED),
    })),
  );
}

/** The axons that a signal changes alone; null where it would leave no link that counts. */
function changeAlone(before: LinkedGraph, signal: Delta[number]): NamedAxonChanges | null {
  try {
    return axonChangesOf(before, [signal]);
  } catch (error) {
    if (error instanceof FocusError && error.code === 'bad-input') return null;
    throw error;
  }
}

/** Whether every particle of the graph that a change touches keeps some of its links. */
function keepsAll(degree: Float64Array, { axons }: NamedAxonChanges): boolean {
  const gained = new Map<number, number>();
  for (const { from, to, before, after } of axons) {
    for (const i of [from, to]) gained.set(i, (gained.get(i) ?? 0) + after - before);
  }
  return [...gained].every(
    ([i, gain]) => i >= degree.length || degree[i] + gain > LEAST * degree[i],
  );
}

async function byAdjoint(
  { linked: before, focus, held, rules }: ValuedState,
  changes: readonly (NamedAxonChanges | null)[],
  small: readonly number[],
  { marginals }: Ruleset,
  { backend, signal }: MarginalOptions,
  found: Found,
): Promise<void> {
  // Where φ is below half a unit its logarithm is no longer known: the gradient ends there.
  const phi = Float64Array.from(focus.units, (u) => Math.max(Number(u), 0.5) / Number(ONE));
  const { parameters, errorBound } = focus;
  const result = { phi: ndarray(phi, [phi.length, 1]), parameters, errorBound };
  const own = heldPrior(before.graph, held, rules);
  const madeOf = own === null ? undefined : { prior: rules.prior, fixed: own.fixed };
  const options = { tolerance: ADJOINT_TOLERANCE, madeOf, signal };
  const adjoint = await adjointOf(before.graph, result, 'syntropy', options, backend);
  for (const index of small) {
    const change = changes[index] as NamedAxonChanges;
    const { value, discovery } = adjoint.transaction(columnsOf(change));
    found.set(
      index,
      marginals.functions.map((name) => ({
        method: 'adjoint' as const,
        value: name === 'directed' ? Math.max(0, value) : value,
        lower: null,
        upper: null,
        entropyPart: value,
        discoveryPart: discovery,
      })),
    );
  }
}

async function byRelaxation(
  { linked: before, focus, held, rules }: ValuedState,
  changes: readonly (NamedAxonChanges | null)[],
  near: readonly number[],
  wanted: ReadonlySet<number>,
  { marginals }: Ruleset,
  { backend, signal }: MarginalOptions,
  found: Found,
): Promise<void> {
  const only = [...near.keys()].filter((k) => wanted.has(near[k]));
  if (only.length === 0) return;
  const { functions, tolerance, arcs } = marginals;
  const phi = Float64Array.from(focus.units, (u) => Number(u) / Number(ONE));
  const priorAfter = heldPriorAfter(before.graph, held, rules);
  // Whole solves for all signals or for none, so that no row depends on which others are computed.
  const prior = priorAfter === undefined ? null : baseWeights(before.graph, rules.prior);
  const { prior: named } = focus.parameters;
  const isNamed = prior !== null && typeof named === 'string';
  const parameters = isNamed ? { ...focus.parameters, prior } : focus.parameters;
  // Rounding φ to doubles moves it by at most half a unit in 2⁵³ of one.
  const errorBound = focus.errorBound === null ? 2 : focus.errorBound + 2 ** -53;
  const all = near.map((i) => changes[i] as NamedAxonChanges);
  const settings = { tolerance, mostArcs: arcs, only, priorAfter, signal };
  const { changes: rewarded } = await rewardsOf(
    before.graph,
    { parameters, phi, errorBound },
    all,
    functions,
    { ...settings, mode: 'local' },
    backend,
  );
  only.forEach((k, at) => {
    found.set(
      near[k],
      functions.map((name) => {
        const { value, lower, upper, parts } = rewarded[at].rewards[name];
        const proven = (end: number | null): number | null =>
          end === null || !Number.isFinite(end) ? null : end;
        return {
          method: 'near' as const,
          value,
          lower: proven(lower),
          upper: proven(upper),
          entropyPart: parts.entropy?.value ?? null,
          discoveryPart: parts.discovery?.value ?? null,
        };
      }),
    );
  });
}

/** A change as links with the weight that they gain or lose. */
function columnsOf({ axons }: NamedAxonChanges): LinkColumns {
  return {
    from: axons.map(({ from }) => from),
    to: axons.map(({ to }) => to),
    weight: axons.map(({ before, after }) => after - before),
  };
}
