// Surrogate games of this engine: the coarse graph against whole solves where it leaves nothing out,
// and the adjoint's parts.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { adjointSurrogate, componentsOf } from '../../src/attribution/controls/adjoint.js';
import { coarseSurrogate } from '../../src/attribution/controls/coarse.js';
import { adjointOf } from '../../src/focus/adjoint/adjoint.js';
import { focus } from '../../src/focus/focus.js';
import { entropiesOf } from '../../src/focus/measures.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { applyDelta } from '../../src/graph/delta.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import type { Signal } from '../../src/graph/signal.js';
import { randomLinks, type LinkTuple } from '../graphs.js';

const backend = openCpu({ threads: 1 });
const tolerance = 1e-12;

function linked(links: readonly LinkTuple[]): LinkedGraph {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of links)
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  return linkGraph(builder.finish());
}

function signal(...links: LinkTuple[]): Signal {
  const made = links.map(([from, to, amount]) => ({ from, to, amount }));
  return { neuron: null, links: made, remove: [], change: [] };
}

/** A near part that signals touch, and a far one with hubs and dangling particles. */
const near: LinkTuple[] = [
  ['a', 'b', 3],
  ['b', 'c', 2],
  ['c', 'a', 1],
  ['c', 'd', 4],
  ['d', 'e', 1],
];
const far = randomLinks(5, 60, 150).map(([from, to, amount]): LinkTuple => [
  from,
  to,
  Math.sqrt(amount) / 30,
]);
const signals = [
  signal(['a', 'd', 3], ['b', 'x', 2]),
  signal(['x', 'c', 1], ['d', 'a', 2]),
  signal(['e', 'a', 4]),
];

/** Syntropy's entropy part and the norm, by two whole solves. */
async function whole(base: LinkedGraph, chosen: readonly Signal[]): Promise<[number, number]> {
  const [before, after] = [base, applyDelta(base, chosen).after];
  const [first, second] = [
    await focus(before.graph, { tolerance }, backend),
    await focus(after.graph, { tolerance }, backend),
  ];
  let norm = 0;
  for (let i = 0; i < after.graph.particles; i++) {
    const place = before.graph.ids.indexOf(after.graph.ids.at(i));
    norm += Math.abs(second.phi.data[i] - (place < 0 ? 0 : first.phi.data[place]));
  }
  const entropy = (phi: Float64Array): number => entropiesOf(phi).entropy;
  return [entropy(first.phi.data) - entropy(second.phi.data), norm];
}

const coalitions = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

describe('the coarse graph', () => {
  const cases: [string, LinkTuple[], number][] = [
    ['whose lumps no kept particle is linked with', [...near, ...far], 0],
    ['that keeps every particle', [...near, ['a', 'f', 2], ['g', 'e', 1], ['f', 'g', 1]], 10],
  ];
  it.each(cases)('%s answers as the whole graph does', async (_, links, neighbours) => {
    const base = linked(links);
    const solved = await focus(base.graph, { tolerance }, backend);
    const changes = signals.map((each) => axonChangesOf(base, [each]));
    const [syntropy, norm, directed] = (['syntropy', 'delta-norm', 'directed'] as const).map(
      (value) => coarseSurrogate(base.graph, solved, changes, value, { neighbours }),
    );
    if (neighbours === 0) expect(syntropy.nodes).toBe(5 + 2 + 1);
    for (const members of coalitions) {
      const [gain, moved] = await whole(
        base,
        members.map((player) => signals[player]),
      );
      // The series of springs and heat is cut at 10⁻³, steps at 10⁻⁴ of the first.
      expect(Math.abs(syntropy.value(members) - gain)).toBeLessThan(0.02 * moved);
      expect(Math.abs(norm.value(members) - moved)).toBeLessThan(0.01 * moved);
      expect(directed.value(members)).toBe(Math.max(0, syntropy.value(members)));
    }
    expect(syntropy.value([])).toBe(0);
  });

  it('answers alike whatever it was asked before', async () => {
    const base = linked([...near, ...far]);
    const solved = await focus(base.graph, { tolerance }, backend);
    const changes = signals.map((each) => axonChangesOf(base, [each]));
    const make = () => coarseSurrogate(base.graph, solved, changes, 'syntropy');
    const [one, other] = [make(), make()];
    const forwards = coalitions.map((members) => one.value(members));
    const backwards = [...coalitions].reverse().map((members) => other.value(members));
    expect(backwards.reverse()).toEqual(forwards);
  });

  it('refuses readings and values that it does not know', async () => {
    const base = linked(near);
    const solved = await focus(base.graph, { reading: 'focus-1-combinatorial', unit: 1 }, backend);
    expect(() => coarseSurrogate(base.graph, solved, [], 'syntropy')).toThrow(
      /focus-1 or pagerank/,
    );
    const known = await focus(base.graph, {}, backend);
    const other = 'spectral-gap' as 'syntropy';
    expect(() => coarseSurrogate(base.graph, known, [], other)).toThrow(/expected syntropy/);
  });
});

describe('the adjoint as a surrogate', () => {
  it('finds the players that meet in particles', () => {
    expect(componentsOf([[1, 2], [3], [2, 4], [5], [4], [3, 5]])).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
  });

  it('is the first-order value of light links, jointly', async () => {
    const base = linked([...near, ...far]);
    const solved = await focus(base.graph, { tolerance }, backend);
    const light = [signal(['a', 'd', 1e-4]), signal(['d', 'b', 2e-4], ['a', 'c', 1e-4])];
    const changes = light.map((each) => axonChangesOf(base, [each]));
    const adjoint = await adjointOf(base.graph, solved, 'syntropy', {}, backend);
    const surrogate = adjointSurrogate(adjoint, base.graph.particles, changes);
    for (const members of [[0], [1], [0, 1]]) {
      const [gain] = await whole(
        base,
        members.map((player) => light[player]),
      );
      expect(surrogate.value(members) / gain).toBeCloseTo(1, 2);
    }
  });
});
