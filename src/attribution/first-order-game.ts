// The first-order game of some players as a sum of small games, its elements. By the adjoint (pieces.ts)
//   v(S) = Σ_p g_p(S ∩ players at p) + prior, for links between known particles,
// and Shapley values are linear in the game: the values of Σ g are the sums of those of the g, in which
// only the players that meet at one particle play. Members that share no particle do not meet; what
// does is a part. A part that brings new particles is one element, valued as a whole by
// Adjoint.transaction. Every element is rounded to units by itself, so values add up exactly.

import type { Adjoint } from '../focus/adjoint/adjoint.js';
import { columnValue, priorValue } from '../focus/adjoint/pieces.js';
import type { LinkPieces, WeightedLink } from '../focus/adjoint/pieces.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import { componentsOf } from './controls/adjoint.js';
import { unitsOfValue } from './value-function.js';

/** A small game: some members, and what those of them that are in a coalition are worth. */
export interface Element {
  /** Members by their place in the cluster, ascending. */
  readonly players: readonly number[];
  /** v of some of `players`, ascending; v(∅) = 0. A pure function, in units. */
  value(coalition: readonly number[]): bigint;
}

/** Members of one part, and its elements. */
export interface Part {
  readonly members: readonly number[];
  readonly elements: readonly Element[];
}

/** Values that a first-order game can have. */
export type FirstOrderValue = 'syntropy' | 'delta-j';

/** What makes games of one graph. */
export interface FirstOrder {
  readonly adjoint: Adjoint;
  /** n. */
  readonly particles: number;
  readonly value: FirstOrderValue;
}

/** The links of changes on common numbers: particles that several name are one. */
export function linksOf(changes: readonly NamedAxonChanges[], particles: number): WeightedLink[][] {
  const newcomers = new Map<string, number>();
  return changes.map(({ axons, names }) => {
    const placeOf = (i: number): number => {
      if (i < particles) return i;
      const name = names[i - particles];
      let place = newcomers.get(name);
      if (place === undefined) newcomers.set(name, (place = particles + newcomers.size));
      return place;
    };
    return axons.map(({ from, to, before, after }) => ({
      from: placeOf(from),
      to: placeOf(to),
      weight: after - before,
    }));
  });
}

/**
 * The parts of the game of these players, by first member. O(J) a link. Their values throw what the
 * adjoint throws: `bad-parameter` where a coalition leaves a particle without links.
 */
export function partsOf(first: FirstOrder, changes: readonly NamedAxonChanges[]): Part[] {
  const links = linksOf(changes, first.particles);
  const touched = links.map((own) => own.flatMap(({ from, to }) => [from, to]));
  const brings = touched.map((own) => own.some((p) => p >= first.particles));
  return componentsOf(touched).map((members) => ({
    members,
    elements: members.some((member) => brings[member])
      ? [wholeElement(first, members, links)]
      : elementsOf(first, members, links),
  }));
}

/** A part valued by joint transactions. */
function wholeElement(
  { adjoint, value }: FirstOrder,
  players: readonly number[],
  links: readonly (readonly WeightedLink[])[],
): Element {
  return {
    players,
    value: (coalition) => {
      const joint = coalition.flatMap((member) => links[member]);
      if (joint.length === 0) return 0n;
      const found = adjoint.transaction({
        from: joint.map(({ from }) => from),
        to: joint.map(({ to }) => to),
        weight: joint.map(({ weight }) => weight),
      });
      return unitsOfValue(found.value + (value === 'delta-j' ? found.discovery : 0));
    },
  };
}

/** Elements by particle, and that of the prior. */
function elementsOf(
  { adjoint }: FirstOrder,
  members: readonly number[],
  links: readonly (readonly WeightedLink[])[],
): Element[] {
  const pieces = new Map<number, LinkPieces>();
  const players = new Map<number, number[]>();
  for (const member of members) {
    const own = adjoint.pieces(links[member]);
    pieces.set(member, own);
    for (const { particle } of own.columns) {
      const known = players.get(particle);
      if (known === undefined) players.set(particle, [member]);
      else known.push(member);
    }
  }
  const of = (member: number): LinkPieces => pieces.get(member) as LinkPieces;
  const elements = [...players].map(([particle, own]): Element => {
    const before = adjoint.column(particle);
    const columns = new Map(
      own.map((member) => [
        member,
        of(member).columns.find((column) => column.particle === particle),
      ]),
    );
    return {
      players: own,
      value: (coalition) => {
        const sum = { degree: 0, out: 0, spread: 0, walk: 0 };
        for (const member of coalition) {
          const column = columns.get(member);
          if (column === undefined) continue;
          sum.degree += column.degree;
          sum.out += column.out;
          sum.spread += column.spread;
          sum.walk += column.walk;
        }
        return coalition.length === 0 ? 0n : unitsOfValue(columnValue(before, sum));
      },
    };
  });
  if (adjoint.priorBefore.slope === 0) return elements;
  const prior: Element = {
    players: members,
    value: (coalition) => {
      let [weight, lambda] = [0, 0];
      for (const member of coalition) {
        weight += of(member).weight;
        lambda += of(member).lambda;
      }
      return unitsOfValue(priorValue(adjoint.priorBefore, { weight, lambda }));
    },
  };
  return [...elements, prior];
}
