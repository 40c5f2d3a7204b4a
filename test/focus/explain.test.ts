// The parts of an explanation against the dense operators, and the accounts that they must close.

import { afterAll, describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { openFlows } from '../../src/focus/explain/flows.js';
import { explainLink } from '../../src/focus/explain/link.js';
import { explainNeuron } from '../../src/focus/explain/neuron.js';
import { explainParticle } from '../../src/focus/explain/particle.js';
import { focus, type SolverOptions } from '../../src/focus/focus.js';
import { linkGraph } from '../../src/graph/linked.js';
import { NO_NEURON } from '../../src/graph/links.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { DENSE_DEFAULTS, denseOperator } from '../dense.js';
import { graphOf, randomLinks } from '../graphs.js';
import { denseById, denseShift } from '../rewards/dense-shift.js';

const backend = openCpu({ threads: 1 });
afterAll(() => backend.destroy());

function linked(seed: number) {
  const builder = createLinkBuilder();
  for (const [k, [from, to, amount]] of randomLinks(seed, 15, 45).entries()) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
    if (k % 4 > 0) builder.setNeuron(builder.neuronOf(`n${k % 3}`));
    builder.setPrice(k % 5 === 0 ? 0.5 : 1);
  }
  // Dropped: a self-loop and a link without weight.
  builder.addRow(builder.particleOf('p1'), builder.particleOf('p1'), 5);
  builder.setNeuron(builder.neuronOf('n1'));
  builder.addRow(builder.particleOf('p1'), builder.particleOf('p2'), 0);
  builder.setNeuron(builder.neuronOf('n1'));
  return linkGraph(builder.finish());
}

async function flowsOf(seed: number, options: SolverOptions = {}) {
  const base = linked(seed);
  const result = await focus(base.graph, { tolerance: 1e-13, ...options }, backend);
  const flows = await openFlows(base.graph, result.parameters, result.phi.data, backend);
  return { base, result, flows };
}

const OPTIONS: SolverOptions[] = [
  {},
  { mu: 0.1, tau: 3, lambda: [0.3, 0.5, 0.2], prior: 'uniform' },
  { reading: 'pagerank' },
];

describe('the parts of a particle', () => {
  it.each(OPTIONS)('sum to its focus, operator by operator: %j', async (options) => {
    for (let seed = 1; seed <= 3; seed++) {
      const { base, result, flows } = await flowsOf(seed, options);
      const { lambda, teleport, mu, tau, prior } = result.parameters;
      const phi = result.phi.data;
      const n = base.graph.particles;
      const operators = (['diffusion', 'springs', 'heat'] as const).map((_, k) =>
        denseOperator(base.graph, {
          ...DENSE_DEFAULTS,
          teleport,
          mu,
          tau,
          lambda: [0, 1, 2].map((j) => (j === k ? lambda[k] : 0)) as [number, number, number],
        }).map((row) => row.reduce((sum, x, j) => sum + x * phi[j], 0)),
      );
      for (let i = 0; i < n; i++) {
        const found = explainParticle(flows, i, 3);
        const { teleport: jump, dangling, stays, through, rest } = found;
        const parts = [
          jump,
          dangling,
          stays.springs,
          stays.heat,
          ...through.map(({ total }) => total),
          rest.total,
        ];
        for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
        expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - phi[i])).toBeLessThan(1e-12);
        expect(Math.abs(found.unexplained)).toBeLessThan(1e-12);
        expect(found.operators.springs).toBeCloseTo(operators[1][i], 13);
        expect(found.operators.heat).toBeCloseTo(operators[2][i], 13);
        // The dense diffusion has the degree prior.
        if (prior === 'degree') expect(found.operators.diffusion).toBeCloseTo(operators[0][i], 13);
        expect(through.length + rest.neighbours).toBe(explainParticle(flows, i, 99).through.length);
      }
      const ranks = Array.from({ length: n }, (_, i) => explainParticle(flows, i, 0).rank);
      const order = Array.from(phi.keys()).sort((a, b) => phi[b] - phi[a]);
      expect(ranks[order[0]]).toBe(1);
      expect(ranks[order[n - 1]]).toBe(n);
    }
  });

  it('are refused for the combinatorial Laplacian', async () => {
    const { graph } = linked(1);
    const { parameters, phi } = await focus(
      graph,
      { reading: 'focus-1-combinatorial', unit: 10 },
      backend,
    );
    await expect(openFlows(graph, parameters, phi.data, backend)).rejects.toThrow(
      /expected the reading focus-1 or pagerank, found focus-1-combinatorial/,
    );
  });
});

