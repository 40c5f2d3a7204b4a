// What exact arithmetic promises beyond equal bits: nearness to the true focus, mass to the unit,
// indifference to the scale and order of links, identities of integers, and refusals.

import { describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { alignUnits, deltaOf, syntropyChange } from '../../src/focus/exact/delta.js';
import { detailsExact } from '../../src/focus/exact/details.js';
import { exactDecimal } from '../../src/focus/exact/decimal.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { detailsOf } from '../../src/focus/details.js';
import { focus } from '../../src/focus/focus.js';
import { buildGraph } from '../../src/graph/build.js';
import { generateLinks } from '../../src/graph/generate.js';
import { fixedPoints, referencePoints } from '../focus/golden-cases.js';
import { distance, graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { bigintFocus } from './bigint-focus.js';
import { lineageOf } from './lineages.js';
import { VECTORS } from './vectors.js';

const ONE = 1n << 61n;
const sum = (units: BigInt64Array): bigint => units.reduce((a, b) => a + b, 0n);

describe('focus in exact arithmetic', () => {
  for (const { name, graph, options, phi, syntropy } of fixedPoints()) {
    it(`is within its bound of the golden ${name}`, async () => {
      const result = await focusExact(graph, options);
      expect(result.converged).toBe(true);
      expect(result.errorBound).toBeLessThanOrEqual(1e-9);
      // The goldens themselves are good to a few units of 2⁻⁵³.
      expect(distance(result.phi.data, phi)).toBeLessThan((result.errorBound ?? 0) + 1e-13);
      expect(Math.abs(result.syntropy - syntropy)).toBeLessThan(1e-8);
    });
  }
  for (const { name, graph, options, phi } of referencePoints()) {
    it(`is within 10⁻⁶ of the golden of the reference, ${name}`, async () => {
      const result = await focusExact(graph, options);
      expect(distance(result.phi.data, phi)).toBeLessThan(1e-6);
      expect(result.errorBound).toBeNull();
    });
  }
  it('is within 10⁻⁹ of float64 on a graph of forty thousand particles', async () => {
    const graph = buildGraph(
      generateLinks({ profile: 'kronecker', seed: 3, scale: 15, stakes: 'heavy' }),
    );
    const exact = await focusExact(graph);
    const float = await focus(graph, { tolerance: 1e-11 });
    const far = distance(exact.phi.data, float.phi.data);
    expect(far).toBeLessThan(1e-9);
    expect(far).toBeLessThan((exact.errorBound ?? 0) + (float.errorBound ?? 0));
    expect(Math.abs(exact.entropy - float.entropy)).toBeLessThan(1e-7);
  });

  it('misses one by at most n units before the last correction, and by none after', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { before, options, name } = lineageOf(seed);
      const { exact, converged } = await focusExact(before, options);
      expect(sum(exact.units), name).toBe(ONE);
      const missing = exact.missing < 0n ? -exact.missing : exact.missing;
      if (converged) expect(missing <= BigInt(before.particles), name).toBe(true);
    }
  });

  it('does not change where all stakes are scaled', async () => {
    const links = randomLinks(5, 40, 160);
    const scaled = (by: number) =>
      graphOf(links.map(([from, to, amount]): LinkTuple => [from, to, amount * by]));
    const [first, ...others] = await Promise.all(
      [1, 3, 2 ** 20, 2 ** -30, 700].map(async (by) => (await focusExact(scaled(by))).exact.digest),
    );
    expect(others).toEqual(others.map(() => first));
  });

  it('does not depend on the order of links', async () => {
    const links = randomLinks(9, 30, 200).map(([from, to], k): LinkTuple => [
      from,
      to,
      0.1 + (k % 7) / 3,
    ]);
    const random = randomStream(1);
    const shuffled = links.slice();
    for (let k = shuffled.length - 1; k > 0; k--) {
      const at = random.below(k + 1);
      [shuffled[k], shuffled[at]] = [shuffled[at], shuffled[k]];
    }
    const digest = async (list: readonly LinkTuple[]) =>
      (await focusExact(graphOf(list, { order: 'sorted' }))).exact.digest;
    expect(await digest(shuffled)).toBe(await digest(links));
  });

  it('gives the published test vectors', async () => {
    for (const { links, options, digest, first, entropy } of VECTORS) {
      const graph = graphOf(links);
      const { exact } = await focusExact(graph, options);
      expect(bigintFocus(graph, options).digest()).toBe(digest);
      expect([exact.digest, exact.units[0], exact.entropy]).toEqual([digest, first, entropy]);
    }
  });

  it('applies the map a given number of times', async () => {
    const graph = graphOf(randomLinks(2, 20, 60));
    const far = await focusExact(graph, { iterations: 0 });
    const near = await focusExact(graph, { iterations: 60 });
    expect([far.iterations, near.iterations]).toEqual([0, 60]);
    expect(near.exact.residual < far.exact.residual).toBe(true);
    expect(sum(near.exact.units)).toBe(ONE);
    expect(near.errorBound).toBeLessThan(far.errorBound ?? 0);
  });
});

