// Relaxation near a change: the largest residuals of (I − Q')η = source are moved into η until what
// is left meets the tolerance, or costs too much. Cycles relax roughly and then measure strictly:
// the strict measurement follows every entry down to `least` and counts what it does not follow.

import { check } from '../../base/errors.js';
import type { AxonChanges } from '../../graph/change.js';
import type { LocalBase } from './base.js';
import { layChange, removeChange, type ChangedGraph } from './changed-graph.js';
import { addFlow, openFlow, type Flow } from './flow.js';
import { particlesAfter, type Excess } from './shift.js';
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
  /** Residual left, which a solve on the whole graph can start from: places ascending, values. */
  readonly rest: Pick<Excess, 'places' | 'values'>;
  /** The part of leftOut that no further relaxation of `rest` removes. */
  readonly unseen: number;
  /** Particles whose columns the change alters, with Σ|change of weight| and degree after. */
  readonly changed: ChangedGraph['changed'];
}

/** A cycle of relaxation aims at this fraction of its residual … */
const CYCLE_REDUCTION = 0.02;
/** … and this many cycles without progress end it. */
const MOST_STALLED = 3;

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
    const { leftOut, unseen } = relaxLaid(scratch, graph, tolerance, mostArcs);
    // A particle without a link is no longer there, whatever relaxation left of it.
    for (const { index, degree } of graph.changed) {
      if (degree > 0 || index >= base.graph.particles) continue;
      addAt(excess, index, 0);
      excess.values[index] = -base.phi[index];
    }
    return {
      ...entriesOf(excess),
      leftOut,
      unseen,
      arcs: flow.arcs,
      particlesAfter: particlesAfter(base, graph),
      rest: entriesOf(residual),
      changed: graph.changed,
    };
  } finally {
    removeChange(graph);
    clear(excess);
    clear(residual);
  }
}

function entriesOf({ places, values, count }: SparseVector): Pick<Excess, 'places' | 'values'> {
  const found = places.slice(0, count).filter((i) => values[i] !== 0).sort();
  return { places: found, values: Float64Array.from(found, (i) => values[i]) };
}

function relaxLaid(
  scratch: Relaxation,
  graph: ChangedGraph,
  tolerance: number,
  mostArcs: number,
): { readonly leftOut: number; readonly unseen: number } {
  const { base, flow, residual, excess, push } = scratch;
  if (graph.changed.length === 0) return { leftOut: 0, unseen: 0 };
  const gap = base.parameters.lambda[0] * base.parameters.teleport;
  const allowed = tolerance * gap;
  let least = allowed * 1e-4;
  let source = sourceOf(base, graph, flow, push, least);
  let best = Infinity;
  let stalled = 0;
  for (;;) {
    measure(scratch, graph, source, least);
    const { absolute, signed } = sumsOf(residual);
    const mass = 1 + sumsOf(excess).signed;
    const lost = source.lost + flow.lost;
    const unseen = (2 * (lost + roundingOf(flow, source, excess))) / gap / mass;
    const leftOut = (absolute + Math.abs(signed)) / gap / mass + unseen;
    if (leftOut <= tolerance) return { leftOut, unseen };
    stalled = leftOut < 0.8 * best ? 0 : stalled + 1;
    best = Math.min(best, leftOut);
    const exhausted = stalled >= MOST_STALLED || flow.arcs > mostArcs;
    if (16 * lost > allowed && stalled < MOST_STALLED) {
      least /= 16;
      source = sourceOf(base, graph, flow, push, least);
      // What a solve on the whole graph starts from must be seen as far as the tolerance asks.
      if (exhausted) continue;
    }
    if (exhausted) return { leftOut, unseen };
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
  let threshold = Infinity;
  flow.rough = true;
  for (;;) {
    let absolute = 0;
    let largest = 0;
    for (let k = 0; k < residual.count; k++) {
      const size = Math.abs(values[places[k]]);
      absolute += size;
      if (size > largest) largest = size;
    }
    if (absolute <= target || flow.arcs > mostArcs) break;
    threshold = Math.min(threshold, largest / 4);
    const { count } = residual;
    for (let k = 0; k < count; k++) {
      const i = places[k];
      const value = values[i];
      if (!(Math.abs(value) > threshold)) continue;
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
 * A bound of all roundings of a measurement in L1: no entry passes through more additions than arcs
 * were followed, and each is of numbers whose sizes add up to the flow.
 */
function roundingOf(flow: Flow, source: Source, excess: SparseVector): number {
  const u = 2 ** -53;
  return 4 * u * (flow.arcs + 1e3) * (2 * sumsOf(excess).absolute + source.flow) + source.rounding;
}
