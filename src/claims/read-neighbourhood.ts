// What a neuron checks of the neighbourhood that it was sent, before it computes on it: every axon and
// every focus against the roots of the header, the particles that are said to be new, and shapes.
// What no root commits to is only checked to be possible; so is completeness: a node that leaves axons
// out, or tells wrong averages, makes a claim that recomputation refuses.

import { FocusError, check, shown } from '../base/errors.js';
import { recordOf, type Verdict } from '../base/merkle-proof.js';
import { adjacencyOf } from '../focus/adjacency.js';
import { focusHead, graphHead, readHeader, type SealedHeader } from '../focus/header.js';
import { twoWayGraph } from '../focus/local/changed-graph.js';
import type { LocalBase } from '../focus/local/base.js';
import { powerSeries } from '../focus/local/series.js';
import { ONE } from '../focus/exact/units.js';
import type { Parameters } from '../focus/parameters.js';
import { verifyAbsentParticle, verifyParticle } from '../focus/root.js';
import { createLinkBuilder } from '../graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../graph/linked.js';
import { verifyAxon } from '../graph/root.js';
import type { Neighbourhood } from './neighbourhood.js';

/** A neighbourhood that was checked, ready for looking near a change. */
export interface LocalGraph {
  readonly header: SealedHeader;
  /** The axons as links without a neuron; border particles have some of theirs. */
  readonly linked: LinkedGraph;
  readonly base: LocalBase;
  /** Σ φ ln φ over all particles of the header. */
  readonly logarithms: number;
  /** Whether all axons of a particle are there, by index. */
  readonly complete: readonly boolean[];
  /** Ids that are proven to be no particle of the header. */
  readonly absent: ReadonlySet<string>;
}

const FORMAT = 'focus-neighbourhood-1';
/** Covers the rounding of exact units to doubles. */
const MOST_FOCUS = 1 + 2 ** -40;

/**
 * Checks a neighbourhood against the header whose hash the neuron knows. O(axons · log). Throws
 * `mismatch` naming the first axon or particle that is not of that header, `bad-input` for shapes.
 */
export function readNeighbourhood(value: unknown, headerHash: string): LocalGraph {
  const record = recordOf(value);
  const isOne = record !== null && record['format'] === FORMAT;
  check(isOne, 'bad-input', () => `neighbourhood: expected the format ${FORMAT}`);
  for (const name of ['particles', 'axons', 'absent']) {
    const isList = Array.isArray(record?.[name]);
    check(isList, 'bad-input', () => `neighbourhood: ${name}: expected a list`);
  }
  const given = value as Neighbourhood;
  const header = readHeader(given.header);
  check(
    header.accepted,
    'mismatch',
    () => `neighbourhood: ${header.accepted ? '' : header.reason}`,
  );
  check(
    header.hash === headerHash,
    'mismatch',
    () => `neighbourhood: expected the header ${shown(headerHash)}, found ${header.hash}`,
    'ask for the neighbourhood of the epoch that the claim is on',
  );
  checkProofs(given, header);
  const linked = linkedOf(given);
  const { told } = given;
  checkTold(told);
  const { ids } = linked.graph;
  const phi = new Float64Array(ids.count);
  const complete: boolean[] = Array.from(phi, () => false);
  for (const particle of given.particles) {
    const i = placeOf(ids, particle.id);
    phi[i] = Number(particle.units) / Number(ONE);
    complete[i] = particle.complete;
  }
  const parameters = parametersOf(header);
  const adjacency = adjacencyOf(linked.graph.axons);
  const whole = twoWayGraph(adjacency);
  const touching = Float64Array.from(whole.touching, (axons, i) =>
    complete[i] ? axons : Infinity,
  );
  const base: LocalBase = {
    graph: { ...whole, touching },
    adjacency,
    parameters,
    phi,
    errorBound: told.errorBound,
    injection: told.injection,
    series: powerSeries(parameters),
    columns: new Map(told.touched.map((id, column) => [placeOf(ids, id), column])),
    powers: told.powers.map((values) => Float64Array.from(values)),
    powerError: told.powerError,
    density: told.density,
  };
  const absent = new Set(given.absent.map(({ id }) => id));
  return { header, linked, base, logarithms: told.logarithms, complete, absent };
}

