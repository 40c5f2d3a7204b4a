// Δφ* of one signal, computed by a neuron on its neighbourhood alone, with a proven bound of its error
// against the shift on the whole graph. Relaxation follows complete particles only: what reaches the
// border is counted, not followed, so the bound says how local the shift is. The prior renormalises
// everywhere: that part is in closed form, and in the bound.

import { check, shown } from '../base/errors.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import type { Signal } from '../graph/signal.js';
import { openRelaxation, relax } from '../focus/local/relax.js';
import { logarithm } from '../base/logarithm.js';
import { entropyError, reduceShift } from '../focus/local/shift.js';
import type { LocalGraph } from './read-neighbourhood.js';

/** A shift as a claim states it; all in doubles. */
export interface LocalShift {
  /** Particles that the shift reached, by id, with Δφ; the others move by −share · φ. */
  readonly entries: readonly {
    readonly id: string;
    readonly value: number;
    /** Δφ + share · φ: what it moves beside the part that all have. */
    readonly own: number;
  }[];
  /** ‖Δφ‖₁ over all particles, and H before − H after, in nats. */
  readonly norm: number;
  readonly entropyPart: number;
  readonly share: number;
  /** Proven L1 error of Δφ against the whole graph's, given what the node told. */
  readonly errorBound: number;
  /** Proven error of `entropyPart`. */
  readonly entropyBound: number;
  /** The part of `errorBound` that stood at the border or was not followed. */
  readonly leftOut: number;
  readonly arcs: number;
}

/** How far to relax. */
export interface LocalShiftOptions {
  /** L1 to aim at; the border may not allow it, and then the bound says so. */
  readonly tolerance: number;
  /** Arcs to follow at most. */
  readonly mostArcs: number;
}

/**
 * Computes the shift of a signal that adds links. O(arcs followed). Throws `bad-input` for a signal
 * that takes links away or changes them (its neuron's other links are not in a neighbourhood), or
 * that touches a particle which is not complete.
 */
export function localShift(
  { header, linked, base, logarithms, complete, absent }: LocalGraph,
  signal: Signal,
  options: LocalShiftOptions,
): LocalShift {
  check(
    signal.remove.length === 0 && signal.change.length === 0,
    'bad-input',
    () => 'signal: expected links to add alone, found links to remove or to change',
    'claim on a recomputation of the whole graph instead',
  );
  check(
    signal.links.every(({ will }) => will === undefined || will === 0),
    'bad-input',
    () => 'signal: expected no will, which is shared over all links of its neuron',
    'claim on a recomputation of the whole graph instead',
  );
  const changes = axonChangesOf(linked, [signal]);
  const n = linked.graph.particles;
  for (const { from, to } of changes.axons) {
    for (const i of [from, to]) {
      check(
        i >= n || complete[i],
        'bad-input',
        () => `signal: particle ${linked.graph.ids.at(i)}: its axons are not all there`,
        'ask for its neighbourhood',
      );
      // Averages are told of what was asked for alone; its neighbours are complete without them.
      check(
        i >= n || base.columns.has(i),
        'bad-input',
        () => `signal: particle ${linked.graph.ids.at(i)}: its averages are not told`,
        'ask for its neighbourhood: name it among the particles of the request',
      );
    }
  }
  // What is not in the neighbourhood would be taken for new.
  const unknown = changes.names.find((id) => !absent.has(id));
  check(
    unknown === undefined,
    'bad-input',
    () => `signal: particle ${shown(String(unknown))}: neither there nor proven to be new`,
    'ask for its neighbourhood',
  );
  const scratch = openRelaxation(base, changes.added);
  const relaxed = relax(scratch, changes, options.tolerance, options.mostArcs);
  const sums = {
    logarithm: base.phi.map((value) => (value > 0 ? logarithm(value) : 0)),
    logarithms,
    byFocus: new Uint32Array(0),
  };
  const shift = reduceShift(base, sums, relaxed, relaxed.particlesAfter, options.tolerance, 0);
  const gained = relaxed.particlesAfter - n;
  const { particles } = header.header;
  const { norm, entropyPart, share, errorBound, leftOut, arcs } = shift;
  // reduceShift knows the particles of the neighbourhood only: entropies are of all of them.
  const rounding = Math.max(
    0,
    shift.entropyBound -
      entropyError(base.errorBound, n) -
      entropyError(errorBound - base.errorBound, relaxed.particlesAfter),
  );
  const idAt = (i: number): string => (i < n ? linked.graph.ids.at(i) : changes.names[i - n]);
  return {
    entries: Array.from(shift.particles, (i, k) => {
      const value = shift.values[k];
      return { id: idAt(i), value, own: value + share * (i < n ? base.phi[i] : 0) };
    }),
    norm,
    entropyPart,
    share,
    errorBound,
    entropyBound:
      rounding +
      2 ** -50 +
      entropyError(base.errorBound, particles) +
      entropyError(errorBound - base.errorBound, particles + gained),
    leftOut,
    arcs,
  };
}
