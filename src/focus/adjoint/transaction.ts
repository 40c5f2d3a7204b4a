// The first-order marginal of a set of links, which may bring new particles and take weight away. The
// columns of P and M that the set touches change as they do for its whole weight; the effect of that
// change is taken to first order:   Δv ≈ λᵀ(ΔQ φ + Δd c/Σd') + what the value makes of the focus of new particles.
// A new particle a has φ_a = 0, so its columns act on nothing; but mass enters its row, so λ_a and its
// y are needed, from its neighbours' by m_a = w/Σw over its links and p_a = w/Σw over its out-links:
//   λ_a = G_a + k p_aᵀλ + λ_s y_a + λ_h h_a          y_a = (μ λ_a + m_aᵀy)/(1 + μ)
//   h_a(σ) = e^{−σ}λ_a + ∫₀^σ e^{−(σ−r)} m_aᵀ(e^{−r𝓛ᵀ}λ) dr        combinatorial 𝓛: y_a = h_a = λ_a
// See docs/adjoint.md for what of it is a jump.

import { check } from '../../base/errors.js';
import { exactSum } from '../../base/exact-sum.js';
import { exponential } from '../../base/exponential.js';
import { logarithm, logarithmOfOnePlus } from '../../base/logarithm.js';
import type { Parameters } from '../parameters.js';
import {
  BACK,
  checkedCount,
  DEGREE,
  FIELDS,
  FLOW,
  jumpsAt,
  LAMBDA,
  OUT,
  OWN,
  priorChange,
  refuse,
  type LinkColumns,
  type LinkTerms,
} from './links.js';
import type { SpectralPairs } from './terms.js';

/** What a transaction does to first order. */
export interface TransactionMarginal {
  /** First-order change of the value; for syntropy without the discovery part. */
  readonly value: number;
  /** ln((n + new)/n) for syntropy, −0 … for others 0: what counting the new particles adds. */
  readonly discovery: number;
  /** Particle numbers ≥ n named by the links, in order of appearance, and their focus to first order. */
  readonly newParticles: readonly { readonly particle: number; readonly focus: number }[];
  /** Dangling particles of the graph that get their first out-link: jumps, in `value` to first order. */
  readonly firstOutLinks: readonly number[];
  /** Particles that lose their last out-link: jumps too. */
  readonly lastOutLinks: readonly number[];
  /** Whether the prior itself jumps, because it is uniform over more particles than before. */
  readonly priorJumps: boolean;
}

/** What is known of the solve besides the terms of links. */
export interface Joining {
  /** n of the graph, whether the terms keep all of them or not. */
  readonly particles: number;
  readonly parameters: Parameters;
  readonly pairs: SpectralPairs;
  /** decayIntegrals of the pairs' times. */
  readonly decays: Float64Array;
  /** c = cᵀφ, the mass that D sends to the prior, times λ_d. */
  readonly given: number;
  /** Sum of the weights of a uniform prior, n where all of it is uniform; null for other priors. */
  readonly uniform: number | null;
  /** φᵀg. */
  readonly mean: number;
  /** v = ± Σφ ln φ, or 0 where v is given by a gradient: new particles then have gradient 0. */
  readonly entropySign: -1 | 0 | 1;
}

interface Link {
  readonly from: Member;
  readonly to: Member;
  readonly weight: number;
}

/** A particle that the set touches. */
interface Member {
  readonly particle: number;
  readonly isNew: boolean;
  readonly links: Link[];
  /** What the set adds to its out and to its degree. */
  outAdded: number;
  degreeAdded: number;
  /** λ, then y_j; of a new particle: what is being solved for. */
  readonly dual: Float64Array;
}

/** A sweep over the new particles that changes less than this, relatively, is the last. */
const SETTLED = 1e-15;
const MOST_SWEEPS = 4000;
/** What is left of a sum of weights, relatively, when its parts are taken away. */
const NOTHING = 1e-12;

/**
 * Computes the marginal. O(J) a link; with a new particles O((a + 1) J) a link, and some hundred
 * times that where new particles link to each other. Throws `bad-parameter` as marginals does.
 */
