// Graphs for tests: from literal links, and at random with hubs, dangling particles and several
// components.

import { randomStream } from '../src/base/random.js';
import { buildGraph, type BuildOptions } from '../src/graph/build.js';
import type { Graph } from '../src/graph/graph.js';
import { createLinkBuilder } from '../src/graph/link-builder.js';

export type LinkTuple = readonly [from: string, to: string, amount: number];

/** A graph of literal links. */
export function graphOf(links: readonly LinkTuple[], options: BuildOptions = {}): Graph {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of links) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  }
  return buildGraph(builder.finish(), options);
}

/** Random links: a third to a hub, some components apart, weights over six orders of magnitude. */
export function randomLinks(seed: number, particles: number, links: number): LinkTuple[] {
  const random = randomStream(seed);
  const result: LinkTuple[] = [];
  for (let i = 0; i < links; i++) {
    const kind = random.below(10);
    const from = random.below(particles);
    const to = kind < 3 ? 0 : kind < 5 ? (from ^ 1) % particles : random.below(particles);
    const amount = 10 ** random.below(6) * (1 + random.below(9));
    if (from !== to) result.push([`p${from}`, `p${to}`, amount]);
  }
  if (result.length === 0) result.push(['p0', 'p1', 1]);
  return result;
}

/** ‖a − b‖₁. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum;
}
