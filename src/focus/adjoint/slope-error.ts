// How the certified errors of λ (maximum norm, e) and φ (L1, ε) reach a link's derivative. S and H
// expand neither norm, so with x_j and y_j of links.ts
//   e · 2 (k φ_p/out_p + Σ_j (|x_jp|/d_p + |x_jq|/d_q) + c/Σd)
//   ε · 2 ‖λ‖_∞ (k/out_p + (λ_s/μ + λ_h τ)(1/d_p + 1/d_q) + k/Σd)          1/unit for 1/d with 𝓛 combinatorial
// bound the two parts, to first order in e and ε. Source: the triangle inequality, term by term.

import type { Parameters } from '../parameters.js';
import { DEGREE, FIELDS, FLOW, OUT, type LinkTerms } from './links.js';

/** The bound for link from → to. O(J). */
export function slopeError(
  terms: LinkTerms,
  { lambda, teleport, mu, tau, unit }: Parameters,
  lambdaError: number,
  phiError: number,
  from: number,
  to: number,
): number {
  if (from === to) return 0;
  const { primal, fields, pairs, priorSlope } = terms;
  const share = lambda[0] * (1 - teleport);
  const spectral = lambda[1] / mu + lambda[2] * tau;
  const field = (particle: number, name: number): number => fields[particle * FIELDS + name];
  const out = field(from, OUT);
  let held = priorSlope + (out > 0 ? field(from, FLOW) / out : 0);
  let moved = out > 0 ? share / out : 0;
  if (priorSlope > 0) moved += share / terms.totalDegree;
  for (const particle of [from, to]) {
    for (let j = 0; j < pairs; j++) held += Math.abs(primal[particle * pairs + j]);
    moved += spectral / (unit ?? field(particle, DEGREE));
  }
  return 2 * lambdaError * held + 2 * phiError * (terms.largestLambda + lambdaError) * moved;
}
