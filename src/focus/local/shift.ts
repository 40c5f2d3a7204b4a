// Δφ* of a change: first near the change alone, with a proven bound on what is left out, then, where
// that bound does not meet the tolerance, on the whole graph (block.ts).
// Without its prior the tri-kernel is a contraction Q with no global part, and
//   χ = Q χ + β b        φ* = χ / Σχ        b = d (degree prior) or 1 (uniform prior)
// so with β fixed, a change has a source near it, and χ after it is φ + η:
//   (I − Q')η = β(b' − b) + (Q' − Q)φ
// η is found by relaxation (relax.ts). What is left of the residual, ρ, proves
//   ‖(φ + η)/(1 + Ση) − φ*'‖₁ ≤ ‖φ − φ*‖₁/(1 + Ση) + (‖ρ‖₁ + |Σρ|)/((1 − κ)(1 + Ση))
// Dividing by Σχ moves every particle: that part is global, and known in closed form. Sums are
// compensated, and what they still round is inside the bounds.

import { check } from '../../base/errors.js';
import { logarithm, logarithmOfOnePlus } from '../../base/logarithm.js';
import { compensatedSum } from '../sums.js';
import type { ShiftBase } from './base.js';
import type { ChangedGraph } from './changed-graph.js';

/** Covers the roundings of a term and of a compensated sum, each of some 2⁻⁵³. */
const ROUNDINGS = 2 ** -49;

/** A shift Δφ, reduced to what is asked of it. */
export interface Shift {
  /** Particles with |Δφ_i| of at least the floor, ascending; from the count before on, new ones. */
  readonly particles: Uint32Array;
  /** Δφ at those particles. */
  readonly values: Float64Array;
  /** Σ|Δφ_i| over all others. */
  readonly omitted: number;
  /** Particles that flow did not reach move in proportion: Δφ_i = −share · φ_i. */
  readonly share: number;
  readonly particlesBefore: number;
  readonly particlesAfter: number;
  /** ‖Δφ‖₁, over all particles. */
  readonly norm: number;
  /** H before − H after, in nats. */
  readonly entropyPart: number;
  /** ln n after − ln n before. */
  readonly discoveryPart: number;
  /** Proven L1 error of Δφ: what is left out, and the base's own twice. */
  readonly errorBound: number;
  /** The part of it that the tolerance is about. */
  readonly leftOut: number;
  /** Proven error of entropyPart. */
  readonly entropyBound: number;
  /** Whether leftOut is at most the tolerance. */
  readonly converged: boolean;
  /** Particles looked at, and arcs followed; all particles where the whole graph was solved. */
  readonly reach: number;
  readonly arcs: number;
}

/** What relaxation, or the block solve, found: χ = φ + η. */
export interface Excess {
  /** Places with η ≠ 0, ascending. */
  readonly places: Uint32Array;
  readonly values: Float64Array;
  /** Bound of what is left out. */
  readonly leftOut: number;
  readonly arcs: number;
}

/** What does not depend on the change. */
export interface ShiftSums {
  /** ln φ by particle; 0 where φ is 0. */
  readonly logarithm: Float64Array;
  /** Σ φ ln φ. */
  readonly logarithms: number;
  /** Particles by falling φ, as far as any floor reaches. */
  readonly byFocus: Uint32Array;
}

/** Computes what shifts of a base share. O(n log n). */
export function shiftSums({ phi }: ShiftBase): ShiftSums {
  const logarithms = phi.map((value) => (value > 0 ? logarithm(value) : 0));
  // The global part moves a particle in proportion to its focus: only large ones can pass a floor.
  const large = phi.reduce((count, value) => count + Number(value * phi.length > 1), 0);
  const places = new Uint32Array(large);
  let place = 0;
  phi.forEach((value, i) => {
    if (value * phi.length > 1) places[place++] = i;
  });
  return {
    logarithm: logarithms,
    logarithms: compensatedSum(phi.length, (i) => phi[i] * logarithms[i]),
    byFocus: places.sort((a, b) => phi[b] - phi[a] || a - b),
  };
}

/** The numbers of particles after a change. Throws `bad-input` where nothing is left. */
export function particlesAfter(base: ShiftBase, { changed }: ChangedGraph): number {
  const n = base.graph.particles;
  let after = n;
  for (const { index, degree } of changed) {
    if (index < n && degree === 0) after--;
    if (index >= n && degree > 0) after++;
  }
  check(after > 0, 'bad-input', () => 'the change leaves no link that counts', 'keep at least one');
  return after;
}

/** A shift's sums over the particles, and the entries that are listed. */
export interface ShiftTotals {
  /** Ση of χ = φ + η. */
  readonly gain: number;
  readonly norm: number;
  /** Σ (χ ln χ − φ ln φ), and the sizes that were added for it. */
  readonly logarithms: number;
  readonly magnitude: number;
  /** Σ|η|. */
  readonly moved: number;
  /** Particles and shifts listed, ascending. */
  readonly found: readonly (readonly [number, number])[];
  readonly reach: number;
}

