// The map of docs/exact-arithmetic.md, section 3, on a machine:
//   G(φ, r) = λ_d (1 − t) (Aᵀ(φ/out) + dangling · u) + p_K(P) φ + r
// in blocks of columns that never touch each other. Springs and heat are evaluated from the highest
// power down, one product with W a level, every level divided by a power of two that keeps its norm
// at most ‖φ‖₁; diffusion is one product with Aᵀ.

import type { Vector } from '../../backend/backend.js';
import type { ExactBackend, ExactTerm, ExactWorkspace } from '../../backend/exact.js';
import { check } from '../../base/errors.js';
import type { WeightedGraph } from '../../graph/graph.js';
import type { Parameters, Prior } from '../parameters.js';
import { applicationError } from './certificate.js';
import { diffusionFactor, expandSeries, type Series } from './series.js';
import { FULL, nearest, ONE, over, rationalOf, rounded, times, type Rational } from './units.js';
import {
  exponentsOf,
  integersOf,
  integerWeights,
  reciprocalsOf,
  sumAt,
  totalOf,
  type IntegerWeights,
} from './weights.js';

/** The parameters as rationals, with what the roundings of section 2 make of them. */
export interface ExactConstants {
  readonly lambda: readonly [Rational, Rational, Rational];
  readonly teleport: Rational;
  /** λ_d t. */
  readonly injection: Rational;
  /** F and T in units of 2⁻⁶². */
  readonly diffusion: bigint;
  readonly constant: bigint;
}

/** What the solver asks of a map: columns on one graph, or on graphs that differ. */
export interface ExactMap {
  readonly workspace: ExactWorkspace;
  readonly constants: ExactConstants;
  readonly columns: number;
  /** Null without springs and heat. */
  readonly series: Series | null;
  /** u of the teleport prior and r° = rnd(T u, 62): one column, or one for each column. */
  readonly priorVector: Vector;
  readonly constantVector: Vector;
  /** Sweeps over the axons so far; a product with W counts two. */
  readonly passes: () => number;
  /** out = G(φ, right) − less. `less` absent: zero. Neither φ nor right is out. */
  apply(out: Vector, phi: Vector, degree: number, right: Vector, less?: Vector): void;
  /** n of a column. */
  particles(column: number): number;
  /** What one application adds to the measured residual of a column: Q + truncation. */
  applicationError(degree: number, column: number): bigint;
}

/** The map of one reading on one workspace. */
export interface ExactOperator extends ExactMap {
  readonly weights: IntegerWeights;
  /** Whether the Laplacian is the random walk's, and tables are weighted by source. */
  readonly randomWalk: boolean;
  /** u of the teleport prior, in focus units, on the host. */
  readonly prior: BigInt64Array;
  /** Λ, the scale of the series. */
  readonly scale: Rational;
  /** The series of other weights of springs and heat. */
  seriesOf(springs: Rational, heat: Rational): Series;
  /** out = p_K(P) φ of a series. */
  spectral(out: Vector, phi: Vector, series: Series, degree: number): void;
  /** out = one product: M φ of section 8. */
  average(out: Vector, phi: Vector): void;
  /** A one-column vector with these elements, freed with the operator. */
  column(values: BigInt64Array): Vector;
  destroy(): void;
}

/** The unit of the combinatorial Laplacian in integer weights: unit · 2^s / g. */
export function unitOf(weights: IntegerWeights, unit: number): Rational {
  const { exponent, divisor } = weights;
  const { numerator, denominator } = rationalOf(unit);
  return exponent >= 0
    ? { numerator: numerator << BigInt(exponent), denominator: denominator * divisor }
    : { numerator, denominator: (denominator * divisor) << BigInt(-exponent) };
}

/**
 * Places a graph for a reading and prepares its map for blocks of `columns`. `springs` false leaves
 * springs out of the series (reference-2026-07 adds a step of its own).
 */