export function transactionMarginal(
  terms: LinkTerms,
  joining: Joining,
  columns: LinkColumns,
): TransactionMarginal {
  const { members, links } = membersOf(terms, columns);
  const added = members.filter(({ isNew }) => isNew);
  const priorJumps = joining.uniform !== null && added.length > 0;
  const priorSlope = priorChange(
    terms,
    links.reduce((sum, { weight }) => sum + weight, 0),
  );
  const join = newcomerSolver(terms, joining, added);
  const total = (known: boolean): number => {
    let sum = 0;
    for (const link of links) sum += linkChange(terms, link, priorSlope, known);
    if (!priorJumps) return sum;
    const uniform = joining.given / ((joining.uniform ?? 0) + added.length);
    return added.reduce((with_, { dual }) => with_ + uniform * dual[0], sum);
  };
  // The value's gradient at a new particle is added by hand: that of an entropy is infinite at zero.
  join(() => -joining.mean, true);
  let value = total(true);
  const newParticles = added.map((member) => {
    join((other) => (other === member ? 1 : 0), false);
    const focus = total(false);
    if (focus > 0) value += joining.entropySign * focus * logarithm(focus);
    return { particle: member.particle, focus };
  });
  const jumping = members.filter(
    (member) =>
      !member.isNew &&
      (jumpsAt(terms, member.particle) ? member.outAdded > 0 : emptied(terms, member)),
  );
  return {
    value,
    discovery: joining.entropySign > 0 ? logarithmOfOnePlus(added.length / joining.particles) : 0,
    newParticles,
    firstOutLinks: jumping.filter(({ outAdded }) => outAdded > 0).map(({ particle }) => particle),
    lastOutLinks: jumping.filter(({ outAdded }) => outAdded < 0).map(({ particle }) => particle),
    priorJumps,
  };
}

/** The particles that links touch, with totals; self-links are dropped as in any graph. */
function membersOf(
  terms: LinkTerms,
  columns: LinkColumns,
): { readonly members: readonly Member[]; readonly links: readonly Link[] } {
  const members = new Map<number, Member>();
  const memberOf = (particle: number): Member => {
    let member = members.get(particle);
    if (member === undefined) {
      member = {
        particle,
        isNew: particle >= terms.particles,
        links: [],
        outAdded: 0,
        degreeAdded: 0,
        dual: dualOf(terms, particle),
      };
      members.set(particle, member);
    }
    return member;
  };
  const links: Link[] = [];
  const count = checkedCount(columns);
  for (let i = 0; i < count; i++) {
    const [p, q, weight] = [columns.from[i], columns.to[i], columns.weight[i]];
    const isKnown = p < terms.particles && q < terms.particles;
    refuse(2 ** 32, i, p, q, isKnown ? Math.abs(weight) : weight);
    if (p === q) continue;
    const link = { from: memberOf(p), to: memberOf(q), weight };
    link.from.links.push(link);
    link.to.links.push(link);
    links.push(link);
  }
  for (const member of members.values()) {
    member.degreeAdded = sumOf(member.links);
    member.outAdded = sumOf(member.links.filter(({ from }) => from === member));
    if (!member.isNew) checkStays(terms, member);
  }
  return { members: [...members.values()], links };
}

/**
 * Σ of weights, gains and losses each rounded once: many small links taken away with a large one
 * must leave nothing.
 */
function sumOf(links: readonly Link[]): number {
  if (links.length === 1) return links[0].weight;
  const total = (sign: number): number => {
    const weights = Float64Array.from(links, ({ weight }) => Math.max(0, sign * weight));
    return exactSum(weights, 0, weights.length);
  };
  return total(1) - total(-1);
}

/** Throws `bad-parameter` where a set takes away more than a particle has, or all of it. */
function checkStays({ fields }: LinkTerms, { particle, outAdded, degreeAdded }: Member): void {
  const [out, degree] = [OUT, DEGREE].map((at) => fields[particle * FIELDS + at]);
  check(
    out + outAdded >= -NOTHING * out && degree + degreeAdded > NOTHING * degree,
    'bad-parameter',
    () =>
      `links: expected some weight left at particle ${particle}, found ${-degreeAdded} taken away ` +
      `of ${degree}, ${-outAdded} of ${out} going out`,
    'a particle that leaves is no small change: use shiftsOf',
  );
}

/** Whether a walk could leave the particle before the set, and cannot after it. */
function emptied(terms: LinkTerms, member: Member): boolean {
  const field = member.particle * FIELDS;
  return (
    terms.fields[field + OUT] > 0 &&
    terms.fields[field + FLOW] !== 0 &&
    outAfter(terms, member) === 0
  );
}

/** Stake going out of a particle after the set; 0 where the set takes it away up to rounding. */
function outAfter({ fields }: LinkTerms, { particle, outAdded }: Member): number {
  const out = fields[particle * FIELDS + OUT];
  return out + outAdded > NOTHING * out ? out + outAdded : 0;
}

