// Karma: against a sum over raw links, with unsigned links apart, and as a partition of all values.

import { describe, expect, it } from 'vitest';
import { karmaOf } from '../../src/valuation/karma.js';
import { valueLinks } from '../../src/valuation/link-valuation.js';
import { denseYields, growingGraphs, PLAIN, rawLinks, solved } from './growth.js';

describe('karma', () => {
  it.each([1, 2, 3])('is the sum of what the links of a neuron earned, graph %i', async (seed) => {
    const views = await solved(growingGraphs(seed, 6));
    const valuation = await valueLinks(views, { ...PLAIN, curves: false });
    const found = karmaOf(valuation);
    const again = new Map<string, number>();
    for (const { key, value } of denseYields(views, () => 1, 'axon')) {
      const neuron = key.split(' ')[1];
      again.set(neuron, (again.get(neuron) ?? 0) + value);
    }
    expect(found.map(({ neuron }) => neuron ?? '-').sort()).toEqual([...again.keys()].sort());
    const last = rawLinks(views[views.length - 1].linked);
    for (const { neuron, karma, links, alive, errorBound } of found) {
      expect(karma).toBeCloseTo(again.get(neuron ?? '-') ?? NaN, 12);
      expect(alive).toBe(last.filter((link) => link.neuron === neuron).length);
      expect(links).toBeGreaterThanOrEqual(alive);
      expect(errorBound).toBeGreaterThan(0);
      expect(errorBound).toBeLessThan(1e-9);
    }
    expect(found.reduce((sum, { links }) => sum + links, 0)).toBe(valuation.count);
  });

  it('is proven where focus is, and off by no more than its bound', async () => {
    const graphs = growingGraphs(4, 4);
    const [rough, close] = [1e-3, 1e-14].map(async (tolerance) =>
      karmaOf(await valueLinks(await solved(graphs, undefined, tolerance), PLAIN)),
    );
    const best = await close;
    (await rough).forEach(({ karma, errorBound }, k) => {
      const bound = (errorBound ?? NaN) + (best[k].errorBound ?? NaN);
      expect(Math.abs(karma - best[k].karma)).toBeLessThanOrEqual(bound);
    });
    const views = (await solved(graphs)).map((view) => ({ ...view, errorBound: null }));
    for (const { errorBound } of karmaOf(await valueLinks(views, PLAIN))) {
      expect(errorBound).toBeNull();
    }
  });
});
