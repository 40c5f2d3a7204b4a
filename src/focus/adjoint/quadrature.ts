// Gauss–Legendre quadrature for the derivative of the heat kernel:
//   dH = ∫₀^τ e^{−(τ−s)𝓛} dM e^{−s𝓛} ds ≈ Σ_j ω_j e^{−(τ−s_j)𝓛} dM e^{−s_j𝓛}
// Between eigenvalues a, b ∈ [0, Λ] the integrand is e^{−τ min(a,b)} e^{−cs} or its mirror image,
// c = |a − b| ≤ Λ. With N nodes polynomials of degree 2N − 1 are integrated exactly, so the error
// is at most 2τ Σ_{k ≥ 2N} |c_k|, c_k the Chebyshev coefficients of e^{−Λs} on [0, τ], which are
// those of heat in chebyshev.ts. Source: Trefethen, Approximation Theory and Practice, ch. 19.

import { check } from '../../base/errors.js';
import { exponential } from '../../base/exponential.js';
import { expand } from '../chebyshev.js';

/** Nodes s_j in (0, length), ascending and symmetric about the middle, and weights ω_j > 0. */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** More nodes would take gigabytes a million particles: they mean τΛ above some 10⁴. */
const MOST_NODES = 256;

/** Gauss–Legendre with `count` ≥ 1 nodes on [0, length]. O(count²) by Newton's method. */
export function gaussLegendre(count: number, length: number): Quadrature {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; 2 * i < count; i++) {
    let x = cosine((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < 100; step++) {
      const { value, derivative } = legendre(count, x);
      slope = derivative;
      const change = value / derivative;
      x -= change;
      if (Math.abs(change) <= 1e-15) break;
    }
    if (2 * i + 1 === count) x = 0;
    slope = legendre(count, x).derivative;
    const weight = length / ((1 - x * x) * slope * slope);
    nodes[i] = (length * (1 - x)) / 2;
    nodes[count - 1 - i] = (length * (1 + x)) / 2;
    weights[i] = weight;
    weights[count - 1 - i] = weight;
  }
  return { nodes, weights };
}

/** cos x for 0 ≤ x ≤ 2 by its series: the same bits in every engine, unlike Math.cos. */
function cosine(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 2; k < 30; k += 2) {
    term *= -(x * x) / (k * (k - 1));
    sum += term;
  }
  return sum;
}

/** P_n(x) and its derivative by the three-term recurrence, |x| < 1. */
function legendre(n: number, x: number): { readonly value: number; readonly derivative: number } {
  let before = 0;
  let value = 1;
  for (let k = 0; k < n; k++) {
    const next = ((2 * k + 1) * x * value - k * before) / (k + 1);
    before = value;
    value = next;
  }
  return { value, derivative: (n * (before - x * value)) / (1 - x * x) };
}

/**
 * The nodes whose error is at most `error` · τ on the spectrum [0, Λ], as fewest: 6 for τ = 1,
 * Λ = 2 and 10⁻¹¹. Throws `bad-parameter` above 256 nodes.
 */
export function heatQuadrature(tau: number, spectrum: number, error: number): Quadrature {
  const heat = expand({ springs: 0, mu: 1, heat: 1, tau, spectrum });
  const count = Math.max(1, Math.ceil((heat.degreeFor(error) + 1) / 2));
  check(
    count <= MOST_NODES,
    'bad-parameter',
    () =>
      `adjoint: heat with tau ${tau} on a spectrum up to ${spectrum} needs ${count} nodes of ` +
      `quadrature, expected at most ${MOST_NODES}`,
    'raise unit or lower tau',
  );
  return gaussLegendre(count, tau);
}

/**
 * W with W[i · N + j] = ∫₀^{σ_i} e^{−(σ_i − r)} ℓ_j(r) dr for σ = the N nodes and then `end`, ℓ_j
 * the Lagrange polynomials of the nodes: what a particle that joins takes over from neighbours
 * whose heat is known at the nodes. O(N³).
 */
export function decayIntegrals(nodes: Float64Array, end: number): Float64Array {
  const count = nodes.length;
  const table = new Float64Array((count + 1) * count);
  const inner = gaussLegendre(count + 16 + Math.ceil(end), 1);
  for (let i = 0; i <= count; i++) {
    const upper = i < count ? nodes[i] : end;
    for (let k = 0; k < inner.nodes.length; k++) {
      const r = upper * inner.nodes[k];
      const factor = upper * inner.weights[k] * exponential(r - upper);
      for (let j = 0; j < count; j++) table[i * count + j] += factor * lagrange(nodes, j, r);
    }
  }
  return table;
}

/** ℓ_j(r) = Π_{m ≠ j} (r − s_m) / (s_j − s_m). */
function lagrange(nodes: Float64Array, j: number, r: number): number {
  let product = 1;
  for (let m = 0; m < nodes.length; m++) {
    if (m !== j) product *= (r - nodes[m]) / (nodes[j] - nodes[m]);
  }
  return product;
}
