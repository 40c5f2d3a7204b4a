// How held stake weighs in an epoch's graph. A unit of stake is worth 1/unitsPerStake of an amount:
//   on a link      a link of that amount beside those that signals made, in A at full weight
//   on a particle  u_i = (P_i + b_i) / Σ(P + b)      P the ruleset's prior (d_i, or 1), b_i = priorWeight
//                  times the amount; so Σu = 1, and u = (1 − w) P/ΣP + w b/Σb with w = Σb/Σ(P + b)
// The graph is made anew from what signals say and what is held now, so held stake has no age: nothing
// decays it, no signal can take it away, and what is unlocked is gone from the next epoch on.
// Rounding: units to an amount, P + b: one each, to the nearest double; u itself by the exact solve.

import { check } from '../base/errors.js';
import { adjacencyOf } from '../focus/adjacency.js';
import type { FocusOptions, Prior } from '../focus/parameters.js';
import { buildGraph } from '../graph/build.js';
import { editLinks } from '../graph/edit.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Graph, WeightedGraph } from '../graph/graph.js';
import { VALUE_DEFAULTS, type PutLink } from '../graph/resolve.js';
import { signalPlace, type Delta } from '../graph/signal.js';
import type { HeldStake } from '../payouts/held/held.js';
import { pathOf, shownTarget, type Target } from '../payouts/held/target.js';
import type { PriorAfter } from '../rewards/solve-changed.js';
import { parametersOf, type HeldRules, type Ruleset } from './ruleset.js';

/** The signer of held links. Their neurons' own wills and removals must not reach them. */
const SIGNER = 'focus:held-stake';
/** Their positions: far behind those of signals, which count from 0. */
const FIRST_ROW = 2 ** 52;

/**
 * The graph with held stake on links; the graph itself where there is none. Under a decay, a held link
 * is as old as the epoch: its factor is 1. O(links). Throws `bad-input` where weights overflow.
 */
export function withHeldLinks(
  signed: LinkedGraph,
  held: HeldStake | null,
  { held: rules }: Pick<Ruleset, 'held'>,
): LinkedGraph {
  if (held === null || rules === undefined) return signed;
  const time = signed.options.decay?.epochTime ?? NaN;
  const put = stakes(held).flatMap(({ target, units, valence }): PutLink[] =>
    'particle' in target
      ? []
      : [
          {
            ...VALUE_DEFAULTS,
            ...target,
            neuron: SIGNER,
            amount: amountOf(units, rules),
            valence,
            time,
            row: 0,
          },
        ],
  );
  if (put.length === 0) return signed;
  const rows = put.map((link, k) => ({ ...link, row: FIRST_ROW + k }));
  const { links, rows: positions } = editLinks(signed, { gone: new Uint32Array(), put: rows });
  const { options } = signed;
  return Object.freeze({ graph: buildGraph(links, options), links, rows: positions, options });
}

/** A prior that stake held on particles has a part in. */
export interface HeldPrior {
  /** P + b, in the order of the graph's particles. */
  readonly prior: Float64Array;
  /** Σb. */
  readonly fixed: number;
}

/**
 * The prior of a graph with the stake that is held on its particles; null where none is. Stake on a
 * particle that no link names weighs nothing until one does. O(particles + axons).
 */
export function heldPrior(
  graph: Graph,
  held: HeldStake | null,
  ruleset: Pick<Ruleset, 'held' | 'prior'>,
): HeldPrior | null {
  return priorBy((id) => graph.ids.indexOf(id), graph, held, ruleset);
}

/**
 * How the prior of a graph with held stake changes with its links; undefined where no particle has
 * any, linked or not. O(particles + axons) for each changed graph.
 */
export function heldPriorAfter(
  before: Graph,
  held: HeldStake | null,
  ruleset: Pick<Ruleset, 'held' | 'prior'>,
): PriorAfter | undefined {
  if (held === null || particleUnits(held).size === 0) return undefined;
  return (after, kept, names) => {
    const rows = new Map(Array.from(kept, (number, row) => [number, row]));
    const placeOf = (id: string): number => {
      const known = before.ids.indexOf(id);
      const added = known < 0 ? names.indexOf(id) : -1;
      return rows.get(added < 0 ? known : before.particles + added) ?? -1;
    };
    // No particle with stake may be linked: what is left is the ruleset's own prior.
    const own = priorBy(placeOf, after, held, ruleset);
    return own?.prior ?? baseWeights(after, ruleset.prior);
  };
}