describe('the accounts of neurons', () => {
  it('close: what all carry, the prior and what stays make one', async () => {
    for (const options of OPTIONS) {
      const { base, flows } = await flowsOf(4, options);
      const { graph, links } = base;
      let sum = 0;
      for (let i = 0; i < graph.particles; i++) {
        const { springs, heat } = flows.stays(i);
        sum += flows.teleportTo(i) + flows.danglingTo(i) + springs + heat;
      }
      let counted = 0;
      for (const neuron of [
        NO_NEURON,
        ...Array.from({ length: links.neurons?.count ?? 0 }).keys(),
      ]) {
        const found = explainNeuron(base, flows, neuron);
        sum += found.ahead.total + found.back.total;
        counted += found.counted;
        const byTarget = found.targets.reduce((total, target) => total + target.total, 0);
        expect(byTarget).toBeCloseTo(found.ahead.total, 14);
        expect(found.weight).toBeLessThan(found.totalWeight);
      }
      expect(counted).toBe(links.count - 2);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-11);
    }
  });

  it('share an axon by the weights of its links, price included', async () => {
    const builder = createLinkBuilder();
    const row = (from: string, to: string, amount: number, neuron: string, price: number): void => {
      builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
      builder.setNeuron(builder.neuronOf(neuron));
      builder.setPrice(price);
    };
    row('a', 'b', 6, 'x', 0.5);
    row('a', 'b', 1, 'y', 1);
    row('b', 'c', 1, 'z', 1);
    const base = linkGraph(builder.finish());
    const { parameters, phi } = await focus(base.graph, { tolerance: 1e-12 }, backend);
    const flows = await openFlows(base.graph, parameters, phi.data, backend);
    const [x, y] = [0, 1].map((neuron) => explainNeuron(base, flows, neuron));
    expect(x.ahead.total / y.ahead.total).toBeCloseTo(3, 12);
    expect(x.targets[0].particle).toBe(base.graph.ids.indexOf('b'));
  });
});

describe('a link', () => {
  it('bends values as differences of dense solves say, and its removal is their shift', async () => {
    const rows = randomLinks(8, 12, 40);
    const graph = graphOf(rows);
    const result = await focus(graph, { tolerance: 1e-13 }, backend);
    const flows = await openFlows(graph, result.parameters, result.phi.data, backend);
    const { offsets, columns, weights } = graph.axons;
    const syntropy = (focusOf: ReadonlyMap<string, number>): number =>
      [...focusOf.values()].reduce((sum, p) => sum + p * Math.log(p), Math.log(focusOf.size));
    for (const from of [0, 3]) {
      const k = offsets[from];
      const [to, weight] = [columns[k], weights[k]];
      const found = await explainLink(graph, result, flows, from, to, {}, backend);
      const at = (after: number) =>
        denseShift(graph, { added: 0, axons: [{ from, to, before: weight, after }] });
      const step = weight * 1e-4;
      const [up, down] = [at(weight + step), at(weight - step)];
      const target = graph.ids.at(to);
      const slope = (syntropy(up.after) - syntropy(down.after)) / (2 * step);
      const rise = ((up.after.get(target) ?? 0) - (down.after.get(target) ?? 0)) / (2 * step);
      expect(found.slopes.syntropy.perStake * weight).toBeCloseTo(slope * weight, 6);
      expect(found.slopes.targetFocus.perStake * weight).toBeCloseTo(rise * weight, 6);
      expect(found.slopes.targetFocus.timesWeight).toBe(found.slopes.targetFocus.perStake * weight);
      const without = at(0);
      expect(found.removal?.norm).toBeCloseTo(without.norm, 9);
      expect(found.removal?.entropyPart).toBeCloseTo(without.entropyPart, 8);
      const focusOfTarget = denseById(graph).get(target) ?? 0;
      expect(found.shareOfTarget).toBeCloseTo(found.ahead.total / focusOfTarget, 10);
    }
    await expect(explainLink(graph, result, flows, 0, 0, {}, backend)).rejects.toThrow(
      /expected a link "p\d+" → "p\d+", found none/,
    );
  });

  it('that is the only one has no removal', async () => {
    const graph = graphOf([['a', 'b', 2]]);
    const result = await focus(graph, {}, backend);
    const flows = await openFlows(graph, result.parameters, result.phi.data, backend);
    const found = await explainLink(graph, result, flows, 0, 1, {}, backend);
    expect(found.removal).toBeNull();
  });
});
