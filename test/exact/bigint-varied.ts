// Section 11 of exact arithmetic in BigInt: one column on a graph that differs from a base by a few
// axons, slow and plain: dense tables of all pairs, no entries, no blocks. Written from
// docs/exact-arithmetic.md alone; shares nothing with src/focus, src/backend, kernels or shaders.

import type { AxonChange } from '../../src/graph/change.js';
import type { Csr } from '../../src/graph/csr.js';
import { errorBound } from './bigint-bound.js';
import { operatorOf, type Operator } from './bigint-map.js';
import { entropyOf, syntropyOf, wholeOf } from './bigint-measures.js';
import {
  ceilDivide,
  ceilLog2,
  exactly,
  floorOf,
  FULL,
  leastDoubleFrom,
  magnitude,
  ONE,
  plus,
  powerOfTwo,
  ratio,
  type Rational,
  rounded,
  roundedDivide,
  sumOf,
  times,
} from './bigint-rational.js';
import { seriesOf, type Folded } from './bigint-series.js';
import { completed, solve } from './bigint-solver.js';
import { distribution, integerWeights } from './bigint-weights.js';

export interface BigintVariation {
  readonly base: Csr;
  readonly changes: readonly AxonChange[];
  /** Particles that the change may name beyond the base's. */
  readonly added: number;
  /** Units of base and added particles; lost ones are not used. */
  readonly start: readonly bigint[];
  readonly lambda: readonly [number, number, number];
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly prior: 'degree' | 'uniform';
  readonly tolerance: number;
}

export interface BigintVaried {
  readonly units: readonly bigint[];
  readonly residual: bigint;
  readonly applications: number;
  readonly errorBound: number;
  readonly entropy: bigint;
  readonly syntropy: bigint;
}

/** Weights by `from → to`; degrees and out by particle. */
interface Weighted {
  readonly weights: ReadonlyMap<string, bigint>;
  readonly degree: readonly bigint[];
  readonly out: readonly bigint[];
}

const key = (from: number, to: number): string => `${from} ${to}`;
const ends = (name: string): number[] => name.split(' ').map(Number);
const add = (list: bigint[], at: number, value: bigint): void => {
  list[at] += value;
};

function weigh(weights: ReadonlyMap<string, bigint>, rows: number): Weighted {
  const degree = new Array<bigint>(rows).fill(0n);
  const out = new Array<bigint>(rows).fill(0n);
  for (const [name, weight] of weights) {
    const [from, to] = ends(name);
    add(out, from, weight);
    add(degree, from, weight);
    add(degree, to, weight);
  }
  return { weights, degree, out };
}

/** The two sums of section 11's product: rows of base arcs with q, rows of own arcs with z. */
interface Product {
  /** R, and by how much x is shifted down; null: x is zero. */
  readonly scale: readonly { readonly by: bigint; readonly down: number | null }[];
  readonly shared: readonly (readonly { readonly source: number; readonly q: bigint }[])[];
  readonly own: readonly (readonly { readonly source: number; readonly q: bigint }[])[];
}

/** `sums` are d or out, `arcs` says which rows an axon from → to leads to from which source. */
function productOf(
  before: Weighted,
  after: Weighted,
  sumsOf: (side: Weighted) => readonly bigint[],
  arcs: (from: number, to: number) => readonly (readonly [source: number, row: number])[],
): Product {
  const [d, own] = [sumsOf(before), sumsOf(after)];
  const rows = d.length;
  const names = new Set([...before.weights.keys(), ...after.weights.keys()]);
  const at = (side: Weighted, name: string): bigint => side.weights.get(name) ?? 0n;
  const touched = new Set([...names].filter((k) => at(before, k) !== at(after, k)).flatMap(ends));
  const e = (x: bigint): number => (x === 0n ? 0 : ceilLog2(x));
  const fallen = d.map((x, p) => touched.has(p) && x > 0n && (own[p] === 0n || e(own[p]) < e(x)));
  const scale = d.map((x, p) => {
    const by = own[p] === 0n ? 0n : (1n << BigInt(62 + e(own[p]))) / own[p];
    return { by, down: fallen[p] || x === 0n ? null : e(own[p]) - e(x) };
  });
  const empty = () => d.map((): { source: number; q: bigint }[] => []);
  const [shared, differs] = [empty(), empty()];
  for (const name of names) {
    const [from, to] = ends(name);
    for (const [source, row] of arcs(from, to)) {
      const w = at(before, name);
      if (w > 0n) shared[row].push({ source, q: w << BigInt(62 - e(d[source])) });
      const z = fallen[source] ? at(after, name) : at(after, name) - w;
      if (z === 0n || own[source] === 0n) continue;
      differs[row].push({ source, q: z << BigInt(62 - e(own[source])) });
    }
  }
  if (rows !== own.length) throw new Error('both sides have the same rows');
  return { scale, shared, own: differs };
}

