// Relaxation near a change: the largest residuals of (I − Q')η = source are moved into η until what
// is left meets the tolerance, or costs too much. Cycles relax roughly and then measure strictly:
// the strict measurement follows every entry down to `least` and counts what it does not follow.

import { check } from '../../base/errors.js';
import type { AxonChanges } from '../../graph/change.js';
import type { LocalBase } from './base.js';
import { layChange, removeChange, type ChangedGraph } from './changed-graph.js';
import { addFlow, openFlow, type Flow } from './flow.js';
import { particlesAfter, type Excess } from './shift.js';
import { meanPowerBeyond } from './series.js';
import { sourceOf, type Source } from './source.js';
import { addAt, clear, sparseVector, sumsOf, type SparseVector } from './sparse.js';

/** Scratch for changes of one base, reused from one to the next. */
export interface Relaxation {
  readonly base: LocalBase;
  /** Most particles that a change may add. */
  readonly added: number;
  readonly flow: Flow;
  readonly marks: Int32Array;
  readonly residual: SparseVector;
  readonly excess: SparseVector;
  readonly push: SparseVector;
}

/** What relaxation reached. */
export interface Relaxed extends Excess {
  readonly particlesAfter: number;
  /** Particles whose columns the change alters, with Σ|change of weight| and degree after. */
  readonly changed: ChangedGraph['changed'];
}

/** A cycle of relaxation aims at this fraction of its residual … */
const CYCLE_REDUCTION = 0.02;
/** … and this many cycles without progress end it. */
const MOST_STALLED = 3;
/** Entries below this share of the allowed residual are not followed at first, and at last. */
const FIRST_LEAST = 1e-4;
const LAST_LEAST = 1e-12;
/** What may be unseen of a measurement that is not the last. */
const UNSEEN_SHARE = 0.2;

/** Makes scratch: about 90 bytes a particle. */
export function openRelaxation(base: LocalBase, added: number): Relaxation {
  const size = base.graph.particles + added;
  return {
    base,
    added,
    flow: openFlow(base.series, base.parameters, size),
    marks: new Int32Array(size),
    residual: sparseVector(size),
    excess: sparseVector(size),
    push: sparseVector(size),
  };
}

/** Relaxes one change until the tolerance is met or `mostArcs` were followed. */
export function relax(
  scratch: Relaxation,
  changes: AxonChanges,
  tolerance: number,
  mostArcs: number,
): Relaxed {
  const { base, flow, excess, residual, marks } = scratch;
  check(
    changes.added <= scratch.added,
    'bad-parameter',
    () => `shift: expected at most ${scratch.added} new particles, found ${changes.added}`,
  );
  flow.arcs = 0;
  const graph = layChange(base.graph, changes, marks);
  try {
    const particles = particlesAfter(base, graph);
    const leftOut = settleMass(scratch, graph, relaxLaid(scratch, graph, tolerance, mostArcs));
    return {
      ...entriesOf(excess),
      leftOut,
      arcs: flow.arcs,
      particlesAfter: particles,
      changed: graph.changed,
    };
  } finally {
    removeChange(graph);
    clear(excess);
    clear(residual);
  }
}

/**
 * Makes χ = φ + η what focus can be: nothing at particles that are lost, and a sum above zero.
 * Returns the bound after that; two distributions are never more than 2 apart.
 */
function settleMass({ base, excess }: Relaxation, graph: ChangedGraph, leftOut: number): number {
  const before = 1 + sumsOf(excess).signed;
  removeLost(base, graph, excess);
  const after = 1 + sumsOf(excess).signed;
  // The error of χ is not larger for it, but it counts in terms of its sum.
  if (after > 0 && leftOut < Infinity) return leftOut * Math.max(1, before / after);
  clear(excess);
  removeLost(base, graph, excess);
  const left = 1 + sumsOf(excess).signed;
  // All that had focus is gone: one particle that is there will do.
  const present = graph.changed.find(({ degree }) => degree > 0)?.index ?? graph.marks.indexOf(0);
  if (!(left > 2 ** -40)) addAt(excess, present, 1);
  return 2;
}

/** A particle without a link is no longer there, whatever relaxation left of it. */
function removeLost(base: LocalBase, graph: ChangedGraph, excess: SparseVector): void {
  for (const { index, degree } of graph.changed) {
    if (degree > 0 || index >= base.graph.particles) continue;
    addAt(excess, index, 0);
    excess.values[index] = -base.phi[index];
  }
}

function entriesOf({ places, values, count }: SparseVector): Pick<Excess, 'places' | 'values'> {
  const found = places
    .slice(0, count)
    .filter((i) => values[i] !== 0)
    .sort();
  return { places: found, values: Float64Array.from(found, (i) => values[i]) };
}