export async function openExactOperator(
  graph: WeightedGraph,
  parameters: Parameters,
  columns: number,
  backend: ExactBackend,
): Promise<ExactOperator> {
  const weights = integerWeights(graph.axons);
  const uniform = weights.values === null;
  const { rows, offsets, columns: targets } = graph.axons;
  const exponents = exponentsOf(weights.degree, uniform);
  const outExponents = exponentsOf(weights.outStake, uniform);
  const [diffusion, springs, heat] = sharesOf(parameters);
  const jacobi = parameters.reading === 'reference-2026-07';
  const hasSeries = heat.numerator > 0n || (springs.numerator > 0n && !jacobi);
  const randomWalk = parameters.unit === null;
  const teleport = rationalOf(parameters.teleport);
  const injection = injectionOf(parameters);
  const most = randomWalk ? 0n : largestOf(weights);
  const scale = randomWalk
    ? { numerator: 1n, denominator: 1n }
    : over({ numerator: most, denominator: 1n }, unitOf(weights, parameters.unit ?? 1));
  const seriesOf = (springsShare: Rational, heatShare: Rational): Series =>
    expandSeries({
      springs: springsShare,
      mu: rationalOf(parameters.mu),
      heat: heatShare,
      tau: rationalOf(parameters.tau),
      scale,
    });
  const series = hasSeries
    ? seriesOf(jacobi ? { numerator: 0n, denominator: 1n } : springs, heat)
    : null;
  const needsSpread = hasSeries || (jacobi && springs.numerator > 0n);
  const workspace = await backend.open({
    rows,
    offsets,
    columns: targets,
    weights: weights.values,
    spread: needsSpread ? { by: randomWalk ? 'source' : 'row', exponents } : null,
    transitionExponents: outExponents,
  });
  const factor = diffusionFactor(diffusion, teleport);
  const constants: ExactConstants = {
    lambda: [diffusion, springs, heat],
    teleport,
    injection,
    diffusion: factor,
    constant: jacobi
      ? nearest(FULL * injection.numerator, injection.denominator)
      : FULL - factor - (series?.total ?? 0n),
  };
  return assemble(workspace, weights, parameters, columns, constants, series, {
    exponents,
    outExponents,
    most,
    randomWalk,
    scale,
    seriesOf,
  });
}

/** λ_d, λ_s and λ_h as the rationals that they are. */
export function sharesOf({ lambda }: Parameters): readonly [Rational, Rational, Rational] {
  const [diffusion, springs, heat] = lambda.map(rationalOf);
  return [diffusion, springs, heat];
}

/** λ_d t. Throws `bad-parameter` below 2⁻¹⁶. */
export function injectionOf(parameters: Parameters): Rational {
  const { lambda, teleport } = parameters;
  const injection = times(rationalOf(lambda[0]), rationalOf(teleport));
  check(
    injection.numerator << 16n >= injection.denominator,
    'bad-parameter',
    () =>
      `lambda_d · teleport: expected at least 2^-16 in exact arithmetic, ` +
      `found ${lambda[0] * teleport}`,
    'use --precision f64',
  );
  return injection;
}

interface Shape {
  readonly exponents: Uint8Array;
  readonly outExponents: Uint8Array;
  readonly most: bigint;
  readonly randomWalk: boolean;
  readonly scale: Rational;
  readonly seriesOf: (springs: Rational, heat: Rational) => Series;
}