/** factor⟨v⟩. */
function multiply({ scale, shared, own }: Product, m: readonly bigint[], factor: bigint): bigint[] {
  const y = m.map((value, p) => rounded(scale[p].by * value, 62));
  const x = y.map((value, p) => {
    const { down } = scale[p];
    return down === null ? 0n : rounded(value, down);
  });
  const sum = (list: Product['own'][number], values: readonly bigint[]): bigint =>
    rounded(factor * rounded(sumOf(list.map(({ source, q }) => q * values[source])), 62), 62);
  return m.map((_, i) => sum(shared[i], x) + sum(own[i], y));
}

/** Solves one column. Null where the change does not fit. */
export function bigintVaried(given: BigintVariation): BigintVaried | null {
  const { base, changes, added, tolerance } = given;
  const n = base.rows;
  const rows = n + added;
  const [diffusion, springs, heat] = given.lambda.map(exactly);
  const [teleport, mu, tau] = [given.teleport, given.mu, given.tau].map(exactly);
  const strength = times(diffusion, teleport);
  const quantised = integerWeights(base, 57, true);
  const weightsBefore = new Map(quantised.axons.map((a) => [key(a.from, a.to), a.weight]));
  const scaled = (weight: number): Rational => times(exactly(weight), powerOfTwo(quantised.shift));
  const weightsAfter = new Map(weightsBefore);
  const whole = (weight: number): boolean => {
    const { numerator, denominator } = scaled(weight);
    return numerator % denominator === 0n;
  };
  const inexact = new Set<string>();
  for (let p = 0; p < n; p++) {
    for (let k = base.offsets[p]; k < base.offsets[p + 1]; k++) {
      if (!whole(base.weights[k])) inexact.add(key(p, base.columns[k]));
    }
  }
  for (const { from, to, after } of changes) {
    const nearest = floorOf(plus(scaled(after), ratio(1n, 2n)));
    if (whole(after)) inexact.delete(key(from, to));
    else inexact.add(key(from, to));
    if (after === 0) weightsAfter.delete(key(from, to));
    else weightsAfter.set(key(from, to), nearest < 1n ? 1n : nearest);
  }
  const before = weigh(weightsBefore, rows);
  const after = weigh(weightsAfter, rows);
  if (after.degree.some((d) => d > FULL)) return null;

  const prior = priorOf(given, before, after);
  if (prior === null) return null;
  const spreading = productOf(
    before,
    after,
    (side) => side.degree,
    (from, to) => [
      [from, to],
      [to, from],
    ],
  );
  const moving = productOf(
    before,
    after,
    (side) => side.out,
    (from, to) => [[from, to]],
  );
  const scale = ratio(1n);
  const series = seriesOf({ springs, heat, mu, tau, scale });
  const plain = operatorOf({
    weights: quantised,
    spread: 'source',
    teleport,
    diffusion,
    whole: wholeOf(series.total),
    prior: 'uniform',
  });
  const there = after.degree.map((d) => d > 0n);
  const counted = n + there.slice(n).filter((is) => is).length;
  const differing = [...new Set([...weightsBefore.keys(), ...weightsAfter.keys()])].filter(
    (name) => weightsBefore.get(name) !== weightsAfter.get(name),
  );
  const touched = new Set(differing.flatMap(ends)).size;
  const ownRows = after.degree.filter(
    (d, i) =>
      d > 0n &&
      moving.own[i].length + (series.terms.length === 0 ? 0 : spreading.own[i].length) > 0,
  ).length;
  const kappa = BigInt(2 * touched + ownRows);
  const dangling = prior.map((u) => rounded(plain.follow * u, 62));

  const image = (folded: Folded, phi: readonly bigint[], right: readonly bigint[]): bigint[] => {
    const { degree, stay, move, halve, whole } = folded;
    let g = phi.map((x) => rounded(whole * x, 62));
    if (degree > 0) {
      g = phi.slice();
      for (let k = degree - 1; k >= 0; k--) {
        const moved = multiply(spreading, g, halve[k] === 1 ? FULL / 2n : move[k]);
        g = moved.map((v, i) => (there[i] ? v + rounded(stay[k] * phi[i], 62) : 0n));
      }
    }
    let share = 0n;
    phi.forEach((x, i) => (share += there[i] && after.out[i] === 0n ? x : 0n));
    return multiply(moving, phi, plain.follow).map((v, i) =>
      there[i] ? v + g[i] + rounded(share * dangling[i], 61) + right[i] : 0n,
    );
  };
  const cost = (folded: Folded): bigint => {
    const outside = 8n * BigInt(counted) + 2n * kappa + 24n;
    if (series.terms.length === 0) return outside;
    const within = ceilDivide((2n * BigInt(counted) + kappa) * folded.depth, 1n << 20n);
    return outside + within + 4n * BigInt(folded.degree);
  };
  const operator: Operator = {
    ...plain,
    prior,
    right: prior.map((u) => rounded(plain.teleport * u, 62)),
    varied: { image, counted, cost },
  };
  const start = given.start.map((x, i) => (there[i] ? x : 0n));
  const stopped = solve({
    operator,
    series,
    strength,
    tolerance: exactly(tolerance),
    mostIterations: 10_000,
    start,
  });
  const spreads = series.terms.length > 0;
  const V = quantisation(after, inexact, spreads, stopped.series, stopped.units);
  const found = completed(stopped.units.filter((_, i) => there[i]));
  const bound = errorBound(stopped.uncertainty, V, found.cost, strength);
  const units = found.units.values();
  return {
    units: there.map((is) => (is ? (units.next().value as bigint) : 0n)),
    residual: stopped.residual,
    applications: stopped.applications,
    errorBound: leastDoubleFrom(bound),
    entropy: entropyOf(found.units),
    syntropy: syntropyOf(found.units),
  };
}

