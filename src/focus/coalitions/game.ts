// Players of a game on one graph: changes by particle become changes by row of the core, and new
// particles that several players name are one spare row.

import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { AxonChange } from '../../graph/change.js';
import type { ShiftBase } from '../local/base.js';
import type { CoalitionGame } from './chain.js';
import type { PlayerChange } from './coalition.js';
import { coreOf } from './core.js';

/**
 * The game of these players, each with the axons it changes alone. O(particles + axons + changes).
 */
export function coalitionGameOf(
  base: ShiftBase,
  changes: readonly NamedAxonChanges[],
): CoalitionGame {
  const n = base.graph.particles;
  const touched = new Set<number>();
  for (const { axons } of changes) {
    for (const { from, to } of axons) {
      for (const i of [from, to]) if (i < n) touched.add(i);
    }
  }
  // New particles alone touch nothing, and a core needs a row.
  const core = coreOf(base, touched.size > 0 ? [...touched] : [0]);
  const { rows } = core.axons;
  const spare = new Map<string, number>();
  const players = changes.map(({ axons, names }): PlayerChange => {
    const rowOf = (i: number): number => {
      if (i < n) return core.rowOf[i];
      const name = names[i - n];
      let row = spare.get(name);
      if (row === undefined) spare.set(name, (row = rows + spare.size));
      return row;
    };
    return {
      axons: axons.map(({ from, to, ...weights }): AxonChange => ({
        from: rowOf(from),
        to: rowOf(to),
        ...weights,
      })),
    };
  });
  return {
    parameters: base.parameters,
    injection: base.injection,
    particles: n,
    errorBound: base.errorBound,
    core,
    players,
    spare: spare.size,
  };
}
