// Deltas for tests: random ones that can be applied, and a second way to apply them, on plain lists.

import fc from 'fast-check';
import type { BuildOptions } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { linkGraph, neuronAt, rowOf, type LinkedGraph } from '../../src/graph/linked.js';
import type {
  Delta,
  LinkChange,
  LinkSelector,
  Signal,
  SignalLink,
} from '../../src/graph/signal.js';
import { axonsOf, linksOf, type Row } from './literal-links.js';

/** A live link of a plain list. */
export interface PlainLink extends Row {
  readonly row: number;
}

const ID = fc.constantFrom('a', 'b', '10', '9', 'c', 'é', 'new1', 'new2');
const NEURON = fc.constantFrom('n1', 'n2', null);
/** Sums of these depend on their order unless they are exact. */
const AMOUNT = fc.constantFrom(0, 1, 2, 3, 0.1, 0.2, 1e16, 7.7);

/** A link as it may stand in an input. */
export const anyRow: fc.Arbitrary<Row> = fc
  .record({
    from: fc.constantFrom('a', 'b', '10', '9', 'c', 'é', 'e'),
    to: fc.constantFrom('a', 'b', '10', '9', 'c', 'é', 'e'),
    amount: AMOUNT,
    neuron: NEURON,
    karma: fc.constantFrom(undefined, undefined, 0.5, 0),
    price: fc.constantFrom(undefined, undefined, 0.5, 2),
    will: fc.constantFrom(undefined, undefined, undefined, 10),
  })
  .map(tidy);

/** A choice that `deltaFrom` turns into an entry that can be applied. */
export interface Choice {
  readonly kind: 'add' | 'remove' | 'change';
  readonly pick: number;
  readonly how: number;
  readonly row: Row;
}

export const choices: fc.Arbitrary<readonly Choice[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'remove', 'change') as fc.Arbitrary<Choice['kind']>,
    pick: fc.nat(1000),
    how: fc.nat(2),
    row: fc
      .record({
        from: ID,
        to: ID,
        amount: AMOUNT,
        neuron: NEURON,
        price: fc.constantFrom(undefined, 0.25),
      })
      .map(tidy),
  }),
  { maxLength: 12 },
);

/** Leaves out what is absent; will needs a neuron. */
function tidy(given: { readonly [key: string]: unknown; readonly neuron: string | null }): Row {
  const entries = Object.entries(given).filter(
    ([key, value]) =>
      value !== undefined && value !== null && !(key === 'will' && given.neuron === null),
  );
  return Object.fromEntries(entries) as unknown as Row;
}

/** The links of a graph as a plain list. */
export function plainLinks(linked: LinkedGraph): PlainLink[] {
  const { links } = linked;
  return Array.from({ length: links.count }, (_, i) => {
    const neuron = neuronAt(links, i);
    const value = (name: 'karma' | 'price' | 'will' | 'time', usual: number): object => {
      const found = links[name]?.[i] ?? usual;
      return Object.is(found, usual) ? {} : { [name]: found };
    };
    return {
      from: links.particles.at(links.from[i]),
      to: links.particles.at(links.to[i]),
      amount: links.amount[i],
      ...(neuron === null ? {} : { neuron }),
      ...value('karma', 1),
      ...value('price', 1),
      ...value('will', 0),
      ...value('time', NaN),
      row: rowOf(linked, i),
    };
  });
}

/** The same links read anew. */
export function rebuilt(list: readonly PlainLink[], options: BuildOptions): LinkedGraph {
  return linkGraph(linksOf(list.map(({ row: _, ...rest }) => rest)), options);
}

/** All that a graph is, for comparison. */
export function everything(graph: Graph): unknown {
  return {
    ids: Array.from({ length: graph.particles }, (_, i) => graph.ids.at(i)),
    indices: Array.from({ length: graph.particles }, (_, i) => graph.ids.indexOf(graph.ids.at(i))),
    axons: axonsOf(graph),
    offsets: [...graph.axons.offsets],
    report: graph.report,
    largestStake: graph.largestStake,
  };
}

/** A delta made of choices, and the list of links after it. */
export function deltaFrom(
  list: readonly PlainLink[],
  chosen: readonly Choice[],
): { readonly delta: Delta; readonly after: readonly PlainLink[] } {
  const fate = new Map<PlainLink, PlainLink | null>();
  const added: PlainLink[] = [];
  const signals: Signal[] = [];
  let next = Math.max(-1, ...list.map(({ row }) => row)) + 1;
  const push = (
    neuron: string | undefined,
    entry: { links?: SignalLink[]; remove?: LinkSelector[]; change?: LinkChange[] },
  ): void => {
    signals.push({ neuron: neuron ?? null, links: [], remove: [], change: [], ...entry });
  };
  for (const { kind, pick, how, row } of chosen) {
    if (kind === 'add') {
      const { neuron, ...link } = row;
      push(neuron, { links: [link] });
      added.push({ ...row, row: next++ });
      continue;
    }
    if (list.length === 0) continue;
    const target = list[pick % list.length];
    const { from, to, neuron } = target;
    const same = list.filter(
      (link) => link.from === from && link.to === to && link.neuron === neuron,
    );
    const equal = same.filter(({ amount }) => amount === target.amount);
    if (kind === 'remove') {
      const group = how === 0 ? same : how === 1 ? equal.slice(-1) : [target];
      if (group.some((link) => fate.has(link))) continue;
      for (const link of group) fate.set(link, null);
      const by = [{}, { amount: target.amount }, { row: target.row }][how];
      push(neuron, { remove: [{ from, to, ...by }] });
      continue;
    }
    if (fate.has(target)) continue;
    const values = { amount: row.amount, ...(row.price === undefined ? {} : { price: row.price }) };
    fate.set(target, { ...target, ...values });
    const by = same.length === 1 && how === 0 ? {} : { row: target.row };
    push(neuron, { change: [{ from, to, ...by, ...values }] });
  }
  const stay = list.flatMap((link) => {
    const now = fate.get(link);
    return now === null ? [] : [now ?? link];
  });
  return { delta: signals, after: [...stay, ...added] };
}

/** Whether a list of links has one that counts. */
export function counts(list: readonly PlainLink[]): boolean {
  return list.some(
    ({ from, to, amount, karma = 1, price = 1 }) => from !== to && amount * karma * price > 0,
  );
}