function dualOf({ particles, dual, fields, pairs }: LinkTerms, particle: number): Float64Array {
  const values = new Float64Array(1 + pairs);
  if (particle >= particles) return values;
  values[0] = fields[particle * FIELDS + LAMBDA];
  values.set(dual.subarray(particle * pairs, (particle + 1) * pairs), 1);
  return values;
}

/**
 * What one link of the set does: as changeOf of links.ts, but with the totals of the set. Where the
 * duals of the graph's own particles are not `known`, they count as zero.
 */
function linkChange(
  terms: LinkTerms,
  { from, to, weight }: Link,
  priorSlope: number,
  known: boolean,
): number {
  const { primal, fields, pairs, saturates } = terms;
  const seen = (member: Member): number => (member.isNew || known ? 1 : 0);
  const side = (member: Member, other: Member): number => {
    if (member.isNew) return 0;
    const start = member.particle * pairs;
    let sum = 0;
    for (let j = 0; j < pairs; j++) sum += primal[start + j] * other.dual[1 + j];
    const field = member.particle * FIELDS;
    const degree = fields[field + DEGREE];
    const change = seen(other) * sum - (known ? fields[field + OWN] : 0);
    return saturates ? (change * degree) / (degree + member.degreeAdded) : change;
  };
  let change = side(from, to) + side(to, from);
  change += priorSlope * (seen(from) * from.dual[0] + seen(to) * to.dual[0]);
  if (!from.isNew) {
    const field = from.particle * FIELDS;
    const back = known ? fields[field + BACK] : 0;
    const out = outAfter(terms, from);
    // What a particle without out-links sends goes to the prior, where λ is zero.
    if (out > 0) change += (fields[field + FLOW] * (seen(to) * to.dual[0] - back)) / out;
    else change += (fields[field + FLOW] * back) / fields[field + OUT];
  }
  return weight * change;
}

/**
 * Returns a function that solves for the duals of new particles, given their own gradients, with the
 * duals of old ones or without. Gauss–Seidel: its matrix is that of Qᵀ, a contraction.
 */
function newcomerSolver(
  terms: LinkTerms,
  { parameters, pairs, decays: table }: Joining,
  added: readonly Member[],
): (gradient: (member: Member) => number, known: boolean) => void {
  if (added.length === 0) return () => undefined;
  const { lambda, teleport, mu, tau } = parameters;
  const moves = terms.saturates;
  const first = pairs.springs ? 1 : 0;
  const { times } = pairs;
  const count = times.length;
  // What stays at the particle itself: with 𝓛 combinatorial all, for a link of no weight moves none.
  const springsKept = moves ? mu / (1 + mu) : 1;
  const heatKept = (time: number): number => (moves ? exponential(-time) : 1);
  const kept = 1 - lambda[1] * springsKept - lambda[2] * heatKept(tau);
  const inflow = new Float64Array(terms.pairs);
  const gathered = (i: number): number => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += table[i * count + j] * inflow[first + j];
    return sum;
  };
  const settle = (member: Member, own: number, known: boolean): number => {
    inflow.fill(0);
    let walked = 0;
    for (const { from, to, weight } of member.links) {
      const other = from === member ? to : from;
      if (!other.isNew && !known) continue;
      if (from === member) walked += (weight / member.outAdded) * to.dual[0];
      if (!moves) continue;
      for (let j = 0; j < terms.pairs; j++)
        inflow[j] += (weight / member.degreeAdded) * other.dual[1 + j];
    }
    const arriving =
      own +
      lambda[0] * (1 - teleport) * walked +
      (pairs.springs ? (lambda[1] * inflow[0]) / (1 + mu) : 0) +
      lambda[2] * gathered(count);
    const value = arriving / kept;
    const change = Math.abs(value - member.dual[0]);
    member.dual[0] = value;
    if (pairs.springs) member.dual[1] = springsKept * value + inflow[0] / (1 + mu);
    for (let j = 0; j < count; j++)
      member.dual[1 + first + j] = heatKept(times[j]) * value + gathered(j);
    return change;
  };
  const meets = added.some((member) => member.links.some(({ from, to }) => from.isNew && to.isNew));
  return (gradient, known) => {
    for (const member of added) member.dual.fill(0);
    for (let sweep = 0; sweep < (meets ? MOST_SWEEPS : 1); sweep++) {
      let [largest, change] = [0, 0];
      for (const member of added) {
        change = Math.max(change, settle(member, gradient(member), known));
        largest = Math.max(largest, Math.abs(member.dual[0]));
      }
      if (change <= SETTLED * largest) break;
    }
  };
}
