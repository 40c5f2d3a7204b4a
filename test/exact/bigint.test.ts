// The BigInt implementation of exact arithmetic on its own merits: goldens, sums, bounds against
// fixed points in high precision, roundings within their estimate, widths of all numbers,
// logarithms, measures and canonical bytes.

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import type { Graph } from '../../src/graph/graph.js';
import { denseFocus, DENSE_DEFAULTS } from '../dense.js';
import { fixedPoints, referencePoints } from '../focus/golden-cases.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { emptyReport } from './bigint-anderson.js';
import { quantisationCost, roundingCost, truncationCost } from './bigint-bound.js';
import { digestOf, headerLine } from './bigint-digest.js';
import { type BigintParameters, bigintFocus } from './bigint-focus.js';
import { LN2, logarithm } from './bigint-logarithm.js';
import { applyMap, operatorOf, Widths } from './bigint-map.js';
import { difference, wholeOf } from './bigint-measures.js';
import {
  ONE,
  ceilLog2,
  exactly,
  floorLog2,
  leastDoubleFrom,
  magnitude,
  over,
  powerOfTwo,
  ratio,
  rounded,
  roundedDivide,
  sumOf,
  times,
} from './bigint-rational.js';
import { distanceToFocus, distanceToMap, realMap, type RealParameters } from './bigint-real.js';
import { degreeFor, fold, seriesOf } from './bigint-series.js';
import { completed } from './bigint-solver.js';
import { distribution, integerParts, integerWeights } from './bigint-weights.js';

const numberOf = (units: bigint, bits: number): number => Number(units) / 2 ** bits;

function distance(units: readonly bigint[], expected: ArrayLike<number>): number {
  return units.reduce((sum, x, i) => sum + Math.abs(numberOf(x, 61) - expected[i]), 0);
}

describe('goldens', () => {
  for (const { name, graph, options, phi, entropy, syntropy } of fixedPoints()) {
    it(`${name} agrees to 1e-9 and keeps its bound`, () => {
      const result = bigintFocus(graph, options as BigintParameters);
      expect(result.converged).toBe(true);
      expect(result.reason).toBe('done');
      expect(sumOf(result.units)).toBe(ONE);
      expect(magnitude(ONE - result.massBefore) <= BigInt(graph.particles)).toBe(true);
      const found = distance(result.units, phi);
      expect(found).toBeLessThan(1e-9);
      expect(found).toBeLessThanOrEqual(result.errorBound! + 1e-14);
      expect(result.errorBound).toBeLessThanOrEqual(1e-9);
      expect(Math.abs(numberOf(result.entropy, 56) - entropy!)).toBeLessThan(1e-9);
      expect(Math.abs(numberOf(result.syntropy, 56) - syntropy)).toBeLessThan(1e-9);
    });
  }
  for (const { name, graph, options, phi, syntropy } of referencePoints()) {
    it(`reference ${name} agrees to 1e-6 and has no bound`, () => {
      const result = bigintFocus(graph, options as BigintParameters);
      expect(result.converged).toBe(true);
      expect(sumOf(result.units)).toBe(ONE);
      expect(magnitude(ONE - result.massBefore) <= BigInt(graph.particles)).toBe(true);
      expect(distance(result.units, phi)).toBeLessThan(1e-6);
      expect(result.errorBound).toBeNull();
      expect(Math.abs(numberOf(result.syntropy, 56) - syntropy)).toBeLessThan(1e-9);
    });
  }
  it('agrees with the dense solver on random graphs', () => {
    for (let seed = 0; seed < 12; seed++) {
      const graph = graphOf(randomLinks(seed, 8 + seed, 30));
      const expected = denseFocus(graph, DENSE_DEFAULTS);
      expect(distance(bigintFocus(graph).units, expected)).toBeLessThan(1e-9);
    }
  });
});

