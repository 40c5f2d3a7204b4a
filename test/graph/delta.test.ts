// Deltas: applying one is building the merged list; its inverse restores everything; a log replays;
// axon changes found locally are those of the built graph; what is refused changes nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedAxons } from '../../src/focus/local/whole.js';
import { axonChangesOf, changesBetween } from '../../src/graph/axon-changes.js';
import type { BuildOptions } from '../../src/graph/build.js';
import { checkChanges } from '../../src/graph/change.js';
import { applyDelta, replay } from '../../src/graph/delta.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import type { Delta, Signal } from '../../src/graph/signal.js';
import {
  anyRow,
  choices,
  counts,
  deltaFrom,
  everything,
  plainLinks,
  rebuilt,
  type Choice,
  type PlainLink,
} from './delta-cases.js';
import { axonsOf, linksOf, type Row } from './literal-links.js';

const OPTIONS: readonly (readonly [string, BuildOptions])[] = [
  ['plain', {}],
  ['sorted', { order: 'sorted' }],
  [
    'with karma by neuron',
    {
      karma: new Map([
        ['n1', 0.5],
        ['n2', 2],
      ]),
    },
  ],
  ['with will by neuron', { will: new Map([['n1', 10]]) }],
  ['divided by the largest', { normalize: 'largest-stake' }],
  ['with a price factor of its own', { priceFactor: (price) => (1 + price) / 4 }],
];

const rows = fc.array(anyRow, { minLength: 1, maxLength: 25 });

/** A base, and each step of some deltas on it, with the list that must be there after each. */
function steps(
  list: readonly Row[],
  options: BuildOptions,
  several: readonly (readonly Choice[])[],
): { base: LinkedGraph; deltas: Delta[]; lists: (readonly PlainLink[])[] } {
  const base = linkGraph(linksOf(list), options);
  const deltas: Delta[] = [];
  const lists: (readonly PlainLink[])[] = [plainLinks(base)];
  for (const chosen of several) {
    const { delta, after } = deltaFrom(lists[lists.length - 1], chosen);
    if (!counts(after)) continue;
    deltas.push(delta);
    lists.push(after);
  }
  return { base, deltas, lists };
}

function canCount(list: readonly Row[]): boolean {
  return counts(list.map((row, i) => ({ ...row, row: i })));
}

/** The axons of a graph by name, sorted. */
const named = (axons: readonly [string, string, number][]): string[] =>
  axons.map((axon) => JSON.stringify(axon)).sort();

describe('a delta', () => {
  it.each(OPTIONS)(
    'gives the graph of the merged list, and its inverse the one before: %s',
    (_, options) => {
      fc.assert(
        fc.property(rows, fc.array(choices, { maxLength: 4 }), (list, several) => {
          fc.pre(canCount(list));
          const { base, deltas, lists } = steps(list, options, several);
          const path = [base];
          const inverses: Delta[] = [];
          deltas.forEach((delta, k) => {
            const { after, inverse } = applyDelta(path[k], delta);
            expect(plainLinks(after)).toEqual(lists[k + 1]);
            expect(everything(after.graph)).toEqual(
              everything(rebuilt(lists[k + 1], options).graph),
            );
            path.push(after);
            inverses.push(inverse);
          });
          expect(everything(replay(base, deltas).graph)).toEqual(
            everything(path[deltas.length].graph),
          );
          let back = path[deltas.length];
          for (let k = deltas.length - 1; k >= 0; k--) {
            back = applyDelta(back, inverses[k]).after;
            expect(everything(back.graph)).toEqual(everything(path[k].graph));
            expect(plainLinks(back)).toEqual(lists[k]);
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  it.each(OPTIONS)('changes the axons that axonChangesOf says: %s', (_, options) => {
    fc.assert(
      fc.property(rows, fc.array(choices, { maxLength: 3 }), (list, several) => {
        fc.pre(canCount(list));
        let { base, deltas } = steps(list, options, several);
        for (const delta of deltas) {
          const { after } = applyDelta(base, delta);
          const changes = axonChangesOf(base, delta);
          checkChanges(base.graph, changes);
          expect(changes).toEqual(changesBetween(base.graph, after.graph));
          const { axons, kept } = changedAxons(base.graph.axons, changes);
          const name = (i: number): string =>
            kept[i] < base.graph.particles
              ? base.graph.ids.at(kept[i])
              : changes.names[kept[i] - base.graph.particles];
          const laid: [string, string, number][] = [];
          for (let p = 0; p < axons.rows; p++) {
            for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++)
              laid.push([name(p), name(axons.columns[k]), axons.weights[k]]);
          }
          expect(named(laid)).toEqual(named(axonsOf(after.graph)));
          base = after;
        }
      }),
      { numRuns: 150 },
    );
  });
});
