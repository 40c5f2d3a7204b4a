// A small epoch as a node of claims, and neurons with keys.

import { openCpu, openCpuExact } from '../../src/backend/cpu/cpu.js';
import { signingKey } from '../../src/base/did-key.js';
import type { Random } from '../../src/base/random.js';
import { openFullNode, type FullNode } from '../../src/claims/neighbourhood.js';
import type { RecomputeBase } from '../../src/claims/recompute.js';
import { focusExact, type ExactFocus } from '../../src/focus/exact/focus-exact.js';
import { openRoots } from '../../src/focus/header.js';
import type { FocusOptions } from '../../src/focus/parameters.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import type { SignalLink } from '../../src/graph/signal.js';

export const cpu = openCpu({ threads: 1 });
export const exact = openCpuExact({ threads: 1 });
export const key = (n: number) => signingKey(n.toString(16).padStart(64, '0'));

/** An epoch that was solved. */
export interface Scene {
  readonly linked: LinkedGraph;
  readonly focus: ExactFocus;
  readonly node: FullNode;
  readonly base: RecomputeBase;
}

/** A graph of neighbours, with hubs; about 1.6 axons a particle. */
export function randomLinks(random: Random, particles: number): LinkedGraph {
  const builder = createLinkBuilder(64);
  const names = Array.from({ length: particles }, (_, i) => builder.particleOf(`p${i}`));
  const add = (from: number, to: number): void => {
    if (from !== to)
      builder.add({ from: names[from], to: names[to], amount: 1 + random.below(500) });
  };
  for (let i = 1; i < particles; i++) {
    const other =
      random.below(3) === 0 ? random.below(Math.min(i, 4)) : Math.max(0, i - 1 - random.below(5));
    if (random.below(2) === 0) add(other, i);
    else add(i, other);
    if (random.below(5) < 3) add(i, random.below(i));
  }
  return linkGraph(builder.finish());
}

/** Solves a graph and opens a node on it. */
export async function sceneOf(linked: LinkedGraph, options: FocusOptions = {}): Promise<Scene> {
  const tolerance = 1e-10;
  const focus = await focusExact(linked.graph, { ...options, tolerance }, exact);
  const roots = openRoots(linked.graph, focus, { epoch: 0, previous: null });
  const { parameters, errorBound, exact: units } = focus;
  const node = openFullNode({
    header: roots.text,
    graph: linked.graph,
    units: units.units,
    parameters,
    errorBound: errorBound ?? 2,
  });
  const base = {
    linked,
    parametersOf: () => options,
    focus: { ...units, errorBound },
    tolerance,
    backend: exact,
  };
  return { linked, focus, node, base };
}

/** One to three links between particles of a graph and new ones. */
export function randomSignal(random: Random, { graph }: LinkedGraph): readonly SignalLink[] {
  const particle = (): string =>
    random.below(8) === 0 ? `new ${random.below(2)}` : graph.ids.at(random.below(graph.particles));
  const links: SignalLink[] = [];
  while (links.length < 1 + random.below(3)) {
    const [from, to] = [particle(), particle()];
    if (from !== to) links.push({ from, to, amount: 1 + random.below(2000) });
  }
  return links;
}

/** The ids that links name. */
export function idsOf(links: readonly SignalLink[]): readonly string[] {
  return [...new Set(links.flatMap(({ from, to }) => [from, to]))];
}