describe('what follows from an exact focus', () => {
  it('has a difference of zero with itself, and norms that are sums of integers', async () => {
    const { before, after } = lineageOf(12);
    const [one, two] = [await focusExact(before), await focusExact(after)];
    const [a, b] = [
      { ids: before.ids, units: one.exact.units },
      { ids: after.ids, units: two.exact.units },
    ];
    expect(deltaOf(a, a).norm).toBe(0n);
    const { units, norm, idAt } = deltaOf(a, b);
    expect(sum(units)).toBe(0n);
    expect(norm).toBe(units.reduce((all, value) => all + (value < 0n ? -value : value), 0n));
    const names = new Set(Array.from(units, (_, i) => idAt(i)));
    expect(names.size).toBe(units.length);
    const { entropyPart, discoveryPart, total } = syntropyChange(one.exact, two.exact);
    expect(entropyPart).toBe(one.exact.entropy - two.exact.entropy);
    expect(entropyPart + discoveryPart).toBe(total);
    expect(Number(discoveryPart) / 2 ** 56).toBeCloseTo(
      Math.log(after.particles / before.particles),
      12,
    );
  });

  it('has operators and a free energy as float64 has them', async () => {
    for (const options of [{}, { reading: 'focus-1-combinatorial', unit: 50_000 } as const]) {
      const graph = graphOf(randomLinks(4, 30, 120));
      const { parameters, exact, phi } = await focusExact(graph, options);
      const whole = await detailsExact(graph, parameters, exact.units);
      const float = await detailsOf(graph, parameters, phi.data);
      for (const part of ['diffusion', 'springs', 'heat'] as const) {
        const values = Float64Array.from(whole[part], (value) => Number(value) / 2 ** 61);
        expect(distance(values, float[part]), part).toBeLessThan(1e-9);
      }
      expect(Number(whole.freeEnergy) / 2 ** 56).toBeCloseTo(float.freeEnergy, 9);
    }
  });

  it('is written as exact decimals', () => {
    expect(exactDecimal(1n, 2)).toBe('0.25');
    expect(exactDecimal(-5n, 1)).toBe('-2.5');
    expect(exactDecimal(1n << 61n, 61)).toBe('1');
    expect(exactDecimal(0n, 61)).toBe('0');
    expect(exactDecimal(1n, 61)).toHaveLength(63);
  });
});

describe('exact arithmetic refuses', () => {
  const graph = graphOf([
    ['a', 'b', 1],
    ['b', 'c', 2],
  ]);
  const refused = (options: Parameters<typeof focusExact>[1]) =>
    expect(focusExact(graph, options, openCpuExact({ threads: 1 }))).rejects;

  it('tolerances that its units cannot express', async () => {
    await refused({ tolerance: 1e-13 }).toThrow(/tolerance: expected/);
    await refused({ tolerance: NaN }).toThrow(/tolerance: expected/);
  });
  it('a teleport too small for its widths', async () => {
    await refused({ teleport: 1e-5 }).toThrow(/at least 2\^-16/);
  });
  it('a series that is too long', async () => {
    await refused({ mu: 1e-7 }).toThrow(/series of more than/);
    await refused({ tau: 1e9 }).toThrow(/at most 131072/);
  });
  it('a start of another length, sign or sum', async () => {
    const start = (...units: bigint[]) => ({ start: { units: BigInt64Array.from(units) } });
    await refused(start(1n, 2n)).toThrow(/expected 3 units, found 2/);
    await refused(start(1n, -2n, 3n)).toThrow(/particle 1: expected 0/);
    await refused(start(0n, 0n, 0n)).toThrow(/expected a sum of 1/);
    await refused(start(ONE, ONE, 0n)).toThrow(/expected a sum of 1/);
  });
  it('nothing else: a start from a single particle is fine', async () => {
    const units = BigInt64Array.of(0n, 0n, ONE);
    const { converged, exact } = await focusExact(graph, { start: { units } });
    expect(converged).toBe(true);
    expect(alignUnits({ ids: graph.ids, units: exact.units }, graph.ids)).toEqual(exact.units);
  });
});
