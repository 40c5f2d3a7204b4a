// Golden fixed points of an independent implementation (float64, dense, direct), as graphs and options.

import { readFileSync } from 'node:fs';
import type { FocusOptions, Reading } from '../../src/focus/parameters.js';
import { buildGraph } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { graphOf, type LinkTuple } from '../graphs.js';

interface FocusRecord {
  readonly reading: Reading;
  readonly params: {
    t?: number;
    mu?: number;
    tau?: number;
    lam?: [number, number, number];
    unit?: number;
  };
  readonly links: LinkTuple[];
  readonly ids: string[];
  readonly phi: number[];
  readonly entropy: number;
  readonly syntropy: number;
}

interface ReferenceRecord {
  readonly nodes: number[];
  readonly edges: [number, number, number, number, number][];
  readonly karma: Record<string, number>;
  readonly will: Record<string, number>;
  readonly phi_star_f64: number[];
  readonly syntropy_f64: number;
}

/** A graph, the options of its reading, and what focus must be, in the graph's particle order. */
export interface GoldenCase {
  readonly name: string;
  readonly graph: Graph;
  readonly options: FocusOptions;
  readonly phi: Float64Array;
  readonly syntropy: number;
  /** Null where the golden has none. */
  readonly entropy: number | null;
}

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));

/** The cases of focus-1.json. */
export function fixedPoints(): GoldenCase[] {
  const records = load('focus-1').fixed_points as Record<string, FocusRecord>;
  return Object.entries(records).map(([name, { reading, params, links, ids, phi, ...rest }]) => {
    const graph = graphOf(links);
    const options = {
      reading,
      teleport: params.t,
      mu: params.mu,
      tau: params.tau,
      lambda: params.lam,
      unit: params.unit,
    };
    return { name, graph, options, phi: inOrder(graph, ids, phi), ...rest };
  });
}

/** The cases of reference-2026-07.json. */
export function referencePoints(): GoldenCase[] {
  const records = load('reference-2026-07').cases as Record<string, ReferenceRecord>;
  return Object.entries(records).map(([name, record]) => {
    const builder = createLinkBuilder();
    for (const [from, to, amount, neuron, price] of record.edges) {
      builder.add({
        from: builder.particleOf(String(from)),
        to: builder.particleOf(String(to)),
        amount,
        neuron: builder.neuronOf(String(neuron)),
        price,
      });
    }
    const graph = buildGraph(builder.finish(), {
      karma: new Map(Object.entries(record.karma)),
      will: new Map(Object.entries(record.will)),
    });
    return {
      name,
      graph,
      options: { reading: 'reference-2026-07' as const },
      phi: inOrder(graph, record.nodes.map(String), record.phi_star_f64),
      syntropy: record.syntropy_f64,
      entropy: null,
    };
  });
}

function inOrder(graph: Graph, ids: readonly string[], values: readonly number[]): Float64Array {
  const phi = new Float64Array(graph.particles);
  ids.forEach((id, i) => {
    phi[graph.ids.indexOf(id)] = values[i];
  });
  return phi;
}