/** u of the column, or null where ρ is too large. */
function priorOf(
  { base, prior }: BigintVariation,
  before: Weighted,
  after: Weighted,
): bigint[] | null {
  const partsOf = ({ degree }: Weighted): readonly bigint[] =>
    prior === 'degree' ? degree : degree.map((d) => (d > 0n ? 1n : 0n));
  const [P, own] = [partsOf(before), partsOf(after)];
  const total = sumOf(own);
  if (total === 0n) return null;
  const rho = roundedDivide(FULL * sumOf(P), total);
  if (rho >= 1n << 63n) return null;
  const shared = distribution(P.slice(0, base.rows));
  const names = new Set([...before.weights.keys(), ...after.weights.keys()]);
  const touched = new Set(
    [...names].filter((k) => before.weights.get(k) !== after.weights.get(k)).flatMap(ends),
  );
  return own.map((part, i) =>
    touched.has(i) ? (part * ONE) / total : rounded(rho * (shared[i] ?? 0n), 62),
  );
}

/** V of section 6 with the column's own numbers, of the axons that are inexact. */
function quantisation(
  { degree, out }: Weighted,
  inexact: ReadonlySet<string>,
  spreads: boolean,
  { depth }: Folded,
  phi: readonly bigint[],
): bigint {
  if (inexact.size === 0) return 0n;
  const axons = BigInt(inexact.size);
  let cost = ceilDivide(4n * axons * ONE, sumOf(degree));
  let densest = 0n;
  phi.forEach((x, i) => {
    const leaving = [...inexact].filter((name) => ends(name)[0] === i).length;
    if (out[i] > 0n) cost += ceilDivide(2n * magnitude(x) * BigInt(leaving), out[i]);
    if (degree[i] === 0n) return;
    const dense = ceilDivide(magnitude(x) << 62n, degree[i]);
    if (dense > densest) densest = dense;
  });
  if (!spreads) return cost;
  return cost + ceilDivide(4n * axons * (depth + (1n << 20n)) * densest, 1n << 82n);
}
