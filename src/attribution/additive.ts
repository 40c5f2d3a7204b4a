// Whether the changes of signals add up: a coalition is then the sum of what its signals change
// alone. They do not where stake is shared out anew (will over a neuron's links, stakes divided by the
// largest), or where two signals take away the same link.

import { FocusError, shown } from '../base/errors.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';

/** What sums of stakes may differ by, relative to the largest that was added. */
const ROUNDINGS = 1e-9;

/**
 * Throws `bad-input` unless the changes of players alone, of a graph of so many particles, add up to
 * those of all together. O(changes).
 */
export function checkAdditive(
  particles: number,
  players: readonly NamedAxonChanges[],
  together: NamedAxonChanges,
): void {
  const sums = new Map<string, { change: number; size: number }>();
  const add = ({ axons, names }: NamedAxonChanges, sign: number): void => {
    const named = (i: number): string =>
      i < particles ? `particle ${i}` : shown(names[i - particles]);
    for (const { from, to, before, after } of axons) {
      const key = `${named(from)} → ${named(to)}`;
      const sum = sums.get(key) ?? { change: 0, size: 0 };
      sum.change += sign * (after - before);
      sum.size += before + after;
      sums.set(key, sum);
    }
  };
  for (const changes of players) add(changes, 1);
  add(together, -1);
  for (const [key, { change, size }] of sums) {
    if (Math.abs(change) <= ROUNDINGS * size) continue;
    throw new FocusError(
      'bad-input',
      `signals: alone they change the stake ${key} by ${change} more than ` +
        'together, expected changes that add up',
      'shares are of signals whose links add up: no will, no --normalize, each link removed once',
    );
  }
}