function checkProofs({ particles, axons, absent }: Neighbourhood, { header }: SealedHeader): void {
  const refuse = (what: string, verdict: Verdict): void => {
    if (verdict.accepted) return;
    throw new FocusError(
      'mismatch',
      `neighbourhood: ${what}: ${verdict.reason}`,
      'ask another node',
    );
  };
  axons.forEach((proof, k) => {
    refuse(`axons[${k}]`, verifyAxon(graphHead(header), recordOf(proof)?.['axon'], proof));
  });
  particles.forEach((each, k) => {
    const particle = recordOf(each) ?? {};
    const leaf = { id: particle['id'], units: particle['units'] };
    refuse(`particles[${k}]`, verifyParticle(focusHead(header), leaf, particle['proof']));
    const isFlag = typeof particle['complete'] === 'boolean';
    check(isFlag, 'bad-input', () => `neighbourhood: particles[${k}].complete: expected a flag`);
  });
  absent.forEach((each, k) => {
    const { id, proof } = (recordOf(each) ?? {}) as { id: string; proof: unknown };
    refuse(`absent[${k}]`, verifyAbsentParticle(focusHead(header), id, proof));
  });
}

/** The axons as a graph of its own. */
function linkedOf({ particles, axons }: Neighbourhood): LinkedGraph {
  const builder = createLinkBuilder(axons.length);
  particles.forEach(({ id }, i) => {
    const isNew = builder.particleOf(id) === i;
    check(isNew, 'bad-input', () => `neighbourhood: particles[${i}]: ${shown(id)} is there twice`);
  });
  const named = new Set<number>();
  const places = new Set<number>();
  axons.forEach(({ axon: { from, to, weight } }, k) => {
    const [p, q] = [builder.particleOf(from), builder.particleOf(to)];
    const isListed = p < particles.length && q < particles.length;
    check(
      isListed && (particles[p].complete || particles[q].complete),
      'bad-input',
      () => `neighbourhood: axons[${k}]: expected an axon at a complete particle that is listed`,
    );
    // The same axon again would count twice.
    const place = p * particles.length + q;
    check(
      !places.has(place),
      'bad-input',
      () => `neighbourhood: axons[${k}]: ${shown(from)} → ${shown(to)} is there twice`,
    );
    places.add(place);
    named.add(p).add(q);
    builder.add({ from: p, to: q, amount: weight });
  });
  const alone = particles.findIndex((_, i) => !named.has(i));
  check(
    alone < 0,
    'bad-input',
    () => `neighbourhood: particles[${alone}]: expected an axon of it, found none`,
  );
  return linkGraph(builder.finish());
}

function checkTold(told: Neighbourhood['told']): void {
  const expect = (ok: boolean, what: string): void =>
    check(ok, 'bad-input', () => `neighbourhood: told.${what}`);
  const isNumber = (value: unknown, least: number, most: number): boolean =>
    typeof value === 'number' && value >= least && value <= most;
  expect(recordOf(told) !== null, 'injection: expected an object around it');
  const { injection, density, logarithms, errorBound, touched, powers, powerError } = told;
  expect(isNumber(injection, 0, Number.MAX_VALUE), 'injection: expected a finite number ≥ 0');
  expect(isNumber(density, 0, Number.MAX_VALUE), 'density: expected a finite number ≥ 0');
  expect(isNumber(logarithms, -Number.MAX_VALUE, 0), 'logarithms: expected a finite number ≤ 0');
  expect(isNumber(errorBound, 0, 2), 'errorBound: expected a number in [0, 2]');
  expect(isNumber(powerError, 0, 1), 'powerError: expected a number in [0, 1]');
  expect(Array.isArray(touched) && Array.isArray(powers), 'powers: expected a list of lists');
  expect(powers.length > 0, 'powers: expected at least one power');
  for (const [k, values] of powers.entries()) {
    const isRow = Array.isArray(values) && values.length === touched.length;
    expect(isRow, `powers[${k}]: expected ${touched.length} numbers`);
    expect(
      values.every((value) => isNumber(value, 0, MOST_FOCUS)),
      `powers[${k}]: expected focus in [0, 1]`,
    );
  }
}

function placeOf(ids: LinkedGraph['graph']['ids'], id: string): number {
  const place = ids.indexOf(id);
  check(place >= 0, 'bad-input', () => `neighbourhood: told.touched: ${shown(id)} is not listed`);
  return place;
}

/** The parameters that a header states, for a reading that has a local form. */
function parametersOf({ header: { focus } }: SealedHeader): Parameters {
  const { reading, teleport, mu, tau, lambda, unit, prior } = focus;
  check(
    (reading === 'focus-1' || reading === 'pagerank') &&
      (prior === 'degree' || prior === 'uniform'),
    'bad-parameter',
    () => `neighbourhood: expected focus-1 or pagerank with the degree or the uniform prior`,
    'claim on a recomputation of the whole graph instead',
  );
  // What is null has no weight in the blend.
  return { reading, teleport, mu: mu ?? 1, tau: tau ?? 1, lambda, unit, prior };
}
