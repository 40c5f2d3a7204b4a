// Spectral quantities against goldens (independent, dense), against dense eigenvalues, and against
// graphs whose spectrum is known in closed form: every interval holds the truth, and is narrow.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveParameters, type FocusOptions } from '../../src/focus/parameters.js';
import { spectrumOf, type Eigenvalue, type Spectrum } from '../../src/focus/spectrum.js';
import type { Graph } from '../../src/graph/graph.js';
import { DENSE_DEFAULTS, type DenseParameters } from '../dense.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { denseFiedler, denseLambda2, denseLambda2Diffusion } from './dense-spectrum.js';

const goldens = JSON.parse(
  readFileSync(new URL('../golden/focus-1.json', import.meta.url), 'utf8'),
) as {
  fixed_points: Record<string, { links: LinkTuple[] }>;
  spectral: Record<string, { lambda2_R: number; lambda2_D: number; fiedler_normalized: number }>;
};

const spectrum = (graph: Graph, options: FocusOptions = {}): Promise<Spectrum> =>
  spectrumOf(graph, resolveParameters(options, graph));

const widthOf = ({ lower, upper }: Eigenvalue): number => upper - lower;

/** `truth` is known to `error` itself. */
function expectInside({ value, lower, upper }: Eigenvalue, truth: number, error = 1e-13): void {
  expect(lower).toBeLessThanOrEqual(value);
  expect(value).toBeLessThanOrEqual(upper);
  expect(truth).toBeGreaterThanOrEqual(lower - error);
  expect(truth).toBeLessThanOrEqual(upper + error);
}

async function expectDense(
  graph: Graph,
  options: FocusOptions = {},
  dense: Partial<DenseParameters> = {},
): Promise<void> {
  const parameters = { ...DENSE_DEFAULTS, ...dense };
  const { lambda2R, lambda2Diffusion, fiedler } = await spectrum(graph, options);
  expectInside(lambda2R, denseLambda2(graph, parameters));
  expectInside(lambda2Diffusion, denseLambda2Diffusion(graph, parameters));
  expectInside(fiedler, denseFiedler(graph, parameters));
  for (const each of [lambda2R, lambda2Diffusion, fiedler]) {
    expect(widthOf(each), each.proof).toBeLessThan(1e-8);
  }
}

const range = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const cycle = (n: number) => range(n, (i): LinkTuple => [`${i}`, `${(i + 1) % n}`, 1]);
const path = (n: number) => range(n - 1, (i): LinkTuple => [`${i}`, `${i + 1}`, 1]);
const back = ([from, to, amount]: LinkTuple): LinkTuple => [to, from, amount];
const star = (n: number) => range(n - 1, (i): LinkTuple => ['hub', `${i}`, 1]);