/** Small graphs with weights that do not fit 61 bits together, and parameters over a wide range. */
function adversarial(seed: number): {
  graph: Graph;
  parameters: RealParameters & BigintParameters;
} {
  const random = randomStream(seed, 5);
  const particles = 2 + random.below(9);
  const kind = seed % 5;
  const links = randomLinks(seed, particles, 3 + random.below(3 * particles)).map(
    ([from, to, amount]): LinkTuple => {
      if (kind === 0) return [from, to, 7];
      if (kind === 1) return [from, to, 2 ** random.below(64)];
      return kind === 2 ? [from, to, 1 + random.below(9)] : [from, to, amount / 10];
    },
  );
  const seen = new Set<string>();
  const once = links.filter(([from, to]) => {
    const key = `${from} ${to}`;
    return seen.has(key) ? false : seen.add(key);
  });
  const graph = graphOf(kind === 0 ? once : links);
  const reading = (['focus-1', 'focus-1-combinatorial', 'pagerank'] as const)[random.below(3)];
  const widest = Math.max(...graph.axons.weights);
  return {
    graph,
    parameters: {
      reading,
      laplacian:
        reading === 'pagerank' ? 'none' : reading === 'focus-1' ? 'random-walk' : 'combinatorial',
      unit: widest / [1, 0.25, 4][random.below(3)],
      teleport: [0.15, 0.5, 0.05][random.below(3)],
      mu: [1, 0.1, 10][random.below(3)],
      tau: [1, 0.1, 4][random.below(3)],
      lambda: reading === 'pagerank' ? [1, 0, 0] : [0.5, 0.3, 0.2],
      prior: [
        'uniform' as const,
        'degree' as const,
        Float64Array.from({ length: graph.particles }, (_, i) => 1 / (3 + (i % 4))),
      ][random.below(3)],
    },
  };
}

describe('promises of the page', () => {
  it('keeps the error bound, the sum and the widths', () => {
    const widths = new Widths();
    const report = emptyReport();
    let converged = 0;
    for (let seed = 0; seed < 120; seed++) {
      const { graph, parameters } = adversarial(seed);
      const result = bigintFocus(graph, parameters, { widths, report });
      expect(sumOf(result.units)).toBe(ONE);
      if (report.isWhole && report.shift >= 0) {
        expect(magnitude(ONE - result.massBefore) <= BigInt(graph.particles)).toBe(true);
      }
      const focus = realMap(graph.axons, parameters).focus();
      const found = distanceToFocus(focus, result.units);
      expect(found, `seed ${seed}`).toBeLessThanOrEqual(result.errorBound!);
      if (result.converged) converged++;
    }
    expect(converged).toBeGreaterThan(90);
    expectNarrow(widths);
    expect(10n * report.mixed < 17n << 62n).toBe(true);
  });

  it('keeps them from starts, in plain iterations and where it stops early', () => {
    const widths = new Widths();
    for (let seed = 0; seed < 60; seed++) {
      const { graph, parameters } = adversarial(seed);
      const focus = realMap(graph.axons, parameters).focus();
      const random = randomStream(seed, 7);
      const ways = [random.below(5), random.below(60), 6, 11];
      ways.forEach((many, way) => {
        const full = 3n << [60n, 0n, 40n][random.below(3)];
        const place = random.below(graph.particles);
        const start = focus.map((_, i) => (i === place ? full : 0n));
        const result = bigintFocus(graph, parameters, {
          widths,
          start,
          ...(way < 2 ? { iterations: many } : { mostIterations: many }),
        });
        const found = distanceToFocus(focus, result.units);
        expect(sumOf(result.units)).toBe(ONE);
        expect(found, `seed ${seed}`).toBeLessThanOrEqual(result.errorBound!);
        if (way < 2) expect(result.applications).toBe(many);
      });
    }
    expectNarrow(widths);
  });

  it('keeps the roundings of one application within Q, and weights within V', () => {
    for (let seed = 0; seed < 120; seed++) {
      const { graph, parameters } = adversarial(seed);
      const weights = integerWeights(graph.axons);
      const spread = parameters.laplacian === 'combinatorial' ? 'row' : 'source';
      const [diffusion, springs, heat] = parameters.lambda.map(exactly);
      const widest = weights.degrees.reduce((x, y) => (x > y ? x : y)) * weights.divisor;
      const scale =
        spread === 'source'
          ? ratio(1n)
          : over(times(ratio(widest), powerOfTwo(-weights.shift)), exactly(parameters.unit));
      const [mu, tau, teleport] = [parameters.mu, parameters.tau, parameters.teleport].map(exactly);
      const series = seriesOf({ springs, heat, mu, tau, scale });
      const { prior } = parameters;
      const whole = wholeOf(series.total);
      const operator = operatorOf({ weights, spread, teleport, diffusion, whole, prior });
      const real = realMap(graph.axons, parameters);
      const random = randomStream(seed, 6);
      const units = operator.prior.map(() => BigInt(random.uint32() - 2 ** 31) << 26n);
      units[random.below(units.length)] += 1n << 60n;
      for (const share of [2, 10, 40]) {
        const series2 = fold(series, degreeFor(series, powerOfTwo(-share)));
        const image = applyMap(operator, series2, units, operator.right);
        const allowed =
          roundingCost(weights, spread, series2) +
          truncationCost(series2) +
          quantisationCost(weights, spread, series2, units);
        expect(distanceToMap(real, units, image) <= allowed, `seed ${seed}`).toBe(true);
      }
    }
  });

  it('changes no bit where every stake is scaled', () => {
    const links = randomLinks(4, 20, 60);
    const first = bigintFocus(graphOf(links));
    for (const factor of [3, 2 ** -30, 1024]) {
      const scaled = links.map(([from, to, amount]): LinkTuple => [from, to, amount * factor]);
      expect(bigintFocus(graphOf(scaled)).units).toEqual(first.units);
    }
  });

  it('starts warm and iterates plainly', () => {
    const graph = graphOf(randomLinks(8, 40, 150));
    const cold = bigintFocus(graph);
    const warm = bigintFocus(graph, {}, { start: cold.units });
    expect(warm.converged).toBe(true);
    expect(warm.applications).toBeLessThan(cold.applications);
    const plain = bigintFocus(graph, {}, { iterations: 300 });
    expect(plain.applications).toBe(300);
    expect(plain.converged).toBe(true);
    for (const other of [warm, plain]) {
      const gap = sumOf(other.units.map((x, i) => magnitude(x - cold.units[i])));
      expect(numberOf(gap, 61)).toBeLessThan(2e-9);
    }
    expect(bigintFocus(graph, {}, { mostIterations: 1 }).converged).toBe(false);
  });

  it('handles 200 particles and 1000 links', () => {
    const result = bigintFocus(graphOf(randomLinks(1, 200, 1000)));
    expect(result.converged).toBe(true);
    expect(sumOf(result.units)).toBe(ONE);
  });
});

