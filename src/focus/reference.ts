// The reading reference-2026-07: springs are one Jacobi step, and the blend is normalised.
//   S φ = (μ/n + (W φ)_i) / (μ + d_i)     R φ = (λ_d D φ + λ_s S φ + λ_h H φ) / Σ(…)
// Weights are in units of the batch's largest (amount + will share). This R is no contraction in L1
// (expansion up to 2.15), so the residual ‖Rφ − φ‖₁ is reported alone and the error bound is null.
// Source: the network's Rust reference implementation, read in float64.

import type { Vector } from '../backend/backend.js';
import { anderson, openHistory } from './anderson.js';
import { eventTurn } from '../base/turn.js';
import type { Adjacency } from './adjacency.js';
import type { FocusOperator } from './operator.js';
import type { Parameters } from './parameters.js';
import type { SolveOptions } from './solve.js';

/** Where a reference solve ended. */
export interface ReferenceSolved {
  readonly iterations: number;
  readonly converged: boolean;
  /** ‖Rφ − φ‖₁. */
  readonly residual: number;
}

const MEMORY = 5;

/** The reading's map on vectors φ (its measure is 1). */
export function openReference(
  operator: FocusOperator,
  adjacency: Adjacency,
  parameters: Parameters,
) {
  const { workspace, expansion } = operator;
  const { lambda, mu } = parameters;
  const unit = parameters.unit ?? 1;
  const n = adjacency.degree.length;
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    return vector;
  };
  const jacobi = column(adjacency.degree.map((d) => 1 / (mu + d / unit)));
  const source = column(adjacency.degree.map((d) => (lambda[1] * mu) / n / (mu + d / unit)));
  const springs = workspace.vector(1);
  const heat = workspace.vector(1);
  const coefficients = expansion.coefficients(expansion.degree);
  /** out = Rφ. Waits for the mass of the blend. */
  const apply = async (out: Vector, phi: Vector): Promise<void> => {
    workspace.product({
      out: springs,
      direction: 'both',
      x: phi,
      factor: lambda[1] / unit,
      rowScale: jacobi,
      terms: [{ coefficient: 1, vector: source }],
    });
    operator.spectral(heat, phi, coefficients);
    operator.diffusion(out, phi);
    const blend = [out, springs, heat].map((vector) => ({ coefficient: 1, vector }));
    workspace.combine(out, blend);
    const [[mass]] = await workspace.numbers(workspace.reduce([{ kind: 'sum', x: out }]));
    workspace.combine(out, [{ coefficient: 1 / mass, vector: out }]);
  };
  return {
    apply,
    destroy: () => {
      for (const vector of [jacobi, source, springs, heat]) workspace.release(vector);
    },
  };
}

/** Solves or, with `count`, applies R exactly so often. φ is overwritten. One column. */
export async function solveReference(
  operator: FocusOperator,
  adjacency: Adjacency,
  parameters: Parameters,
  phi: Vector,
  count: number | null,
  options: SolveOptions,
): Promise<ReferenceSolved> {
  const { workspace } = operator;
  const reference = openReference(operator, adjacency, parameters);
  const { tolerance } = options;
  let iterations = 0;
  let residual = Infinity;
  const image = workspace.vector(1);
  if (count === null) {
    const history = openHistory(workspace, 1, MEMORY);
    const outcome = await anderson({
      workspace,
      history,
      measure: operator.measure,
      x: phi,
      image: reference.apply,
      target: tolerance / 4,
      signal: options.signal,
      mostIterations: options.mostIterations,
    });
    history.release();
    iterations = outcome.applications;
  } else {
    for (; iterations < count; iterations++) {
      await eventTurn();
      options.signal?.throwIfAborted();
      await reference.apply(image, phi);
      workspace.combine(phi, [{ coefficient: 1, vector: image }]);
    }
  }
  await reference.apply(image, phi);
  const distance = workspace.reduce([
    { kind: 'distance', x: image, y: phi, weight: operator.measure },
  ]);
  [[residual]] = await workspace.numbers(distance);
  workspace.release(image);
  reference.destroy();
  return { iterations, converged: residual <= tolerance, residual };
}