/** Reduces an excess to a shift. O(support), and more only where a floor lets the global part show. */
export function reduceShift(
  base: ShiftBase,
  sums: ShiftSums,
  excess: Excess,
  after: number,
  tolerance: number,
  floor: number,
): Shift {
  const { phi } = base;
  const n = phi.length;
  const { places, values, leftOut, arcs } = excess;
  const gain = compensatedSum(values.length, (k) => values[k]);
  const mass = 1 + gain;
  const before = (k: number): number => (places[k] < n ? phi[places[k]] : 0);
  const shiftAt = (k: number): number => (values[k] - before(k) * gain) / mass;
  const covered = compensatedSum(places.length, before);
  const near = compensatedSum(places.length, (k) => Math.abs(shiftAt(k)));
  let magnitude = 0;
  const logarithms = compensatedSum(places.length, (k) => {
    const rise = logarithmicRise(before(k), sums.logarithm[places[k]], values[k]);
    magnitude += rise.magnitude;
    return rise.value;
  });
  const totals = {
    gain,
    norm: near + Math.abs(gain / mass) * Math.max(0, 1 - covered),
    logarithms,
    magnitude,
    moved: compensatedSum(values.length, (k) => Math.abs(values[k])),
    found: entriesAbove(base, sums, places, shiftAt, gain / mass, floor / n),
    reach: places.length,
  };
  return shiftOf(base, sums, totals, { after, tolerance, leftOut, arcs });
}

/** A shift from its sums. */
export function shiftOf(
  { phi, errorBound }: ShiftBase,
  sums: ShiftSums,
  { gain, norm, logarithms, magnitude, moved, found, reach }: ShiftTotals,
  known: {
    readonly after: number;
    readonly tolerance: number;
    readonly leftOut: number;
    readonly arcs: number;
  },
): Shift {
  const { after, tolerance, leftOut, arcs } = known;
  const n = phi.length;
  const mass = 1 + gain;
  const kept = compensatedSum(found.length, (k) => Math.abs(found[k][1]));
  // A compensated sum loses two units of its magnitude, and each of its terms a few.
  const global = gain * sums.logarithms;
  const ofMass = logarithmOfOnePlus(gain);
  const errorAfter = errorBound / mass + leftOut + (ROUNDINGS * (moved + Math.abs(gain))) / mass;
  return {
    particles: Uint32Array.from(found, ([i]) => i),
    values: Float64Array.from(found, ([, value]) => value),
    omitted: Math.max(0, norm - kept),
    share: gain / mass,
    particlesBefore: n,
    particlesAfter: after,
    norm,
    // H' − H = ln(1 + Ση) + (Ση · Σφ ln φ − (Σχ ln χ − Σφ ln φ))/(1 + Ση)
    // Subtracted from zero, so that nothing is 0 and not −0.
    entropyPart: 0 - (ofMass + (global - logarithms) / mass),
    discoveryPart: after === n ? 0 : logarithm(after) - logarithm(n),
    errorBound: errorAfter + errorBound,
    leftOut,
    entropyBound:
      entropyError(errorBound, n) +
      entropyError(errorAfter, after) +
      ROUNDINGS * ((magnitude + Math.abs(global)) / mass + Math.abs(ofMass)),
    converged: leftOut <= tolerance,
    reach,
    arcs,
  };
}

/** Particles and shifts of at least `least`; beyond `places` every particle shrinks by `share`. */
function entriesAbove(
  { phi }: ShiftBase,
  { byFocus }: ShiftSums,
  places: Uint32Array,
  shiftAt: (k: number) => number,
  share: number,
  least: number,
): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  const isListed = (shift: number): boolean => Math.abs(shift) >= least && shift !== 0;
  places.forEach((i, k) => {
    const shift = shiftAt(k);
    // With a floor of 0, all that flow reached: what did not move is told apart from the rest.
    if (Math.abs(shift) >= least) found.push([i, shift]);
  });
  if (places.length < phi.length && byFocus.length > 0 && isListed(phi[byFocus[0]] * share)) {
    const touched = new Set(places);
    for (const i of byFocus) {
      const shift = -phi[i] * share;
      if (!isListed(shift)) break;
      if (!touched.has(i)) found.push([i, shift]);
    }
  }
  return found.sort(([a], [b]) => a - b);
}

/** ln(after/before), both above zero, from their difference where that holds what it takes. */
export function logarithmOfRatio(
  after: number,
  before: number,
  ofBefore: number,
  difference: number,
): number {
  const r = difference / before;
  return r > -0.999 && r < 2 ** 52 ? logarithmOfOnePlus(r) : logarithm(after) - ofBefore;
}

/** χ ln χ − φ ln φ for χ = φ + η ≥ 0 without cancellation, and the sizes that were added for it. */
function logarithmicRise(
  before: number,
  ofBefore: number,
  excess: number,
): { readonly value: number; readonly magnitude: number } {
  const after = Math.max(0, before + excess);
  if (after === 0 || before === 0) {
    const value = after > 0 ? after * logarithm(after) : before > 0 ? -before * ofBefore : 0;
    return { value, magnitude: Math.abs(value) };
  }
  const slope = excess * ofBefore;
  const bend = after * logarithmOfRatio(after, before, ofBefore, excess);
  return { value: slope + bend, magnitude: Math.abs(slope) + Math.abs(bend) };
}

/**
 * Most that the entropies of two distributions on n particles can differ whose L1 distance is at most
 * `distance`: T ln(n − 1) + h(T), T = distance/2 ≤ 1 − 1/n. Source: Audenaert 2007.
 */
export function entropyError(distance: number, n: number): number {
  const half = Math.min(distance / 2, 1 - 1 / n);
  if (half <= 0 || n < 2) return 0;
  const binary = -half * logarithm(half) - (1 - half) * logarithmOfOnePlus(-half);
  return half * logarithm(n - 1) + binary;
}
