// Graphs of literal links for the tests of this folder.

import { buildGraph } from '../../src/graph/build.js';
import type { BuildOptions } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Links } from '../../src/graph/links.js';

/** A link by its ids; what is left out is absent. */
export interface Row {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly neuron?: string;
  readonly karma?: number;
  readonly price?: number;
  readonly will?: number;
  readonly time?: number;
}

/** Rows as links. */
export function linksOf(rows: readonly Row[]): Links {
  const builder = createLinkBuilder();
  for (const { from, to, neuron, ...numbers } of rows) {
    const ends = { from: builder.particleOf(from), to: builder.particleOf(to) };
    builder.add({
      ...numbers,
      ...ends,
      neuron: neuron === undefined ? -1 : builder.neuronOf(neuron),
    });
  }
  return builder.finish();
}

/** The graph of rows. */
export function build(rows: readonly Row[], options?: BuildOptions): Graph {
  return buildGraph(linksOf(rows), options);
}

/** Axons by name, in the graph's order. */
export function axonsOf(graph: Graph): [string, string, number][] {
  const { offsets, columns, weights } = graph.axons;
  const list: [string, string, number][] = [];
  for (let p = 0; p < graph.particles; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      list.push([graph.ids.at(p), graph.ids.at(columns[k]), weights[k]]);
    }
  }
  return list;
}
