// The tri-kernel on a machine: R φ = λ_d D φ + p_K(𝓛) φ, with p_K the Chebyshev expansion of
// springs and heat together.
//
// Vectors are held as z = φ / h, with h the measure in which 𝓛 is self-adjoint (h = d for the
// random-walk Laplacian, 1 for the combinatorial one), so one product with W per degree suffices.
// Without a Laplacian h = out, so that Aᵀ multiplies z itself.
//   Y z = f · (rowScale ⊙ (W z) + diagonal ⊙ z)      y = 2x/Λ − 1 of the expansion
//   b_k = c_k z + 2 Y b_{k+1} − b_{k+2}   (Clenshaw),   p_K z = c_0 z + Y b_1 − b_2
// Diffusion rides on the last product: Aᵀ multiplies b_1 + ρ z/out while A multiplies b_1, so D
// costs no pass of its own.

import { invariant } from '../base/errors.js';
import type { Scalars, Term, Vector, Workspace } from '../backend/backend.js';
import type { Adjacency } from './adjacency.js';
import type { Expansion } from './chebyshev.js';
import type { ChangedParticle } from './local/changed-graph.js';
import type { Parameters } from './parameters.js';
import { openParts, type OperatorParts } from './operator-parts.js';
import { varied, type Varied } from './varied.js';

/** R of one reading on one workspace. */
export interface FocusOperator {
  readonly workspace: Workspace;
  /** h: one column; φ = h ⊙ z, and ‖φ‖₁ = Σ h|z|. */
  readonly measure: Vector;
  /** h on the host, in the graph's particle order. */
  readonly hostMeasure: Float64Array;
  /** Σ h. */
  readonly totalMeasure: number;
  readonly expansion: Expansion;
  /** Bound of the norm of |Y|, entries by magnitude: 1, or 3 for the combinatorial Laplacian. */
  readonly stepNorm: number;
  /** Sweeps over A and Aᵀ so far, each direction counted: two for a product with W. */
  readonly passes: () => number;
  /**
   * out = R z with springs and heat to the given degree. Costs `degree` products with W (degree 0:
   * one with Aᵀ).
   */
  apply(out: Vector, z: Vector, degree: number): void;
  /**
   * out = R' z + plus, R' = R − λ_d t u 1ᵀ: equal to R on zero-sum vectors, but a contraction on
   * all, so that a correction's rounded mass dies out and does not grow. Cost as `apply`.
   */
  contract(out: Vector, z: Vector, degree: number, plus: Vector): void;
  /**
   * out = Q z + share · u + plus, Q = R without its prior: neither teleport nor what dangles
   * returns. Share and plus may be left out. Cost as `apply`, without its reduction.
   */
  grow(out: Vector, z: Vector, degree: number, share: Scalars | null, plus: Vector | null): void;
  /** out = λ_d D z with a share of the prior that is given: `grow` without springs and heat. */
  disperse(out: Vector, z: Vector, share: Scalars): void;
  /** λ_d D z alone, or p_K(𝓛) z alone with other coefficients than R's. */
  diffusion(out: Vector, z: Vector): void;
  spectral(out: Vector, z: Vector, coefficients: Float64Array): void;
  /** out = factor · Y x + Σ terms, for blocks of any width; out is not x. Costs one product. */
  step(out: Vector, x: Vector, factor: number, terms: readonly Term[]): void;
  /**
   * From now on each column is on its own graph: the one placed, with these changes; none: all on
   * the one placed. For focus-1 and pagerank.
   */
  vary(changes: readonly (readonly ChangedParticle[])[] | null): void;
  /** What columns that vary add; null where none does. */
  readonly varied: () => Varied | null;
  destroy(): void;
}

/** The coefficient of x among the terms of a product, where it is known on the host. */
function ownTerm(x: Vector, terms: readonly Term[]): number {
  return terms.reduce((sum, { coefficient, vector }) => {
    if (vector !== x) return sum;
    invariant(typeof coefficient === 'number', 'the operand of a product is a term by a number');
    return sum + coefficient;
  }, 0);
}

/** Which matrices a reading needs on the machine. */
export function directionsOf({ lambda }: Parameters): 'in' | 'both' {
  return lambda[1] === 0 && lambda[2] === 0 ? 'in' : 'both';
}

/**
 * Prepares R for blocks of `columns`. O(n) on the host, six or seven one-column vectors and three
 * blocks on the machine.
 */
export function openOperator(
  workspace: Workspace,
  adjacency: Adjacency,
  parameters: Parameters,
  columns: number,
): FocusOperator {
  const parts = openParts(workspace, adjacency, parameters);
  const operator = operatorOf(parts, columns);
  return {
    ...operator,
    destroy: () => {
      operator.destroy();
      parts.destroy();
    },
  };
}