/** Below 1.7·2⁶² and 1.7·2¹²⁴, as the page states; the product of an arc is at most its row's. */
function expectNarrow({ element, sum, product }: Widths): void {
  expect(10n * element < 17n << 62n).toBe(true);
  expect(10n * sum < 17n << 124n).toBe(true);
  expect(10n * product < 17n << 124n).toBe(true);
}

describe('measures', () => {
  it('takes logarithms to 1e-14', () => {
    expect(logarithm(1n)).toBe(0n);
    expect(numberOf(LN2, 56)).toBeCloseTo(Math.LN2, 15);
    const random = randomStream(3);
    for (let i = 0; i < 20000; i++) {
      const wide = (BigInt(random.uint32()) << 30n) + BigInt(random.uint32());
      const value = (wide >> BigInt(random.below(62))) + 1n;
      const expected = Math.log(Number(value));
      const error = Math.abs(numberOf(logarithm(value), 56) - expected);
      expect(error / Math.max(1, expected)).toBeLessThan(1e-14);
    }
  });

  it('takes components and F as the dense operators do', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { graph, parameters } = adversarial(5 * seed + 2);
      if (parameters.laplacian === 'none') continue;
      const result = bigintFocus(graph, parameters, { tolerance: 1e-10 });
      const parts = result.components();
      const image = (lambda: [number, number, number], got: readonly bigint[]): number => {
        const apart = distanceToMap(
          realMap(graph.axons, { ...parameters, lambda }),
          result.units,
          got,
        );
        return numberOf(apart, 61);
      };
      const { teleport } = parameters;
      // T u is r for units that sum to ONE; springs and heat alone have no teleport.
      expect(image([1, 0, 0], parts.diffusion)).toBeLessThan(1e-10 * teleport);
      expect(image([0, 1, 0], parts.springs)).toBeLessThan(1e-10 * teleport);
      expect(image([0, 0, 1], parts.heat)).toBeLessThan(1e-10 * teleport);
      expect(numberOf(parts.energy, 56)).toBeCloseTo(floatEnergy(result.units, parts, parameters));
    }
  });

  it('takes differences by id', () => {
    const before = new Map([
      ['a', 5n],
      ['b', 7n],
    ]);
    const { changes, norm } = difference(before, new Map([['b', 4n], ['c', 8n]])); // prettier-ignore
    expect([...changes]).toEqual([['a', -5n], ['b', -3n], ['c', 8n]]); // prettier-ignore
    expect(norm).toBe(16n);
  });
});