describe('the spectrum', () => {
  for (const [name, golden] of Object.entries(goldens.spectral)) {
    it(`of ${name} agrees with the golden to 1e-9, inside intervals as narrow`, async () => {
      const found = await spectrum(graphOf(goldens.fixed_points[name].links));
      const { lambda2R, lambda2Diffusion, fiedlerNormalized } = found;
      for (const [each, truth] of [
        [lambda2R, golden.lambda2_R],
        [lambda2Diffusion, golden.lambda2_D],
        [fiedlerNormalized, golden.fiedler_normalized],
      ] as const) {
        expect(Math.abs(each.value - truth)).toBeLessThan(1e-9);
        expectInside(each, truth, 1e-15);
        expect(widthOf(each)).toBeLessThanOrEqual(1e-9);
        expect(each.failureProbability).toBe(0);
      }
    });
  }

  it('of random graphs with hubs, dangling particles and components holds dense eigenvalues', async () => {
    for (let seed = 0; seed < 10; seed++) await expectDense(graphOf(randomLinks(seed, 25, 70)));
    await expectDense(graphOf(randomLinks(3, 60, 400)));
  });

  it('holds them for other parameters and for the combinatorial Laplacian', async () => {
    for (let seed = 20; seed < 24; seed++) {
      const graph = graphOf(randomLinks(seed, 15, 60));
      const dense = { teleport: 0.3, mu: 0.4, tau: 2, lambda: [0.2, 0.5, 0.3] } as const;
      await expectDense(graph, dense, dense);
      const few = graphOf(
        randomLinks(seed, 15, 60).map(([from, to], i): LinkTuple => [from, to, 1 + (i % 5)]),
      );
      const options = { reading: 'focus-1-combinatorial', unit: 10 } as const;
      await expectDense(few, options, { laplacian: 'combinatorial', unit: 10 });
    }
  });

  it('of two and three particles, stars, paths and cycles holds dense eigenvalues', async () => {
    await expectDense(graphOf([['a', 'b', 1]]));
    await expectDense(graphOf([...path(2), ...path(2).map(back)]));
    for (const n of [3, 4, 12]) {
      for (const links of [cycle(n), path(n), star(n), star(n).map(back)]) {
        await expectDense(graphOf(links));
        await expectDense(graphOf([...links, ...links.map(back)]));
      }
    }
  });

  it('of undirected cycles and stars is what the formula says', async () => {
    const { teleport, mu, tau, lambda } = DENSE_DEFAULTS;
    const image = (x: number): number =>
      lambda[0] * (1 - teleport) * (1 - x) +
      (lambda[1] * mu) / (mu + x) +
      lambda[2] * Math.exp(-tau * x);
    for (const n of [5, 41]) {
      const x = 1 - Math.cos((2 * Math.PI) / n);
      const { lambda2R, fiedler } = await spectrum(graphOf([...cycle(n), ...cycle(n).map(back)]));
      expectInside(fiedler, x, 1e-15);
      expectInside(lambda2R, image(x), 1e-15);
    }
    const links = star(30);
    const { lambda2R, fiedler } = await spectrum(graphOf([...links, ...links.map(back)]));
    // Eigenvalues 1 of 𝓛, many times, and 2, where diffusion is negative and wins.
    expectInside(fiedler, 1, 1e-15);
    expectInside(lambda2R, -image(2), 1e-15);
  });

  it('is exact where the structure decides', async () => {
    const apart = await spectrum(graphOf([...cycle(3), ['x', 'y', 1], ['y', 'x', 1]]));
    expect(apart.fiedler).toMatchObject({ lower: 0, upper: 0, certificate: 'exact' });
    expect(apart.lambda2Diffusion.proof).toMatch(/2 closed classes/);
    expectInside(apart.lambda2Diffusion, 0.85, 0);
    expect(apart.lambda2R.proof).toMatch(/κ/);
    expectInside(apart.lambda2R, 1 - 0.5 * 0.15, 0);
    const periodic = await spectrum(graphOf([...star(6), ...star(6).map(back)]));
    expect(periodic.lambda2Diffusion.proof).toMatch(/period 2/);
    const random = await spectrum(graphOf(cycle(4)), { teleport: 1 });
    expect(random.lambda2Diffusion).toMatchObject({ lower: 0, upper: 0, certificate: 'exact' });
    // A particle that dangles leads to the prior, so two components are not closed apart.
    const leaking = graphOf([...cycle(3), ['x', 'y', 1]]);
    await expectDense(leaking);
    // Unless the prior gives weight to one side only.
    const prior = Float64Array.from({ length: 5 }, (_, i) => (i < 3 ? 1 : 0));
    const fed = await spectrum(leaking, { prior });
    expect(fed.lambda2R.certificate).toBe('enclosure');
    const kept = await spectrum(leaking, { prior: prior.map((weight) => 1 - weight) });
    expect(kept.lambda2R).toMatchObject({ certificate: 'exact' });
  });

  it('stops at an abort signal, and refuses what has no spectrum', async () => {
    const graph = graphOf(randomLinks(1, 40, 200));
    const parameters = resolveParameters({}, graph);
    const signal = AbortSignal.abort();
    await expect(spectrumOf(graph, parameters, { signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    const later = new AbortController();
    const onProgress = (what: string): void => {
      if (what.includes('focus')) later.abort();
    };
    await expect(
      spectrumOf(graph, parameters, { signal: later.signal, onProgress }),
    ).rejects.toMatchObject({ code: 'interrupted' });
    for (const options of [{ failureProbability: 0 }, { seed: -1 }, { powers: 0.5 }]) {
      await expect(spectrumOf(graph, parameters, options)).rejects.toMatchObject({
        code: 'bad-parameter',
      });
    }
    const reference = resolveParameters({ reading: 'reference-2026-07' }, graph);
    await expect(spectrumOf(graph, reference)).rejects.toThrow(/linear/);
  });
});
