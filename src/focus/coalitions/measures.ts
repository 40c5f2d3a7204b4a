// What a coalition's χ says, reduced in one pass over the rows of a block. χ = φ + η on the core,
// φ elsewhere, and φ_S = χ/X with X = Σχ = 1 + Ση:
//   H − H_S = (Σ(χ ln χ − φ ln φ) − Ση · Σφ ln φ)/X − ln X
//   ‖φ_S − φ‖₁ = Σ|χ/X − φ| over the core + |1 − 1/X| Σφ elsewhere
// A row that stands for several particles has Σ χ ln χ = χ_R ln χ_R + χ_R Σ s ln s. ln(χ/φ) is a
// short series wherever η is small beside φ, which is almost everywhere.

import { logarithm, logarithmOfOnePlus } from '../../base/logarithm.js';
import { logarithmOfRatio, entropyError } from '../local/shift.js';
import type { Core } from './core.js';

/** What a coalition moved, with proven errors. */
export interface CoalitionMeasures {
  /** ‖Δφ‖₁. */
  readonly norm: number;
  /** H before − H after, in nats. */
  readonly entropyPart: number;
  /** ln n after − ln n before. */
  readonly discoveryPart: number;
  /** Proven L1 error of φ_S and of φ together: of Δφ, and of its norm. */
  readonly errorBound: number;
  /** Proven error of entropyPart. */
  readonly entropyBound: number;
  /** F before − F after; null where the game does not ask for it. */
  readonly freeEnergy: number | null;
}

/** What the measures of all coalitions share. */
export interface MeasureBase {
  readonly core: Core;
  /** h of all rows, spare ones last. */
  readonly h: Float64Array;
  /** ln φ by row; 0 where there is no φ. */
  readonly logarithms: Float64Array;
  /** Σφ ln φ over all particles. */
  readonly total: number;
  /** Particles, and the proven L1 error of φ. */
  readonly particles: number;
  readonly errorBound: number;
}

/** One column to reduce. */
export interface SolvedColumn {
  readonly column: number;
  /** Proven bound of ‖ρ‖₁ + |Σρ| over 1 − κ: the L1 error of χ before X is divided out. */
  readonly error: number;
  readonly particlesGained: number;
}

/** Rows summed at a time, so that they stay in cache for all columns. */
const PIECE = 512;
/** (1 + r) ln(1 + r) − r = r²/2 − r³/6 + r⁴/12 − … to 2⁻⁵³ of r below this. */
const SERIES = 2 ** -12;
/** Roundings of a term, and of sums of pieces. */
const ROUNDINGS = 2 ** -44;

/** Prepares the measures. O(rows). */
export function measureBaseOf(
  core: Core,
  h: Float64Array,
  particles: number,
  errorBound: number,
): MeasureBase {
  const logarithms = new Float64Array(h.length);
  let inside = 0;
  core.phi.forEach((value, row) => {
    if (!(value > 0)) return;
    logarithms[row] = logarithm(value);
    inside += value * (logarithms[row] + core.spread[row]);
  });
  return { core, h, logarithms, total: inside + core.stays.logarithms, particles, errorBound };
}

/** Sums of one column. */
class ColumnSums {
  gain = 0;
  moved = 0;
  /** Σ (χ ln χ − φ ln φ), and the sizes that were added for it. */
  rise = 0;
  magnitude = 0;
  norm = 0;
}

/**
 * Reduces columns of a block of `width`; z in row order; `energyOf` gives the free energy of a
 * column with its mass and number of particles. O(rows · columns).
 */
export function measureColumns(
  base: MeasureBase,
  z: Float64Array,
  width: number,
  columns: readonly SolvedColumn[],
  energyOf?: (column: number, mass: number, particles: number) => number,
): readonly CoalitionMeasures[] {
  const sums = columns.map(() => new ColumnSums());
  inPieces(base.h.length, (first, end) => {
    columns.forEach(({ column }, c) => addRise(base, z, width, column, first, end, sums[c]));
  });
  inPieces(base.h.length, (first, end) => {
    columns.forEach(({ column }, c) => addNorm(base, z, width, column, first, end, sums[c]));
  });
  return columns.map((column, c) => ({
    ...measuresOf(base, column, sums[c]),
    freeEnergy:
      energyOf?.(column.column, 1 + sums[c].gain, base.particles + column.particlesGained) ?? null,
  }));
}

function inPieces(rows: number, visit: (first: number, end: number) => void): void {
  for (let first = 0; first < rows; first += PIECE) visit(first, Math.min(first + PIECE, rows));
}

function addRise(
  { core: { phi, spread }, h, logarithms }: MeasureBase,
  z: Float64Array,
  width: number,
  column: number,
  first: number,
  end: number,
  sums: ColumnSums,
): void {
  let gain = 0;
  let moved = 0;
  let rise = 0;
  let magnitude = 0;
  for (let i = first; i < end; i++) {
    const before = i < phi.length ? phi[i] : 0;
    const after = Math.max(0, z[i * width + column] * h[i]);
    const eta = after - before;
    if (eta === 0) continue;
    gain += eta;
    moved += Math.abs(eta);
    if (before > 0 && after > 0) {
      const r = eta / before;
      const slope = eta * (logarithms[i] + spread[i]);
      const bend =
        Math.abs(r) < SERIES
          ? eta * (1 + r * (0.5 - r * (1 / 6 - r * (1 / 12 - r * 0.05))))
          : after * logarithmOfRatio(after, before, logarithms[i], eta);
      rise += slope + bend;
      magnitude += Math.abs(slope) + Math.abs(bend);
    } else {
      const own = i < phi.length ? spread[i] : 0;
      const value = after > 0 ? after * (logarithm(after) + own) : -before * (logarithms[i] + own);
      rise += value;
      magnitude += Math.abs(value);
    }
  }
  sums.gain += gain;
  sums.moved += moved;
  sums.rise += rise;
  sums.magnitude += magnitude;
}

function addNorm(
  { core: { phi }, h }: MeasureBase,
  z: Float64Array,
  width: number,
  column: number,
  first: number,
  end: number,
  sums: ColumnSums,
): void {
  const mass = 1 + sums.gain;
  let norm = 0;
  for (let i = first; i < end; i++) {
    const before = i < phi.length ? phi[i] : 0;
    norm += Math.abs(Math.max(0, z[i * width + column] * h[i]) / mass - before);
  }
  sums.norm += norm;
}

function measuresOf(
  { core, total, particles, errorBound }: MeasureBase,
  { error, particlesGained }: SolvedColumn,
  { gain, moved, rise, magnitude, norm }: ColumnSums,
): Omit<CoalitionMeasures, 'freeEnergy'> {
  const mass = 1 + gain;
  const after = particles + particlesGained;
  const global = gain * total;
  const ofMass = logarithmOfOnePlus(gain);
  const rounded = ROUNDINGS * (moved + Math.abs(gain) + norm);
  const errorAfter = (error + 2 * errorBound + rounded) / mass;
  return {
    norm: norm + Math.abs(gain / mass) * core.stays.mass,
    // Subtracted from zero, so that nothing is 0 and not −0.
    entropyPart: 0 - (ofMass + (global - rise) / mass),
    discoveryPart: after === particles ? 0 : logarithm(after) - logarithm(particles),
    errorBound: errorAfter + errorBound,
    entropyBound:
      entropyError(errorBound, particles) +
      entropyError(errorAfter, after) +
      ROUNDINGS * ((magnitude + Math.abs(global)) / mass + Math.abs(ofMass)),
  };
}
