// The control variate by the adjoint: c(S) is the first-order value of the joint transaction of S,
// from one adjoint solve for all coalitions (docs/adjoint.md). Not additive, because a column that
// several players touch changes by the whole of their weights; but what linearised effects of their
// changes do to each other is not in it, so it has little of v's interactions where stakes are like
// those of the graph. Players that share no particle do not meet in c: it is taken as a sum over
// the connected components of players, whose Shapley values are enumerated one component at a time.

import type { Adjoint } from '../../focus/adjoint/adjoint.js';
import type { LinkColumns } from '../../focus/adjoint/links.js';
import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { Surrogate } from '../control-variate.js';

/** The evaluations it costs: the adjoint's solve, and the vectors of a derivative. */
const EVALUATIONS = 2;

/**
 * Makes the surrogate of a game of `syntropy` (its entropy part) whose players are changes of a graph
 * of `particles` particles, each as it is alone. A value costs O(links of the coalition). Values throw
 * what Adjoint.transaction throws: `bad-parameter` where a coalition leaves a particle without links.
 */
export function adjointSurrogate(
  adjoint: Adjoint,
  particles: number,
  changes: readonly NamedAxonChanges[],
): Surrogate {
  const names = [...new Set(changes.flatMap((change) => change.names))];
  const newcomers = new Map(names.map((name, i) => [name, particles + i]));
  const links = changes.map(({ axons, names: own }) => {
    const placeOf = (p: number): number =>
      p < particles ? p : (newcomers.get(own[p - particles]) as number);
    return axons.map(({ from, to, before, after }) => ({
      from: placeOf(from),
      to: placeOf(to),
      weight: after - before,
    }));
  });
  return {
    name: 'adjoint',
    players: changes.length,
    evaluations: EVALUATIONS,
    parts: componentsOf(links.map((own) => own.flatMap(({ from, to }) => [from, to]))),
    value: (members) => {
      const joint = members.flatMap((player) => links[player]);
      const columns: LinkColumns = {
        from: joint.map(({ from }) => from),
        to: joint.map(({ to }) => to),
        weight: joint.map(({ weight }) => weight),
      };
      return joint.length === 0 ? 0 : adjoint.transaction(columns).value;
    },
  };
}

/** Players by connected component of shared particles; each ascending, by first player. */
export function componentsOf(touched: readonly (readonly number[])[]): number[][] {
  const root = touched.map((_, player) => player);
  const find = (player: number): number => {
    let at = player;
    while (root[at] !== at) at = root[at] = root[root[at]];
    return at;
  };
  const owner = new Map<number, number>();
  touched.forEach((particles, player) => {
    for (const particle of particles) {
      const other = owner.get(particle);
      if (other === undefined) owner.set(particle, player);
      else {
        const [a, b] = [find(player), find(other)];
        root[Math.max(a, b)] = Math.min(a, b);
      }
    }
  });
  const parts = new Map<number, number[]>();
  touched.forEach((_, player) => {
    const key = find(player);
    parts.set(key, [...(parts.get(key) ?? []), player]);
  });
  return [...parts.values()];
}