/** Returns the bound of what is left out. */
function relaxLaid(
  scratch: Relaxation,
  graph: ChangedGraph,
  tolerance: number,
  mostArcs: number,
): number {
  const { base, flow, residual, excess, push } = scratch;
  if (graph.changed.length === 0) return 0;
  const gap = base.parameters.lambda[0] * base.parameters.teleport;
  const allowed = tolerance * gap;
  let least = allowed * FIRST_LEAST;
  let source = sourceOf(base, graph, flow, push, least);
  let best = Infinity;
  let stalled = 0;
  for (;;) {
    measure(scratch, graph, source, least);
    const { absolute, signed } = sumsOf(residual);
    const mass = 1 + sumsOf(excess).signed;
    const lost = source.lost + flow.lost;
    const rounding = roundingOf(scratch, graph, source, excess);
    // Far from the solution η may take more than there is: that proves nothing.
    const scale = mass > 0 ? gap * mass : 0;
    const unseen = (2 * (lost + rounding)) / scale;
    const leftOut = (absolute + Math.abs(signed)) / scale + unseen;
    if (leftOut <= tolerance) return leftOut;
    const exhausted = stalled >= MOST_STALLED || flow.arcs > mostArcs;
    // What is not seen must leave room for what is: look closer, and measure again. In the end that
    // pays only where it alone can meet the tolerance; what is rounded no closer look removes.
    const isHopeless = exhausted && leftOut - unseen > tolerance / 2;
    const share = exhausted ? 0 : UNSEEN_SHARE * leftOut;
    const room = isHopeless ? leftOut / 2 : Math.max(tolerance / 2, share);
    if (unseen > room && !((2 * rounding) / scale > room) && least > allowed * LAST_LEAST) {
      least /= 8;
      source = sourceOf(base, graph, flow, push, least);
      continue;
    }
    if (exhausted) return leftOut;
    stalled = leftOut < 0.8 * best ? 0 : stalled + 1;
    best = Math.min(best, leftOut);
    cycle(scratch, graph, Math.max(CYCLE_REDUCTION * absolute, allowed / 8), mostArcs);
  }
}

/** residual = source + Q'η − η, with what it loses in flow.lost. */
function measure(
  { flow, residual, excess }: Relaxation,
  graph: ChangedGraph,
  { vector }: Source,
  least: number,
): void {
  clear(residual);
  for (const { place, value } of vector) addAt(residual, place, value);
  for (let k = 0; k < excess.count; k++) {
    const i = excess.places[k];
    addAt(residual, i, -excess.values[i]);
  }
  flow.lost = 0;
  addFlow(flow, graph, excess, residual, least);
}

/** Moves the largest residuals into η until their sum has fallen to the target, roughly. */
function cycle(
  { base, flow, residual, excess, push }: Relaxation,
  graph: ChangedGraph,
  target: number,
  mostArcs: number,
): void {
  // A particle keeps c_0 of what it is given, so giving 1/(1 − c_0) of it settles it at once.
  const settle = 1 / (1 - base.series.coefficients[0]);
  const { values, places } = residual;
  const { touching, particles } = base.graph;
  // What a push removes for each arc that it follows.
  const worth = (i: number): number => Math.abs(values[i]) / (i < particles ? touching[i] : 1);
  let threshold = Infinity;
  flow.rough = true;
  for (;;) {
    let absolute = 0;
    let largest = 0;
    for (let k = 0; k < residual.count; k++) {
      absolute += Math.abs(values[places[k]]);
      largest = Math.max(largest, worth(places[k]));
    }
    if (absolute <= target || flow.arcs > mostArcs) break;
    // Stakes so far apart that numbers overflow or vanish: nothing would be moved, for ever.
    if (!(absolute < Infinity) || !(largest > 0)) break;
    threshold = Math.min(threshold, largest / 4);
    const { count } = residual;
    for (let k = 0; k < count; k++) {
      const i = places[k];
      const value = values[i];
      if (!(worth(i) > threshold)) continue;
      addAt(push, i, value * settle);
      addAt(excess, i, value * settle);
      values[i] = value - value * settle;
    }
    addFlow(flow, graph, push, residual, threshold * 0.1);
    clear(push);
  }
  flow.rough = false;
}

/**
 * A bound of all roundings of a measurement in L1. An average adds at most as many numbers as a
 * particle has axons; k averages in a row carry k times that error, and weigh c_k; the sum of all
 * of them has as many terms again, and the series' length. All of it relative to what flows, and
 * more where stake that is taken away cancels.
 */
function roundingOf(
  { base: { graph: before, series } }: Relaxation,
  { changed }: ChangedGraph,
  source: Source,
  excess: SparseVector,
): number {
  const additions = before.mostTouching + 2 * changed.length + series.coefficients.length + 16;
  const averages = 2 + meanPowerBeyond(series, 0);
  const flow = 2 * sumsOf(excess).absolute + source.flow;
  return 2 ** -52 * additions * averages * source.cancellation * flow + source.rounding;
}
