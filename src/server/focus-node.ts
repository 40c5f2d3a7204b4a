// The focus of a file of links, computed once in exact arithmetic as the service starts, and questions about it:
// rank and focus of a particle, the particles of most focus, a neighbourhood with its proofs, and what links would
// move, with a proven bound (looking near them only: the bound says how far that was enough).

import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { neighbourhoodOf, openFullNode, type FullNode } from '../claims/neighbourhood.js';
import { exactDecimal } from '../focus/exact/decimal.js';
import { focusExact, type ExactFocus } from '../focus/exact/focus-exact.js';
import { openRoots } from '../focus/header.js';
import type { ShiftBase } from '../focus/local/base.js';
import { shiftsOf, type Shift } from '../focus/shifts.js';
import { readLinks } from '../formats/read.js';
import { linksOfGraph } from '../formats/write-links.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import { linkGraph, type LinkedGraph } from '../graph/linked.js';
import type { FocusRequest, FocusSource } from './focus-source.js';

/** Bits of a focus unit: 2⁻⁶¹. */
const UNIT_BITS = 61;
/** Axons of a neighbourhood, at most: each costs 40 µs and a kilobyte. */
const MOST_NEIGHBOURS = 20_000;
/** Arcs that an estimate follows, at most: about 0.1 s. */
const MOST_ARCS = 4_000_000;
/** Particles of an estimate that are told by name. */
const MOST_SHIFTS = 100;

/** What is known of a graph. */
interface Known {
  readonly linked: LinkedGraph;
  readonly exact: ExactFocus;
  readonly errorBound: number;
  readonly node: FullNode;
  /** Particles by falling focus, and the place of each in that order. */
  readonly order: Uint32Array;
  readonly places: Uint32Array;
}

/** Reads links and computes their focus. Seconds for millions of links. Throws what reading throws. */
export async function openFocusNode(path: string): Promise<FocusSource> {
  const known = await knowledgeOf(path);
  return {
    ask: (request) => answer(known, request),
    destroy: async () => undefined,
  };
}

async function knowledgeOf(path: string): Promise<Known> {
  const read = await readLinks(path);
  const linked = linkGraph(read.kind === 'links' ? read.links : linksOfGraph(read.graph));
  const { graph } = linked;
  const exact = await focusExact(graph);
  const { errorBound, parameters } = exact;
  check(errorBound !== null, 'invariant', () => 'focus-1 has a proven error');
  const { units } = exact.exact;
  const { text: header } = openRoots(graph, exact, { epoch: 0, previous: null });
  const node = openFullNode({ header, graph, units, parameters, errorBound });
  const order = Uint32Array.from(units.keys()).sort((a, b) =>
    units[a] === units[b] ? a - b : units[a] < units[b] ? 1 : -1,
  );
  const places = new Uint32Array(order.length);
  order.forEach((particle, place) => (places[particle] = place));
  return { linked, exact, errorBound, node, order, places };
}

async function answer(known: Known, request: FocusRequest): Promise<unknown> {
  switch (request.kind) {
    case 'graph':
      return graphOf(known);
    case 'particle': {
      const particle = known.linked.graph.ids.indexOf(request.id);
      return particle < 0 ? null : { ...rowOf(known, particle), ...proofOf(known) };
    }
    case 'top':
      return {
        ...graphOf(known),
        top: Array.from(known.order.subarray(0, request.count), (each) => rowOf(known, each)),
      };
    case 'neighbourhood':
      return neighbourhood(known, request);
    case 'estimate':
      return estimate(known, request);
  }
}

function graphOf(known: Known): object {
  const { graph } = known.linked;
  const { axons } = graph.report;
  return { particles: graph.particles, axons, ...proofOf(known) };
}

function proofOf({ exact, errorBound, node }: Known): object {
  return { error_bound: errorBound, digest: exact.exact.digest, header: node.header.hash };
}

function rowOf({ linked, exact, places }: Known, particle: number): object {
  const units = exact.exact.units[particle];
  return {
    id: linked.graph.ids.at(particle),
    rank: places[particle] + 1,
    focus: exact.phi.data[particle],
    focus_exact: exactDecimal(units, UNIT_BITS),
    units: String(units),
  };
}

async function neighbourhood(
  { linked: { graph }, node }: Known,
  { id, hops, mostAxons, stake }: Extract<FocusRequest, { readonly kind: 'neighbourhood' }>,
): Promise<unknown> {
  const particle = graph.ids.indexOf(id);
  if (particle < 0) return null;
  const axons = axonsWithin(node.base().graph, particle, hops, mostAxons);
  check(
    axons <= MOST_NEIGHBOURS,
    'too-large',
    () => `hops: expected a neighbourhood of at most ${MOST_NEIGHBOURS} axons, found more`,
    'ask for fewer hops, or a smaller most_axons',
  );
  const backend = openCpu({ threads: 1 });
  try {
    return await neighbourhoodOf(node, { particles: [id], hops, mostAxons, stake }, backend);
  } finally {
    backend.destroy();
  }
}

/** Axons at the particles within some hops, hubs left out as neighbourhoods do; stops above the most. */
function axonsWithin(
  graph: ShiftBase['graph'],
  particle: number,
  hops: number,
  mostAxons: number,
): number {
  const seen = new Set([particle]);
  let front = [particle];
  let axons = graph.touching[particle];
  for (let hop = 0; hop < hops && axons <= MOST_NEIGHBOURS; hop++) {
    const next: number[] = [];
    for (const i of front) {
      for (const { offsets, columns } of [graph.axons, graph.reverse]) {
        for (let k = offsets[i]; k < offsets[i + 1]; k++) {
          const j = columns[k];
          if (seen.has(j) || graph.touching[j] > mostAxons) continue;
          seen.add(j);
          next.push(j);
          axons += graph.touching[j];
          if (axons > MOST_NEIGHBOURS) return axons;
        }
      }
    }
    front = next;
  }
  return axons;
}

async function estimate(
  known: Known,
  { neuron, links }: Extract<FocusRequest, { readonly kind: 'estimate' }>,
): Promise<unknown> {
  const { linked, exact, errorBound } = known;
  const changes = axonChangesOf(linked, [{ neuron, links, remove: [], change: [] }]);
  const focus = { parameters: exact.parameters, phi: exact.phi.data, errorBound };
  const options = { mode: 'local', mostArcs: MOST_ARCS } as const;
  const backend = openCpu({ threads: 1 });
  try {
    const [shift] = await shiftsOf(linked.graph, focus, [changes], options, backend);
    return shiftJson(known, shift, changes.names);
  } finally {
    backend.destroy();
  }
}

function shiftJson({ linked: { graph } }: Known, shift: Shift, names: readonly string[]): object {
  const { particles, values, particlesBefore, norm, entropyPart, discoveryPart } = shift;
  const largest = [...particles.keys()]
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
    .slice(0, MOST_SHIFTS);
  const idAt = (i: number): string =>
    i < particlesBefore ? graph.ids.at(i) : names[i - particlesBefore];
  return {
    norm,
    entropy_part: entropyPart,
    discovery_part: discoveryPart,
    delta_j: entropyPart + discoveryPart,
    error_bound: shift.errorBound,
    entropy_bound: shift.entropyBound,
    converged: shift.converged,
    particles_reached: shift.reach,
    share_of_others: shift.share,
    shift: largest.map((k) => ({ id: idAt(particles[k]), delta: values[k] })),
  };
}
