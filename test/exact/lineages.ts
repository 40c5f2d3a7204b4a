// Random lineages for exact arithmetic: a graph with hubs, dangling particles, pairs of one link and
// weights from 1 to 2⁶³, and the same graph after a random delta. Made from a seed alone.

import { randomStream, type Random } from '../../src/base/random.js';
import { buildGraph } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { FocusOptions } from '../../src/focus/parameters.js';

export interface Lineage {
  readonly name: string;
  readonly before: Graph;
  readonly after: Graph;
  readonly options: FocusOptions;
}

type Link = [from: number, to: number, amount: number];

/** Draws a weight: small integers, a wide span of powers, fractions, or one for all. */
function weightDrawer(random: Random): () => number {
  const kind = random.below(5);
  const one = 1 + random.below(9);
  const span = random.below(2) === 0 ? 40 : 63;
  return () => {
    if (kind === 0) return one;
    if (kind === 1) return 1 + random.below(1000);
    if (kind === 2) return Math.floor(2 ** (span * random.double()));
    if (kind === 3) return random.double() + 1e-6;
    return random.below(3) === 0 ? 2 ** 63 : 1 + random.below(4);
  };
}

function drawLinks(random: Random, particles: number, weight: () => number): Link[] {
  const links: Link[] = [];
  const hub = random.below(particles);
  const count = particles + random.below(3 * particles);
  for (let k = 0; k < count; k++) {
    const kind = random.below(10);
    const from = random.below(particles);
    if (kind < 3) links.push([from, hub, weight()]);
    else if (kind < 4) links.push([hub, from, weight()]);
    else links.push([from, random.below(particles), weight()]);
  }
  // Pairs of one link, apart from the rest.
  for (let pair = random.below(3); pair > 0; pair--) {
    links.push([particles + 2 * pair, particles + 2 * pair + 1, weight()]);
  }
  const kept = links.filter(([from, to]) => from !== to);
  return kept.length > 0 ? kept : [[0, 1, weight()]];
}

/** Removes a link, changes one, adds some, one of them to a new particle. */
function change(
  random: Random,
  links: readonly Link[],
  particles: number,
  weight: () => number,
): Link[] {
  const changed = links.map((link): Link => [...link]);
  if (changed.length > 2) changed.splice(random.below(changed.length), 1);
  changed[random.below(changed.length)][2] = weight();
  changed.push([random.below(particles), 10_000 + random.below(3), weight()]);
  return changed;
}

function graphOf(links: readonly Link[]): Graph {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of links) {
    builder.addRow(builder.particleOf(`p${from}`), builder.particleOf(`p${to}`), amount);
  }
  return buildGraph(builder.finish());
}

function optionsOf(random: Random): FocusOptions {
  const kind = random.below(10);
  if (kind === 0) return { reading: 'pagerank', teleport: 0.05 + 0.9 * random.double() };
  if (kind === 1) return { teleport: 0.3, mu: 0.5, tau: 2, lambda: [0.4, 0.4, 0.2] };
  if (kind === 2)
    return { prior: 'uniform', tau: 0.1 + random.double(), mu: 3 * random.double() + 0.1 };
  if (kind === 3) return { lambda: [0.7, 0, 0.3] };
  return {};
}

/** The lineage of a seed. */
export function lineageOf(seed: number): Lineage {
  const random = randomStream(seed, 77);
  const particles = 2 + random.below(seed % 10 === 0 ? 60 : 16);
  const weight = weightDrawer(random);
  const links = drawLinks(random, particles, weight);
  const later = change(random, links, particles, weight);
  const before = graphOf(links);
  const options = optionsOf(random);
  // A combinatorial reading needs a unit near the largest stake, or its series is very long.
  const combinatorial = seed % 9 === 4;
  return {
    name: `seed ${seed}: ${before.particles} particles, ${before.report.axons} axons`,
    before,
    after: graphOf(later),
    options: combinatorial
      ? { reading: 'focus-1-combinatorial', unit: before.largestStake }
      : options,
  };
}
