// What a neuron asks of a full node to compute a shift by itself: the header of the epoch, the axons
// around the particles that its signal touches, and the focus of all particles that these name, each
// with its audit path. A particle is *complete* where all of its axons are there, so that its degree
// is known; the others are the border. With them comes what no root commits to: the averages (M^k φ)_i
// at the particles touched, and three sums over all particles.

import type { Backend } from '../backend/backend.js';
import { check, shown } from '../base/errors.js';
import type { InclusionProof } from '../base/merkle-proof.js';
import { openOperator } from '../focus/operator.js';
import { openLocalBase, shiftBaseOf, type ShiftBase } from '../focus/local/base.js';
import { shiftSums } from '../focus/local/shift.js';
import { ONE } from '../focus/exact/units.js';
import { openFocusRoot, type AbsentParticleProof, type FocusRoot } from '../focus/root.js';
import { readHeader, type SealedHeader } from '../focus/header.js';
import type { Parameters } from '../focus/parameters.js';
import type { Graph } from '../graph/graph.js';
import { openGraphRoot, type AxonProof, type GraphRoot } from '../graph/root.js';

/** What is asked for. */
export interface NeighbourhoodRequest {
  /** Ids that the signal touches; those that the graph lacks are proven absent. */
  readonly particles: readonly string[];
  /** Steps along axons, either way, within which particles are complete: 0 and more. */
  readonly hops: number;
  /** Particles with more axons than this are on the border, unless they were asked for. */
  readonly mostAxons: number;
  /** Stake that the signal moves, at most: how far the averages must go. Finite, > 0. */
  readonly stake: number;
}

/** A particle of a neighbourhood. */
export interface NeighbourParticle {
  readonly id: string;
  /** Focus in units of 2⁻⁶¹. */
  readonly units: string;
  readonly complete: boolean;
  readonly proof: InclusionProof;
}

/** The answer of a full node. Plain data: JSON carries it. */
export interface Neighbourhood {
  readonly format: 'focus-neighbourhood-1';
  /** The header's text. */
  readonly header: string;
  readonly particles: readonly NeighbourParticle[];
  readonly axons: readonly AxonProof[];
  readonly absent: readonly { readonly id: string; readonly proof: AbsentParticleProof }[];
  /** What no root commits to: a wrong number makes a claim that fails. */
  readonly told: {
    /** What one unit of the prior's weight injects. */
    readonly injection: number;
    /** Largest φ_i/d_i. */
    readonly density: number;
    /** Σ φ ln φ. */
    readonly logarithms: number;
    /** Proven L1 error of φ. */
    readonly errorBound: number;
    /** Ids of the columns of `powers`, (M^k φ)_i at [k][column], and their relative error. */
    readonly touched: readonly string[];
    readonly powers: readonly (readonly number[])[];
    readonly powerError: number;
  };
}

/** A node that holds an epoch as a whole. */
export interface FullNode {
  readonly header: SealedHeader;
  readonly graph: Graph;
  readonly units: BigInt64Array;
  readonly parameters: Parameters;
  readonly errorBound: number;
  readonly graphRoot: GraphRoot;
  readonly focusRoot: FocusRoot;
  /** In doubles, for shifts; made when it is first asked for. */
  readonly base: () => ShiftBase;
}

/** An exact focus with the header that was made of it. */
export interface FullNodeState {
  readonly header: string;
  readonly graph: Graph;
  readonly units: BigInt64Array;
  readonly parameters: Parameters;
  readonly errorBound: number;
}

/** L1 that the averages beyond the last may cost, of a tolerance no better than doubles hold. */
const TOLERANCE = 1e-9;
/** Rounding exact units to doubles moves each by at most half a unit in 2⁵³ of itself. */
const ROUNDED = 2 ** -53;

/**
 * Prepares a node. Hashes graph and focus anew, about 1 µs an axon and a particle. Throws `mismatch`
 * where they are not what the header says.
 */
export function openFullNode(state: FullNodeState): FullNode {
  const reading = readHeader(state.header);
  check(reading.accepted, 'mismatch', () => (reading.accepted ? '' : reading.reason));
  const { header } = reading;
  const graphRoot = openGraphRoot(state.graph);
  const focusRoot = openFocusRoot(state.graph.ids, state.units);
  const isOf = header.graphRoot === graphRoot.head.root && header.focusRoot === focusRoot.head.root;
  check(isOf, 'mismatch', () => `header ${reading.hash}: of another graph or focus than given`);
  let base: ShiftBase | undefined;
  return {
    ...state,
    header: reading,
    graphRoot,
    focusRoot,
    base: () => {
      const phi = Float64Array.from(state.units, (units) => Number(units) / Number(ONE));
      const errorBound = state.errorBound + ROUNDED;
      base ??= shiftBaseOf(state.graph, { parameters: state.parameters, phi, errorBound });
      return base;
    },
  };
}

/**
 * Answers a request: the particles within `hops` and their axons. Costs ten to sixty products with W,
 * and a proof for each axon and particle, 40 µs each and about a kilobyte. Throws `bad-parameter`
 * for a request out of range or a reading without a local form.
 */
