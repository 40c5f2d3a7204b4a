// The adjoint equation on a machine. R = Q + u cᵀ with c = λ_d (t + (1 − t)·[dangling]), so for a
// value v with gradient g = ∂v/∂φ at φ* the adjoint λ is given by
//   (I − Qᵀ) λ = g − γ 1,   uᵀλ = 0    (then γ = φ*ᵀg),   Qᵀ = λ_d (1 − t) diag(1/out) A + g(M)ᵀ
// and, because uᵀλ = 0, also by the same equation with R in place of Q, up to a constant. Iterated
// is x ← Rᵀx − 1 uᵀx + (g − φᵀg 1): Rᵀ1 = 1, so taking uᵀx away removes that eigenvalue and leaves
// the others (Wielandt), and the iteration converges as the primal one does.
// g(M) is symmetric under h, so what applies it to φ = h z applies its transpose to λ itself.

import type { Scalars, Term, Vector } from '../../backend/backend.js';
import { powerOfTwoBelow } from '../../base/power-of-two.js';
import { priorOf, type Adjacency } from '../adjacency.js';
import type { FocusOperator } from '../operator.js';
import type { Parameters } from '../parameters.js';

/** The adjoint iteration; `contract` and `measure` are what solve.ts works with. */
export interface TransposedOperator extends FocusOperator {
  /** u on the host. */
  readonly hostPrior: Float64Array;
  /** out = Pᵀx = diag(1/out) A x, zero where dangling. One product with A. */
  walkBack(out: Vector, x: Vector): void;
}

/**
 * Builds the adjoint's iteration over an open operator, whose workspace holds both directions. The
 * norm that its solver minimises is weighted by φ, under which Rᵀ expands nothing. `contract` costs
 * the degree in products with W and one with A.
 */
export function openTransposed(
  operator: FocusOperator,
  adjacency: Adjacency,
  parameters: Parameters,
  phi: Float64Array,
): TransposedOperator {
  const { workspace, expansion } = operator;
  const { teleport, lambda } = parameters;
  const { outStake, totalDegree } = adjacency;
  const share = lambda[0] * (1 - teleport);
  const scale = powerOfTwoBelow(totalDegree / outStake.length);
  const owned: Vector[] = [];
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    owned.push(vector);
    return vector;
  };
  const hostPrior = priorOf(adjacency, parameters.prior);
  const prior = column(hostPrior);
  const perOut = column(outStake.map((stake) => (stake > 0 ? scale / stake : 0)));
  const constant = column(
    outStake.map((stake) => lambda[0] * teleport + (stake > 0 ? 0 : share) - 1),
  );
  const weight = column(phi);
  const spectral = lambda[1] + lambda[2] > 0;
  let walks = 0;
  const walk = (out: Vector, x: Vector, factor: number, terms: readonly Term[]): void => {
    walks++;
    workspace.product({
      out,
      direction: 'out',
      x,
      factor: factor / scale,
      rowScale: perOut,
      terms,
    });
  };
  return {
    ...operator,
    measure: weight,
    hostMeasure: phi,
    totalMeasure: 1,
    hostPrior,
    passes: () => operator.passes() + walks,
    walkBack: (out, x) => walk(out, x, 1, []),
    contract: (out, x, degree, plus) => {
      const [mean] = workspace.reduce([{ kind: 'sum', x, weight: prior }]) as readonly [Scalars];
      const terms: Term[] = [
        { coefficient: 1, vector: plus },
        { coefficient: mean, vector: constant },
      ];
      if (spectral) {
        operator.spectral(out, x, expansion.coefficients(degree));
        terms.push({ coefficient: 1, vector: out });
      }
      walk(out, x, share, terms);
    },
    destroy: () => {
      for (const vector of owned) workspace.release(vector);
      owned.length = 0;
    },
  };
}
