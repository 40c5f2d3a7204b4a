// Changes of many players as one. Changes of one axon add up, in order of size and compensated, so the
// sum does not depend on the order of players; as in the game of certified solves
//   A_S(p,q) = A(p,q) + Σ_{i∈S} (A_i(p,q) − A(p,q))

import { FocusError } from '../base/errors.js';
import { compensatedSum } from '../focus/sums.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { AxonChange } from '../graph/change.js';

interface Axon {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly terms: number[];
}

/**
 * The joint change of some players of a graph of n particles; new particles that several name are one.
 * Throws `bad-input` where they take away more than an axon has. O(axons · log).
 */
export function jointChange(n: number, changes: readonly NamedAxonChanges[]): NamedAxonChanges {
  const bytes = [...new Set(changes.flatMap(({ names }) => names))].map(
    (name) => [name, Buffer.from(name, 'utf8')] as const,
  );
  const names = bytes.sort((a, b) => Buffer.compare(a[1], b[1])).map(([name]) => name);
  const places = new Map(names.map((name, k) => [name, n + k]));
  const rows = new Map<number, Map<number, Axon>>();
  for (const { axons, names: own } of changes) {
    const placeOf = (i: number): number => (i < n ? i : (places.get(own[i - n]) as number));
    for (const { before, after, ...ends } of axons) {
      const [from, to] = [placeOf(ends.from), placeOf(ends.to)];
      let row = rows.get(from);
      if (row === undefined) rows.set(from, (row = new Map()));
      const axon = row.get(to);
      if (axon === undefined) row.set(to, { from, to, before, terms: [after, -before] });
      else axon.terms.push(after, -before);
    }
  }
  const axons: AxonChange[] = [];
  for (const row of rows.values()) {
    for (const { from, to, before, terms } of row.values()) {
      const after = before + sumOf(terms);
      if (!(after >= 0)) throw removedTwice(from, to, before, after);
      if (after !== before) axons.push({ from, to, before, after });
    }
  }
  axons.sort((a, b) => a.from - b.from || a.to - b.to);
  return { added: names.length, names, axons };
}

function sumOf(terms: readonly number[]): number {
  if (terms.length === 2) return terms[0] + terms[1];
  const sorted = Float64Array.from(terms).sort();
  return compensatedSum(sorted.length, (k) => sorted[k]);
}

function removedTwice(from: number, to: number, before: number, after: number): FocusError {
  return new FocusError(
    'bad-input',
    `signals: together they leave ${after} of ${before} on the axon of particles ${from} → ${to}, ` +
      'expected a stake ≥ 0',
    'each link can be taken away by one signal only',
  );
}