export async function neighbourhoodOf(
  node: FullNode,
  request: NeighbourhoodRequest,
  backend: Backend,
): Promise<Neighbourhood> {
  checkRequest(request);
  const { graph } = node;
  const base = node.base();
  const known = new Set<number>();
  const missing = new Set<string>();
  for (const id of request.particles) {
    const index = graph.ids.indexOf(id);
    if (index < 0) missing.add(id);
    else known.add(index);
  }
  const complete = completeWithin(base, known, request);
  const { pairs, all } = axonsAt(base, complete);
  const named = all.map((i) => graph.ids.at(i));
  const proofs = node.focusRoot.prove(named);
  const touched = [...known].sort((a, b) => a - b);
  const averages = await averagesAt(base, touched, request.stake, backend);
  const id = (i: number): string => graph.ids.at(i);
  return {
    format: 'focus-neighbourhood-1',
    header: node.header.text,
    particles: all.map((i, k) => ({
      id: named[k],
      units: String(node.units[i]),
      complete: complete.has(i),
      proof: { index: proofs[k].index, path: proofs[k].path },
    })),
    axons: node.graphRoot.prove(pairs.map(([from, to]) => ({ from: id(from), to: id(to) }))),
    absent: [...missing].sort().map((each) => ({
      id: each,
      proof: node.focusRoot.proveAbsent(each),
    })),
    told: {
      injection: base.injection,
      logarithms: shiftSums(base).logarithms,
      errorBound: base.errorBound,
      touched: touched.map(id),
      ...averages,
    },
  };
}

function checkRequest({ particles, hops, mostAxons, stake }: NeighbourhoodRequest): void {
  const expect = (ok: boolean, what: string, found: unknown): void =>
    check(ok, 'bad-parameter', () => `neighbourhood: expected ${what}, found ${String(found)}`);
  expect(particles.length > 0, 'the ids of particles', 'none');
  expect(Number.isInteger(hops) && hops >= 0, 'an integer ≥ 0 of hops', hops);
  expect(Number.isInteger(mostAxons) && mostAxons >= 0, 'an integer ≥ 0 of axons', mostAxons);
  expect(stake > 0 && stake < Infinity, 'a finite stake > 0', stake);
  const twice = particles.find((id, i) => particles.indexOf(id) !== i);
  check(
    twice === undefined,
    'bad-parameter',
    () => `neighbourhood: expected each particle once, found ${shown(String(twice))} again`,
  );
}

/** Particles within some hops, hubs left out. */
function completeWithin(
  { graph }: ShiftBase,
  asked: ReadonlySet<number>,
  { hops, mostAxons }: NeighbourhoodRequest,
): ReadonlySet<number> {
  const complete = new Set(asked);
  let front = [...asked];
  for (let hop = 0; hop < hops; hop++) {
    const next: number[] = [];
    for (const i of front) {
      for (const { offsets, columns } of [graph.axons, graph.reverse]) {
        for (let k = offsets[i]; k < offsets[i + 1]; k++) {
          const j = columns[k];
          if (complete.has(j) || graph.touching[j] > mostAxons) continue;
          complete.add(j);
          next.push(j);
        }
      }
    }
    front = next;
  }
  return complete;
}

/** The axons at complete particles by (from, to), and all particles that they name. */
function axonsAt(
  { graph: { axons, reverse } }: ShiftBase,
  complete: ReadonlySet<number>,
): { readonly pairs: readonly (readonly [number, number])[]; readonly all: readonly number[] } {
  const all = new Set(complete);
  const pairs: [number, number][] = [];
  for (const i of complete) {
    for (let k = axons.offsets[i]; k < axons.offsets[i + 1]; k++) pairs.push([i, axons.columns[k]]);
    for (let k = reverse.offsets[i]; k < reverse.offsets[i + 1]; k++) {
      const j = reverse.columns[k];
      if (!complete.has(j)) pairs.push([j, i]);
    }
  }
  for (const pair of pairs) for (const i of pair) all.add(i);
  pairs.sort(([a, b], [c, d]) => a - c || b - d);
  return { pairs, all: [...all].sort((a, b) => a - b) };
}

async function averagesAt(
  base: ShiftBase,
  particles: readonly number[],
  stake: number,
  backend: Backend,
): Promise<Pick<Neighbourhood['told'], 'powers' | 'powerError' | 'density'>> {
  const workspace = await backend.open(base.adjacency.axons, 'both');
  try {
    const operator = openOperator(workspace, base.adjacency, base.parameters, 1);
    // Only what is touched, and how much is moved, is looked at.
    const axons = particles.map((i) => ({ from: i, to: i, before: 0, after: stake }));
    const { powers, powerError, density } = await openLocalBase(
      base,
      operator,
      [{ added: 0, axons }],
      TOLERANCE,
    );
    return { powers: powers.map((values) => [...values]), powerError, density };
  } finally {
    workspace.destroy();
  }
}