/** R for blocks of `columns` from parts, which several operators may share. Three blocks. */
export function operatorOf(parts: OperatorParts, columns: number): FocusOperator {
  const { workspace, expansion, factor: stepFactor, diffusionFactor, host, vectors } = parts;
  const { rowScale, diagonal, perOut, prior, fromDangling, toPrior } = vectors;
  const owned: Vector[] = [];
  const block = (): Vector => {
    const vector = workspace.vector(columns);
    owned.push(vector);
    return vector;
  };
  const first = block();
  const second = block();
  const joined = block();
  let passes = 0;
  const known = new Map<number, Float64Array>();
  const coefficientsOf = (degree: number): Float64Array => {
    let coefficients = known.get(degree);
    if (coefficients === undefined) {
      coefficients = expansion.coefficients(degree);
      known.set(degree, coefficients);
    }
    return coefficients;
  };

  let own: Varied | null = null;

  /** One step of Y: out = factor · Y x + terms; `xIn` as in Product. */
  const step = (
    out: Vector,
    x: Vector,
    factor: number,
    terms: readonly Term[],
    xIn?: Vector,
    share: Scalars | null = null,
  ): void => {
    passes += 2;
    own?.enter(x);
    workspace.product({
      out,
      direction: 'both',
      x,
      factor: factor * stepFactor,
      terms,
      ...(xIn === undefined ? {} : { xIn }),
      ...(rowScale === null ? {} : { rowScale }),
      ...(diagonal === null ? {} : { diagonal }),
    });
    const [factorOut, factorIn] = [factor * stepFactor, factor * stepFactor];
    own?.leave(out, { x, xIn: xIn ?? x, factorOut, factorIn, own: ownTerm(x, terms), share });
  };

  /** λ_d D z (+ share · u + terms) as a pass over Aᵀ alone. */
  const plainDiffusion = (
    out: Vector,
    z: Vector,
    terms: readonly Term[],
    share: Scalars | null,
  ): void => {
    passes += 1;
    const x = perOut === null ? z : joined;
    if (perOut === null) own?.enter(z);
    else {
      workspace.scale(joined, z, perOut, 1);
      own?.join(joined, z, 1, null);
    }
    workspace.product({
      out,
      direction: 'in',
      x,
      factor: diffusionFactor,
      terms,
      ...(rowScale === null ? {} : { rowScale }),
    });
    own?.leave(out, {
      x: perOut === null ? z : null,
      xIn: x,
      factorOut: 0,
      factorIn: diffusionFactor,
      own: perOut === null ? ownTerm(z, terms) : 0,
      share,
    });
  };

  const shareOfPrior = (share: Scalars): Term => ({ coefficient: share, vector: prior });

  const priorShare = (z: Vector, weight: 'fromDangling' | 'toPrior'): Scalars => {
    const from = weight === 'toPrior' ? toPrior : fromDangling;
    const [share] = workspace.reduce([{ kind: 'sum', x: z, weight: from }]) as readonly [Scalars];
    own?.share(share, z, weight);
    return share;
  };

  /** p_K z (+ λ_d D z where `withDiffusion`) + rest, which has a share · u where one is given. */
  const clenshaw = (
    out: Vector,
    z: Vector,
    c: Float64Array,
    rest: readonly Term[],
    share: Scalars | null,
    withDiffusion: boolean,
  ): void => {
    const degree = c.length - 1;
    if (degree === 0) {
      const terms = [{ coefficient: c[0], vector: z }, ...rest];
      if (withDiffusion) plainDiffusion(out, z, terms, share);
      else workspace.combine(out, terms);
      return;
    }
    // b_K = c_K z is kept as a factor on z; from there on b_{k+1} is `ahead` and b_{k+2} is
    // `behind`.
    let ahead: Vector = z;
    let behind: Vector | null = null;
    let factor = c[degree];
    for (let k = degree - 1; k >= 1; k--) {
      const out2 = behind ?? (ahead === z ? first : second);
      const terms: Term[] = [];
      if (ahead !== z && behind === null) terms.push({ coefficient: c[k] - c[degree], vector: z });
      else terms.push({ coefficient: c[k], vector: z });
      if (behind !== null) terms.push({ coefficient: -1, vector: behind });
      step(out2, ahead, 2 * factor, terms);
      factor = 1;
      behind = ahead === z ? null : ahead;
      ahead = out2;
    }
    const atZero = degree >= 2 && behind === null ? c[0] - c[degree] : c[0];
    const terms: Term[] = [{ coefficient: atZero, vector: z }, ...rest];
    if (behind !== null) terms.push({ coefficient: -1, vector: behind });
    if (!withDiffusion || perOut === null) {
      step(out, ahead, factor, terms, undefined, share);
      return;
    }
    const rate = diffusionFactor / (factor * stepFactor);
    workspace.scale(joined, z, perOut, rate, ahead);
    own?.join(joined, z, rate, ahead);
    step(out, ahead, factor, terms, joined, share);
  };

  return {
    workspace,
    measure: vectors.measure,
    stepNorm: parts.stepNorm,
    hostMeasure: host.measure,
    totalMeasure: parts.totalMeasure,
    expansion,
    passes: () => passes,
    apply: (out, z, degree) => {
      const share = priorShare(z, 'toPrior');
      clenshaw(out, z, coefficientsOf(degree), [shareOfPrior(share)], share, true);
    },
    contract: (out, z, degree, plus) => {
      const share = priorShare(z, 'fromDangling');
      const rest = [shareOfPrior(share), { coefficient: 1, vector: plus }];
      clenshaw(out, z, coefficientsOf(degree), rest, share, true);
    },
    grow: (out, z, degree, share, plus) => {
      const rest: Term[] = share === null ? [] : [shareOfPrior(share)];
      if (plus !== null) rest.push({ coefficient: 1, vector: plus });
      clenshaw(out, z, coefficientsOf(degree), rest, share, true);
    },
    disperse: (out, z, share) => plainDiffusion(out, z, [shareOfPrior(share)], share),
    diffusion: (out, z) => {
      const share = priorShare(z, 'toPrior');
      plainDiffusion(out, z, [shareOfPrior(share)], share);
    },
    spectral: (out, z, coefficients) => clenshaw(out, z, coefficients, [], null, false),
    step: (out, x, factor, terms) => step(out, x, factor, terms),
    vary: (changes) => {
      own?.release();
      own = changes === null ? null : varied(parts, columns, changes);
    },
    varied: () => own,
    destroy: () => {
      own?.release();
      for (const vector of owned) workspace.release(vector);
      owned.length = 0;
    },
  };
}
