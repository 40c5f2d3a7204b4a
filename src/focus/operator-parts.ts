// What R of one reading is made of, on the host and on a machine, whatever the width of a block: the
// measure h, the vectors that products are scaled with, and the expansion of springs and heat.

import type { Vector, Workspace } from '../backend/backend.js';
import { powerOfTwoBelow } from '../base/power-of-two.js';
import { priorOf, type Adjacency } from './adjacency.js';
import { expand, type Expansion } from './chebyshev.js';
import type { Parameters } from './parameters.js';
import { compensatedSum } from './sums.js';

/** Parts of an operator. Arrays and vectors of one column, by particle, in its basis z = φ/h. */
export interface OperatorParts {
  readonly workspace: Workspace;
  readonly adjacency: Adjacency;
  readonly parameters: Parameters;
  /** h = (d or out) / scale, or 1. */
  readonly scale: number;
  /** Y z = factor · (rowScale ⊙ (W z) + diagonal ⊙ z); 0: no Laplacian, and h is of out. */
  readonly factor: number;
  /** λ_d D z = diffusionFactor · rowScale ⊙ Aᵀ (perOut ⊙ z) + share · prior. */
  readonly diffusionFactor: number;
  readonly expansion: Expansion;
  /** Bound of the norm of |Y|, entries by magnitude. */
  readonly stepNorm: number;
  /** Σ h over the particles. */
  readonly totalMeasure: number;
  /** Σ d − totalDegree: what totalDegree rounds away. */
  readonly totalRest: number;
  readonly host: {
    readonly measure: Float64Array;
    /** u/h. */
    readonly prior: Float64Array;
    /** λ_d (1 − t) h at dangling particles. */
    readonly fromDangling: Float64Array;
    /** That, and λ_d t h. */
    readonly toPrior: Float64Array;
  };
  readonly vectors: {
    readonly measure: Vector;
    readonly prior: Vector;
    readonly fromDangling: Vector;
    readonly toPrior: Vector;
    readonly rowScale: Vector | null;
    readonly diagonal: Vector | null;
    /** Null: h is of out, and z itself is what Aᵀ multiplies. */
    readonly perOut: Vector | null;
  };
  destroy(): void;
}

/**
 * Makes the parts of R. `spareDegree`: a lower bound of the degrees that particles in spare rows
 * will have. O(n) on the host, six or seven one-column vectors on the machine.
 */
export function openParts(
  workspace: Workspace,
  adjacency: Adjacency,
  parameters: Parameters,
  spareDegree = 1,
): OperatorParts {
  const { teleport, lambda } = parameters;
  const { degree, outStake, totalDegree, particles } = adjacency;
  const scale = powerOfTwoBelow(totalDegree / particles);
  const shape = shapeOf(adjacency, parameters, scale, spareDegree);
  const { measure: h } = shape;
  const owned: Vector[] = [];
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    owned.push(vector);
    return vector;
  };
  const perOut =
    shape.factor === 0
      ? null
      : h.map((value, i) => (outStake[i] > 0 ? (value * scale) / outStake[i] : 0));
  const prior = priorOf(adjacency, parameters.prior).map((u, i) => u / h[i]);
  const fromDangling = h.map((value, i) =>
    outStake[i] > 0 ? 0 : value * lambda[0] * (1 - teleport),
  );
  const toPrior = fromDangling.map((value, i) => value + h[i] * lambda[0] * teleport);
  return {
    workspace,
    adjacency,
    parameters,
    scale,
    factor: shape.factor,
    diffusionFactor: (lambda[0] * (1 - teleport)) / scale,
    expansion: expand({
      // The Jacobi step of the reference reading is no function of the Laplacian:
      // src/focus/reference.ts adds it.
      springs: parameters.reading === 'reference-2026-07' ? 0 : lambda[1],
      mu: parameters.mu,
      heat: lambda[2],
      tau: parameters.tau,
      spectrum: shape.spectrum,
    }),
    stepNorm: shape.diagonal === null ? 1 : 3,
    totalMeasure: compensatedSum(particles, (i) => h[i]),
    totalRest: compensatedSum(particles + 1, (i) => (i < particles ? degree[i] : -totalDegree)),
    host: { measure: h, prior, fromDangling, toPrior },
    vectors: {
      measure: column(h),
      prior: column(prior),
      fromDangling: column(fromDangling),
      toPrior: column(toPrior),
      rowScale: shape.rowScale ? column(h.map((value) => 1 / value)) : null,
      diagonal: shape.diagonal === null ? null : column(shape.diagonal),
      perOut: perOut === null ? null : column(perOut),
    },
    destroy: () => {
      for (const vector of owned) workspace.release(vector);
      owned.length = 0;
    },
  };
}

/** What depends on the Laplacian: measure, and Y as a product (factor 0: no Laplacian). */
interface Shape {
  readonly measure: Float64Array;
  readonly factor: number;
  readonly rowScale: boolean;
  readonly diagonal: Float64Array | null;
  readonly spectrum: number;
}

function shapeOf(
  adjacency: Adjacency,
  parameters: Parameters,
  scale: number,
  spareDegree: number,
): Shape {
  const { degree, outStake } = adjacency;
  if (parameters.reading === 'focus-1') {
    // No product of the shared graph reads spare rows: a small measure keeps what enters one small.
    const measure = degree.map((d) => (d > 0 ? d : spareDegree) / scale);
    return { measure, factor: -1 / scale, rowScale: true, diagonal: null, spectrum: 2 };
  }
  if (parameters.unit === null) {
    // No axon leads out of a dangling particle, so no product reads its z and any measure will do.
    const measure = outStake.map((stake) => (stake > 0 ? stake / scale : 1));
    return { measure, factor: 0, rowScale: true, diagonal: null, spectrum: 2 };
  }
  const measure = new Float64Array(degree.length).fill(1);
  const largestPairDegree = adjacency.largestPairDegree();
  return {
    measure,
    factor: -2 / largestPairDegree,
    rowScale: false,
    diagonal: degree.map((d) => largestPairDegree / 2 - d),
    spectrum: largestPairDegree / parameters.unit,
  };
}
