// Why a particle has its focus: every part of φ_i = (Rφ)_i, by operator and by neighbour.
//   φ_i = teleport + dangling + Σ_operators (what stays + Σ_neighbours what arrives) + unexplained
// `unexplained` is what the solver left, ‖Rφ − φ‖ at one particle, and roundings.

import { compensatedSum } from '../sums.js';
import type { Flow, Flows } from './flows.js';

/** What arrives through one neighbour. */
export interface ArrivingFlow extends Flow {
  readonly particle: number;
  /** A(neighbour, particle): 0 where the link leads the other way only. */
  readonly weightIn: number;
  /** A(particle, neighbour): springs and heat come back along it. */
  readonly weightOut: number;
  readonly total: number;
}

/** All parts of the focus of one particle. */
export interface ParticleExplanation {
  readonly focus: number;
  /** 1 + the number of particles with more focus. */
  readonly rank: number;
  /** (Rφ)_i by operator, each weighted by its λ; teleport and dangling are part of diffusion. */
  readonly operators: Flow;
  readonly teleport: number;
  readonly dangling: number;
  /** What stays at the particle itself. */
  readonly stays: Pick<Flow, 'springs' | 'heat'>;
  /** The neighbours that give most, largest first. */
  readonly through: readonly ArrivingFlow[];
  /** All others together. */
  readonly rest: Flow & { readonly neighbours: number; readonly total: number };
  /** focus − the sum of all parts. */
  readonly unexplained: number;
}

/** Explains one particle; `top` neighbours are listed. O(n) for the rank, O(its axons). */
export function explainParticle(flows: Flows, particle: number, top: number): ParticleExplanation {
  const { phi } = flows;
  const arriving = arrivingAt(flows, particle);
  const through = arriving.slice(0, top);
  const rest = arriving.slice(top);
  const sumOf = (list: readonly ArrivingFlow[], key: keyof Flow | 'total'): number =>
    compensatedSum(list.length, (k) => list[k][key]);
  const teleport = flows.teleportTo(particle);
  const dangling = flows.danglingTo(particle);
  const stays = flows.stays(particle);
  const operators = {
    diffusion: teleport + dangling + sumOf(arriving, 'diffusion'),
    springs: stays.springs + sumOf(arriving, 'springs'),
    heat: stays.heat + sumOf(arriving, 'heat'),
  };
  const focus = phi[particle];
  return {
    focus,
    rank: phi.reduce((count, value) => count + Number(value > focus), 1),
    operators,
    teleport,
    dangling,
    stays,
    through,
    rest: {
      neighbours: rest.length,
      diffusion: sumOf(rest, 'diffusion'),
      springs: sumOf(rest, 'springs'),
      heat: sumOf(rest, 'heat'),
      total: sumOf(rest, 'total'),
    },
    unexplained: focus - (operators.diffusion + operators.springs + operators.heat),
  };
}

/** What arrives through each neighbour that gives something, largest first, ties by particle. */
function arrivingAt({ adjacency, reverse, ahead, back }: Flows, i: number): ArrivingFlow[] {
  const { axons } = adjacency;
  const weights = new Map<number, { weightIn: number; weightOut: number }>();
  const at = (j: number) => {
    let entry = weights.get(j);
    if (entry === undefined) weights.set(j, (entry = { weightIn: 0, weightOut: 0 }));
    return entry;
  };
  for (let k = reverse.offsets[i]; k < reverse.offsets[i + 1]; k++) {
    at(reverse.columns[k]).weightIn = reverse.weights[k];
  }
  for (let k = axons.offsets[i]; k < axons.offsets[i + 1]; k++) {
    at(axons.columns[k]).weightOut = axons.weights[k];
  }
  const found = [...weights].map(([j, { weightIn, weightOut }]) => {
    const along = weightIn > 0 ? ahead(j, weightIn) : { diffusion: 0, springs: 0, heat: 0 };
    const against = back(j, weightOut);
    const springs = along.springs + against.springs;
    const heat = along.heat + against.heat;
    const total = along.diffusion + springs + heat;
    return { particle: j, weightIn, weightOut, diffusion: along.diffusion, springs, heat, total };
  });
  // Without springs and heat, a link that leads away brings nothing back.
  const giving = found.filter(({ total }) => total > 0);
  return giving.sort((a, b) => b.total - a.total || a.particle - b.particle);
}
