// The free energy of coalitions (details.ts has that of one graph), F(∅) − F(S), from χ on the core:
//   F = λ_s (½ φᵀ𝓛φ + μ/2 (Σφ² − 1/n)) + λ_h/2 Σ(φ − Hφ)² + λ_d Σ φ ln(φ/Dφ)      φ = χ/X
// 𝓛, H and, with β fixed, χ ↦ X·D(χ/X) are local, so what stays has sums that only X divides: squares by
// X², the divergence by X. A row that stands for several particles has shares s of each number, so its
// squares count Σ s² times. A reduction of sums, with no proven bound.

import { logarithm } from '../../base/logarithm.js';
import type { Parameters } from '../parameters.js';
import { compensatedSum } from '../sums.js';
import type { ShiftBase } from '../local/base.js';
import type { Core } from './core.js';

/** What D, H and 𝓛 make of φ, by particle. */
export interface OperatorsAt {
  readonly diffusion: Float64Array;
  readonly heat: Float64Array;
  readonly laplacian: Float64Array;
}

/** Sums of one φ or of a part of it. */
export interface EnergySums {
  readonly tension: number;
  readonly squares: number;
  readonly flow: number;
  readonly divergence: number;
}

/** What the energies of all coalitions share; numbers alone. */
export interface EnergyBase {
  /** By row: Σ s². */
  readonly shares: Float64Array;
  /** Over particles that stay. */
  readonly stays: EnergySums;
  /** F of the graph before. */
  readonly before: number;
}

/** Prepares energies from the operators at φ. O(particles). */
export function energyBaseOf(base: ShiftBase, core: Core, operators: OperatorsAt): EnergyBase {
  const { phi, graph } = base;
  const { diffusion, heat, laplacian } = operators;
  const shares = new Float64Array(core.axons.rows);
  core.rowOf.forEach((row, i) => {
    if (row >= 0) shares[row] += (graph.degree[i] / core.degree[row]) ** 2;
  });
  const sumsOver = (isIn: (i: number) => boolean): EnergySums => {
    const sum = (term: (i: number) => number): number =>
      compensatedSum(phi.length, (i) => (isIn(i) ? term(i) : 0));
    return {
      tension: sum((i) => phi[i] * laplacian[i]),
      squares: sum((i) => phi[i] * phi[i]),
      flow: sum((i) => (phi[i] - heat[i]) ** 2),
      divergence: sum((i) => (phi[i] > 0 ? phi[i] * logarithm(phi[i] / diffusion[i]) : 0)),
    };
  };
  return {
    shares,
    stays: sumsOver((i) => core.rowOf[i] < 0),
    before: energyOf(
      base.parameters,
      sumsOver(() => true),
      phi.length,
    ),
  };
}

/** F of sums over all particles. */
function energyOf({ lambda, mu }: Parameters, sums: EnergySums, particles: number): number {
  const { tension, squares, flow, divergence } = sums;
  return (
    lambda[1] * (tension / 2 + (mu / 2) * (squares - 1 / particles)) +
    (lambda[2] / 2) * flow +
    lambda[0] * divergence
  );
}

/** Blocks of `width` columns in terms of φ/h: χ, and what D, H and 𝓛 make of it. */
export interface EnergyBlocks {
  readonly width: number;
  readonly z: Float64Array;
  readonly diffusion: Float64Array;
  readonly heat: Float64Array;
  readonly laplacian: Float64Array;
}

/** F(∅) − F(S) of one column. O(rows). */
export function energyReduction(
  { shares, stays, before }: EnergyBase,
  parameters: Parameters,
  h: Float64Array,
  { width, ...blocks }: EnergyBlocks,
  column: number,
  mass: number,
  particles: number,
): number {
  const { z, diffusion, heat, laplacian } = blocks;
  const sum = (term: (chi: number, i: number, at: number) => number): number =>
    compensatedSum(h.length, (i) => {
      const at = i * width + column;
      const chi = z[at] * h[i];
      return chi > 0 ? term(chi, i, at) : 0;
    });
  // A spare row is one particle.
  const share = (i: number): number => (i < shares.length ? shares[i] : 1);
  const inside: EnergySums = {
    tension: sum((chi, i, at) => share(i) * chi * laplacian[at] * h[i]),
    squares: sum((chi, i) => share(i) * chi * chi),
    flow: sum((chi, i, at) => share(i) * (chi - heat[at] * h[i]) ** 2),
    divergence: sum((chi, i, at) => chi * logarithm(chi / (diffusion[at] * h[i]))),
  };
  const square = mass * mass;
  const all: EnergySums = {
    tension: (stays.tension + inside.tension) / square,
    squares: (stays.squares + inside.squares) / square,
    flow: (stays.flow + inside.flow) / square,
    divergence: (stays.divergence + inside.divergence) / mass,
  };
  return before - energyOf(parameters, all, particles);
}