function assemble(
  workspace: ExactWorkspace,
  weights: IntegerWeights,
  parameters: Parameters,
  columns: number,
  constants: ExactConstants,
  series: Series | null,
  { exponents, outExponents, most, randomWalk, scale, seriesOf }: Shape,
): ExactOperator {
  const column = (values: BigInt64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    return vector;
  };
  const block = (): Vector => workspace.vector(columns);
  const prior = distributionOf(parameters.prior, weights);
  const { diffusion, constant } = constants;
  const priorVector = column(prior);
  const constantVector = column(prior.map((u) => rounded(constant * u, 62)));
  const danglingShare = column(prior.map((u) => rounded(diffusion * u, 62)));
  const outReciprocals = reciprocalsOf(weights.outStake, outExponents);
  const perOut = column(outReciprocals);
  const dangling = outReciprocals.includes(0n)
    ? column(outReciprocals.map((r) => (r === 0n ? FULL : 0n)))
    : null;
  const walk = series !== null && randomWalk;
  const perDegree = walk ? column(reciprocalsOf(weights.degree, exponents)) : null;
  const perMost = series !== null && !randomWalk ? column(blendOf(exponents, most)) : null;
  const kept = series !== null && !randomWalk ? column(keptOf(weights, most)) : null;
  const scaled = block();
  const first = series === null ? scaled : block();
  const second = series === null ? scaled : block();
  let passes = 0;

  /** One level: out = (half of) rowScale ⊙ factor · M x (+ diagonal) + own · of. */
  const level = (
    out: Vector,
    x: Vector,
    factor: bigint,
    halved: boolean,
    terms: readonly ExactTerm[],
    rowScale: Vector | null,
  ): void => {
    passes += 2;
    workspace.product({
      out,
      table: 'spread',
      x,
      terms,
      halved,
      ...(factor === FULL ? {} : { factor }),
      ...(rowScale === null ? {} : { rowScale }),
      ...(kept === null ? {} : { diagonal: kept }),
    });
  };

  const spectral = (out: Vector, phi: Vector, own: Series, degree: number): void => {
    if (degree === 0) {
      workspace.combine(out, [{ coefficient: own.total, shift: 62, vector: phi }]);
      return;
    }
    const { own: shares, factor, halved } = own.levels(degree);
    if (perDegree !== null) workspace.scale(scaled, phi, perDegree);
    const base = perDegree === null ? phi : scaled;
    let x = base;
    for (let k = degree - 1; k >= 1; k--) {
      const next = x === first ? second : first;
      const term = { coefficient: shares[k], shift: 62, vector: base };
      level(next, x, factor[k], halved[k], [term], perDegree ?? perMost);
      x = next;
    }
    const term = { coefficient: shares[0], shift: 62, vector: phi };
    level(out, x, factor[0], false, [term], perMost);
  };

  const shape = { particles: workspace.rows, weights, series, randomWalk };
  return {
    workspace,
    weights,
    constants,
    columns,
    particles: () => workspace.rows,
    applicationError: (degree) => applicationError(shape, degree),
    randomWalk,
    scale,
    seriesOf,
    series,
    prior,
    priorVector,
    constantVector,
    passes: () => passes,
    spectral,
    apply: (out, phi, degree, right, less) => {
      const terms: ExactTerm[] = [{ coefficient: 1n, shift: 0, vector: right }];
      if (less !== undefined) terms.push({ coefficient: -1n, shift: 0, vector: less });
      if (series !== null) {
        spectral(out, phi, series, degree);
        terms.push({ coefficient: 1n, shift: 0, vector: out });
      }
      if (dangling !== null) {
        const [share] = workspace.reduce([{ kind: 'sum', x: phi, mask: dangling }]);
        terms.push({ coefficient: share, shift: 61, vector: danglingShare });
      }
      workspace.scale(scaled, phi, perOut);
      passes += 1;
      workspace.product({ out, table: 'transition', x: scaled, factor: diffusion, terms });
    },
    average: (out, phi) => {
      if (perDegree !== null) workspace.scale(scaled, phi, perDegree);
      level(out, perDegree === null ? phi : scaled, FULL, false, [], perMost);
    },
    column,
    destroy: () => workspace.destroy(),
  };
}

function largestOf({ degree, axons }: IntegerWeights): bigint {
  let most = 0n;
  for (let i = 0; i < axons.rows; i++) {
    const own = sumAt(degree, i);
    if (own > most) most = own;
  }
  return most;
}

/** ψ_i = ⌊2^(62+e_i) / D⌋. */
function blendOf(exponents: Uint8Array, most: bigint): BigInt64Array {
  return BigInt64Array.from(exponents, (e) => (FULL << BigInt(e)) / most);
}

/** χ_i = FULL − ⌊FULL·d_i / D⌋. */
function keptOf({ degree, axons }: IntegerWeights, most: bigint): BigInt64Array {
  return BigInt64Array.from(
    { length: axons.rows },
    (_, i) => FULL - (FULL * sumAt(degree, i)) / most,
  );
}

/** u: P_i·ONE/ΣP, rounded down, the remainder in units to the first with P_i > 0. */
export function distributionOf(prior: Prior, weights: IntegerWeights): BigInt64Array {
  const { rows } = weights.axons;
  if (prior === 'degree') {
    const total = totalOf(weights.degree);
    return shared(rows, total, (i) => sumAt(weights.degree, i));
  }
  if (prior === 'uniform') return shared(rows, BigInt(rows), () => 1n);
  const values = integersOf(prior);
  let total = 0n;
  for (const value of values) total += BigInt(value);
  return shared(rows, total, (i) => BigInt(values[i]));
}

function shared(rows: number, total: bigint, weightOf: (i: number) => bigint): BigInt64Array {
  const units = new BigInt64Array(rows);
  let left = ONE;
  for (let i = 0; i < rows; i++) {
    units[i] = (weightOf(i) * ONE) / total;
    left -= units[i];
  }
  for (let i = 0; left > 0n; i++) {
    if (weightOf(i) === 0n) continue;
    units[i]++;
    left--;
  }
  return units;
}
