// The shifts of a solved block: one pass over its numbers for all columns, row by row. A column is
// χ = z ⊙ h / mass, with Σχ = 1 up to what its sum shows; η = χ − φ. ln χ − ln φ is a short series
// wherever η is small beside φ, which on a large graph is almost everywhere.

import { logarithm } from '../../base/logarithm.js';
import type { ShiftBase } from './base.js';
import { logarithmOfRatio, shiftOf, type Shift, type ShiftSums } from './shift.js';

/** One column of a solved block. */
export interface SolvedColumn {
  readonly mass: number;
  readonly leftOut: number;
  readonly arcs: number;
  readonly particlesAfter: number;
}

/** Rows summed at a time. */
const PIECE = 1024;
/** ln(1 + r) = r − r²/2 + r³/3 to 2⁻⁵³ of r below this. */
const SERIES = 1e-5;

/** Reduces the first columns of a block of `width`; z in particle order. O(particles · width). */
export function reduceBlock(
  base: ShiftBase,
  sums: ShiftSums,
  h: Float64Array,
  z: Float64Array,
  width: number,
  columns: readonly SolvedColumn[],
  tolerance: number,
  floor: number,
): readonly Shift[] {
  const { phi } = base;
  const n = phi.length;
  const least = floor / n;
  const count = columns.length;
  const [drift, norm, rise] = [sumsOf(count), sumsOf(count), sumsOf(count)];
  const magnitude = new Float64Array(count);
  const found = columns.map((): [number, number][] => []);
  // Rows in pieces that stay in cache while each column is summed over them.
  for (let first = 0; first < h.length; first += PIECE) {
    const end = Math.min(first + PIECE, h.length);
    for (let b = 0; b < count; b++) {
      const { mass } = columns[b];
      let size = 0;
      for (let i = first; i < end; i++) {
        const before = i < n ? phi[i] : 0;
        const after = Math.max(0, (z[i * width + b] * h[i]) / mass);
        const shift = after - before;
        if (shift === 0) continue;
        add(drift, b, shift);
        add(norm, b, Math.abs(shift));
        if (Math.abs(shift) >= least) found[b].push([i, shift]);
        const ofBefore = before > 0 ? sums.logarithm[i] : 0;
        const slope = before > 0 && after > 0 ? shift * ofBefore : 0;
        const bend = bendOf(before, ofBefore, after, shift);
        add(rise, b, slope + bend);
        size += Math.abs(slope) + Math.abs(bend);
      }
      magnitude[b] += size;
    }
  }
  return columns.map(({ leftOut, arcs, particlesAfter: after }, b) => {
    const moved = norm.sum[b] + norm.lost[b];
    const totals = {
      gain: 0,
      norm: moved,
      logarithms: rise.sum[b] + rise.lost[b],
      magnitude: magnitude[b],
      moved,
      found: found[b],
      reach: n,
    };
    // What the sum is off by 0, the mass was.
    const off = Math.abs(drift.sum[b] + drift.lost[b]);
    return shiftOf(base, sums, totals, { after, tolerance, leftOut: leftOut + off, arcs });
  });
}

/** χ ln χ − φ ln φ without (χ − φ) ln φ; all of it where one of both is zero. */
function bendOf(before: number, ofBefore: number, after: number, shift: number): number {
  if (after === 0) return -before * ofBefore;
  if (before === 0) return after * logarithm(after);
  const r = shift / before;
  if (Math.abs(r) < SERIES) return after * (r - r * r * (0.5 - r / 3));
  return after * logarithmOfRatio(after, before, ofBefore, shift);
}

/** Compensated sums side by side: sums.ts. */
interface Sums {
  readonly sum: Float64Array;
  readonly lost: Float64Array;
}

function sumsOf(count: number): Sums {
  return { sum: new Float64Array(count), lost: new Float64Array(count) };
}

function add({ sum, lost }: Sums, b: number, value: number): void {
  const old = sum[b];
  const next = old + value;
  lost[b] += Math.abs(old) >= Math.abs(value) ? old - next + value : value - next + old;
  sum[b] = next;
}