function priorBy(
  placeOf: (id: string) => number,
  graph: WeightedGraph,
  held: HeldStake | null,
  { held: rules, prior }: Pick<Ruleset, 'held' | 'prior'>,
): HeldPrior | null {
  if (held === null || rules === undefined) return null;
  const weights = new Float64Array(graph.particles);
  let fixed = 0;
  for (const [particle, units] of particleUnits(held)) {
    const i = placeOf(particle);
    if (i < 0) continue;
    weights[i] = rules.priorWeight * amountOf(units, rules);
    fixed += weights[i];
  }
  if (fixed === 0) return null;
  const base = baseWeights(graph, prior);
  return { prior: base.map((own, i) => own + weights[i]), fixed };
}

/** P: the weights of the ruleset's own prior. */
export function baseWeights(graph: WeightedGraph, prior: Ruleset['prior']): Float64Array {
  if (prior === 'degree') return adjacencyOf(graph.axons).degree;
  return new Float64Array(graph.particles).fill(1);
}

/** The parameters of an epoch's solve: those of its rules, with the prior that held stake makes. */
export function epochParameters(
  graph: Graph,
  held: HeldStake | null,
  ruleset: Ruleset,
): FocusOptions {
  const own = heldPrior(graph, held, ruleset);
  const prior: Prior = own?.prior ?? ruleset.prior;
  return { ...parametersOf(ruleset), prior };
}

/** All units held on each particle: burned and locked, added up before anything is rounded. */
export function particleUnits(held: HeldStake): ReadonlyMap<string, bigint> {
  const units = new Map<string, bigint>();
  for (const { target, units: own } of stakes(held)) {
    if (!('particle' in target)) continue;
    units.set(target.particle, own + (units.get(target.particle) ?? 0n));
  }
  return units;
}

/**
 * Throws `mismatch` unless held stake is there where the rules want it, was read from the ledger no
 * earlier than that of the epoch before, and holds all that was burned by then. The epochs of ledger
 * and chain are counted apart.
 */
export function checkHeld(
  before: HeldStake | null,
  held: HeldStake | null,
  { epoch, ruleset, place }: { epoch: number; ruleset: Ruleset; place: string },
): void {
  const wanted = ruleset.held !== undefined && epoch > 0;
  check(
    wanted === (held !== null),
    'mismatch',
    () => `${place}: expected ${wanted ? 'held stake' : 'none'} by the rules of epoch ${epoch}`,
    'rules with held need held stake in every epoch but 0, and no others take it',
  );
  if (held === null || ruleset.held === undefined) return;
  const { token } = ruleset.held;
  check(
    held.token === token,
    'mismatch',
    () => `${place}: token: expected ${token} for epoch ${epoch}, found ${held.token}`,
  );
  const least = before?.through ?? 0;
  check(
    held.through >= least,
    'mismatch',
    () => `${place}: through: expected at least ${least} as before, found ${held.through}`,
  );
  const now = new Map(held.burns.map(({ target, units }) => [pathOf(target), units]));
  for (const { target, units } of before?.burns ?? []) {
    const found = now.get(pathOf(target)) ?? 0n;
    check(
      found >= units,
      'mismatch',
      () => `${place}: ${shownTarget(target)}: expected ${units} units burned, found ${found}`,
      'what was burned stays burned',
    );
  }
}

/** Throws `bad-input` for signals in the name that signs held links. */
export function checkSigners(delta: Delta): void {
  delta.forEach(({ neuron }, index) => {
    check(
      neuron !== SIGNER,
      'bad-input',
      () => `${signalPlace(delta, index)}: neuron: ${SIGNER} signs what the ledger holds`,
      'held stake changes by locks, unlocks and burns in the ledger alone',
    );
  });
}

interface Stake {
  readonly target: Target;
  readonly units: bigint;
  readonly valence: 0 | 1;
}

function stakes({ burns, locks }: HeldStake): readonly Stake[] {
  return [...burns.map((burn) => ({ ...burn, valence: 0 as const })), ...locks];
}

/** Units as an amount of the graph, rounded to the nearest double. */
function amountOf(units: bigint, { unitsPerStake }: HeldRules): number {
  return Number(units) / unitsPerStake;
}
