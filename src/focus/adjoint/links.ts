// The derivative of a value v by the weight of a link p → q, from vectors known once for all links:
//   ∂v/∂A(p,q) = k φ_p (λ_q − (Pᵀλ)_p)/out_p          diffusion, k = λ_d (1 − t)
//              + Σ_j [x_jp (y_jq − (Mᵀy_j)_p)/d_p + x_jq (y_jp − (Mᵀy_j)_q)/d_q]    springs and heat
//              + c (λ_p + λ_q)/Σd                     the degree prior, c = cᵀφ the mass that it gets
// x_0 = (λ_s/μ) Sφ, y_0 = Sᵀλ; x_j = λ_h ω_j e^{−s_j𝓛}φ, y_j = e^{−(τ−s_j)𝓛ᵀ}λ. For the combinatorial
// Laplacian the bracket is −(x_jp − x_jq)(y_jp − y_jq)/unit. A link of finite weight w changes columns
// by exactly w/(out_p + w), w/(d_p + w), w/(d_q + w) of the difference, and the prior, since uᵀλ = 0,
// by exactly w/(Σd + 2w) of it: the same sum with other factors.

import { check } from '../../base/errors.js';

/** What a link's derivative is made of, particle by particle. */
export interface LinkTerms {
  readonly particles: number;
  /** J, the pairs x_j, y_j. */
  readonly pairs: number;
  /** x_j/d (or x_j/unit) and y_j, J numbers a particle each. */
  readonly primal: Float64Array;
  readonly dual: Float64Array;
  /** FIELDS numbers a particle, at the offsets below. */
  readonly fields: Float64Array;
  /** Whether a column of M changes by w/(d + w) of the difference; else 𝓛 is linear in w. */
  readonly saturates: boolean;
  /** c/Σd with the degree prior, else 0. */
  readonly priorSlope: number;
  /** ‖λ‖_∞ and Σd. */
  readonly largestLambda: number;
  readonly totalDegree: number;
}

/** λ. */
export const LAMBDA = 0;
/** Σ_j x_j (Mᵀy_j)/d, or Σ_j x_j y_j/unit. */
export const OWN = 1;
export const DEGREE = 2;
export const OUT = 3;
/** k φ. */
export const FLOW = 4;
/** Pᵀλ; 0 where dangling. */
export const BACK = 5;
export const FIELDS = 6;

/** Links as columns: particle numbers of both ends, and weights > 0 in the graph's unit. */
export interface LinkColumns {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
}

/** One number a link, and where the value jumps instead of bending. */
export interface LinkMarginals {
  /** First-order change of the value, each link alone, in the value's unit. */
  readonly values: Float64Array;
  /** 1 where the link is the first out-link of a dangling particle, which is a jump. */
  readonly jumps: Uint8Array;
}

/**
 * The derivative at the graph as it is, for w → 0+. Null where `from` is dangling, because its first
 * out-link, however light, carries all its diffusion. Zero for from = to, which no graph keeps.
 */
export function slopeOf(terms: LinkTerms, from: number, to: number): number | null {
  if (from === to) return 0;
  return jumpsAt(terms, from) ? null : changeOf(terms, from, to, 0);
}

/** Whether the first out-link of a particle is a jump: it is dangling, and a walk would leave it. */
export function jumpsAt({ fields }: LinkTerms, particle: number): boolean {
  return fields[particle * FIELDS + OUT] === 0 && fields[particle * FIELDS + FLOW] !== 0;
}

/**
 * Change of the value per unit of weight w, for w ≥ 0 that the operators see in full (0: the
 * derivative) while its effect is first-order. With w = 0 the walk from a dangling particle is left out.
 */
export function changeOf(terms: LinkTerms, from: number, to: number, w: number): number {
  const { primal, dual, fields, pairs } = terms;
  const p = from * pairs;
  const q = to * pairs;
  let ahead = 0;
  let back = 0;
  for (let j = 0; j < pairs; j++) {
    ahead += primal[p + j] * dual[q + j];
    back += primal[q + j] * dual[p + j];
  }
  const pf = from * FIELDS;
  const qf = to * FIELDS;
  const lambdaTo = fields[qf + LAMBDA];
  const out = fields[pf + OUT] + w;
  const walk = out > 0 ? (fields[pf + FLOW] * (lambdaTo - fields[pf + BACK])) / out : 0;
  ahead -= fields[pf + OWN];
  back -= fields[qf + OWN];
  if (terms.saturates && w > 0) {
    ahead *= fields[pf + DEGREE] / (fields[pf + DEGREE] + w);
    back *= fields[qf + DEGREE] / (fields[qf + DEGREE] + w);
  }
  const prior = priorChange(terms, w) * (fields[pf + LAMBDA] + lambdaTo);
  return walk + ahead + back + prior;
}

/** c/Σd as links of weight w in all leave it: uᵀλ = 0, so only the new sum of degrees counts. */
export function priorChange({ priorSlope, totalDegree }: LinkTerms, w: number): number {
  return w === 0 ? priorSlope : priorSlope / (1 + (2 * w) / totalDegree);
}

/**
 * First-order change of the value for each link alone. `finite`: operators change as they do for the
 * link's weight, and that change acts to first order; else derivative times weight, without the walk
 * from a dangling particle. O(J) a link. Throws `bad-parameter` for columns of unequal length,
 * particles not of the graph, and weights that are not positive.
 */
export function marginalsOf(
  terms: LinkTerms,
  { from, to, weight }: LinkColumns,
  finite: boolean,
): LinkMarginals {
  const { particles } = terms;
  const count = checkedCount({ from, to, weight });
  const values = new Float64Array(count);
  const jumps = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const [p, q, w] = [from[i], to[i], weight[i]];
    const known = p >>> 0 === p && q >>> 0 === q && p < particles && q < particles;
    if (!(known && w > 0 && w < Infinity)) refuse(particles, i, p, q, w);
    if (p === q) continue;
    if (jumpsAt(terms, p)) jumps[i] = 1;
    values[i] = w * changeOf(terms, p, q, finite ? w : 0);
  }
  return { values, jumps };
}

/** The common length. Throws `bad-parameter` where lengths differ. */
export function checkedCount({ from, to, weight }: LinkColumns): number {
  check(
    from.length === to.length && to.length === weight.length,
    'bad-parameter',
    () =>
      `links: expected from, to and weight of equal length, ` +
      `found ${from.length}, ${to.length} and ${weight.length}`,
  );
  return from.length;
}

/** Throws `bad-parameter` for a link that is not between particles 0…limit−1, or weighs nothing. */
export function refuse(limit: number, i: number, p: number, q: number, w: number): void {
  const particle = (value: number): boolean =>
    Number.isInteger(value) && value >= 0 && value < limit;
  check(
    particle(p) && particle(q),
    'bad-parameter',
    () => `links[${i}]: expected particles in 0…${limit - 1}, found ${p} → ${q}`,
    'for particles that the graph does not hold yet, use transaction',
  );
  check(
    Number.isFinite(w) && w > 0,
    'bad-parameter',
    () => `links[${i}]: expected a finite weight > 0, found ${w}`,
  );
}