function floatEnergy(
  units: readonly bigint[],
  parts: { diffusion: readonly bigint[]; heat: readonly bigint[]; laplacian: readonly bigint[] },
  { lambda, mu }: RealParameters,
): number {
  const of = (x: bigint): number => numberOf(x, 61);
  let [springs, heat, diffusion] = [0, 0, 0];
  units.forEach((x, i) => {
    const phi = of(x);
    springs += (phi * of(parts.laplacian[i])) / 2 + (mu * (phi - 1 / units.length) ** 2) / 2;
    heat += (phi - of(parts.heat[i])) ** 2 / 2;
    if (phi > 0) diffusion += phi * Math.log(phi / of(parts.diffusion[i]));
  });
  return lambda[1] * springs + lambda[2] * heat + lambda[0] * diffusion;
}

describe('integers', () => {
  it('rounds halves up', () => {
    expect([-3n, -2n, -1n, 0n, 1n, 2n, 3n].map((x) => rounded(x, 1))).toEqual([
      -1n,
      -1n,
      0n,
      0n,
      1n,
      1n,
      2n,
    ]);
    expect(roundedDivide(-5n, 2n)).toBe(-2n);
    expect(roundedDivide(5n, 2n)).toBe(3n);
    expect([1n, 2n, 3n, 4n, 5n].map(ceilLog2)).toEqual([0, 1, 2, 2, 3]);
    expect(floorLog2(255n)).toBe(7);
  });

  it('takes doubles apart and puts them together', () => {
    for (const value of [1, 0.1, 5e-324, 1.7976931348623157e308, 2 ** -1022, 1e-310, 1e21]) {
      expect(leastDoubleFrom(exactly(value))).toBe(value);
    }
    expect(leastDoubleFrom(ratio((1n << 60n) + 1n))).toBe(2 ** 60 + 256);
  });

  it('hands out every unit', () => {
    expect(sumOf(distribution([1n, 1n, 1n]))).toBe(ONE);
    expect(distribution([0n, 3n])).toEqual([0n, ONE]);
    expect(integerParts(Float64Array.of(0.25, 1, 0))).toEqual([1n << 50n, 1n << 52n, 0n]);
    expect(completed([ONE, 2n, 0n])).toEqual({ units: [ONE - 1n, 1n, 0n], cost: 2n });
    expect(completed([ONE + 2n, 1n, 0n])).toEqual({ units: [ONE, 0n, 0n], cost: 3n });
    expect(completed([ONE - 2n, 0n, 0n])).toEqual({ units: [ONE - 1n, 1n, 0n], cost: 2n });
    expect(completed([2n, 6n])).toEqual({
      units: [1n << 59n, 3n << 59n],
      cost: 2n * (ONE - 8n) + 6n,
    });
    expect(completed([-5n, 5n]).units).toEqual([0n, ONE]);
    const { axons } = graphOf([['a', 'b', 1], ['b', 'c', 3]]); // prettier-ignore
    const weights = integerWeights(axons);
    expect([weights.degrees, weights.exact, weights.uniform]).toEqual([[1n, 4n, 3n], true, false]);
    expect(weights.exponents).toEqual([0, 2, 2]);
  });

  it('writes the header in its order', () => {
    const header = {
      reading: 'pagerank',
      teleport: 0.15,
      mu: 1,
      tau: 1,
      lambda: [1, 0, 0],
      unit: null,
      prior: 'degree',
      tolerance: 1e-9,
      start: 'prior',
      applications: 36,
    } as const;
    expect(headerLine(header)).toBe(
      '{"reading":"pagerank","teleport":0.15,"mu":null,"tau":null,"lambda":[1,0,0],"unit":null,' +
        '"prior":"degree","tolerance":1e-9,"start":"prior","applications":36}',
    );
    expect(digestOf(header, ['a', 'é'], [1n, -1n])).toMatch(/^[0-9a-f]{64}$/);
  });
});
