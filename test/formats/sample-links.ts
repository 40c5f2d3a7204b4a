// Random links, graphs and ids for the tests of formats, and what two graphs must share to be the
// same.

import fc from 'fast-check';
import { FocusError } from '../../src/base/errors.js';
import { type Random, randomStream } from '../../src/base/random.js';
import { buildGraph } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Links } from '../../src/graph/links.js';

/** One link as plain data. */
export interface PlainLink {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly neuron?: string;
  readonly karma?: number;
  readonly price?: number;
  readonly valence?: number;
  readonly will?: number;
  readonly time?: number;
}

/**
 * Ids that try every rule of quoting and escaping: separators, quotes, comment marks, blanks,
 * letters beyond ASCII.
 */
export const idArbitrary: fc.Arbitrary<string> = fc.oneof(
  fc.nat(30).map(String),
  fc.constantFrom(
    'a',
    'b',
    'from',
    'to',
    '007',
    '-1',
    '1.0',
    'null',
    '1e5',
    '%',
    '#x',
    '% y',
    'é',
    '😀',
  ),
  fc.constantFrom(
    '"',
    'a"b',
    '""',
    ',',
    'a,b',
    ' a',
    'a ',
    'a b',
    '\\',
    '\\n',
    "'",
    ';',
    '{',
    '[1]',
    'true',
  ),
  fc.constantFrom('9007199254740993', '12345678901234567890', 'Qm'.repeat(40), 'z'.repeat(4096)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isId),
);

/** Finite amounts from 0: integers, fractions, and the ends of the range. */
export const amountArbitrary: fc.Arbitrary<number> = fc.oneof(
  fc.nat(1000),
  fc.double({ min: 0, max: 1e15, noNaN: true }).map((value) => value + 0),
  fc.constantFrom(0, 1, 0.1, 1 / 3, 5e-324, 2 ** 53, 1e21, 1e300, 123456789.123456789),
);

/** Links of which at least one counts. */
export const linksArbitrary: fc.Arbitrary<readonly PlainLink[]> = fc
  .array(fc.record({ from: idArbitrary, to: idArbitrary, amount: amountArbitrary }), {
    maxLength: 40,
  })
  .map((links) => [...links, { from: 'p', to: 'q', amount: 1 }]);

/** Links through a builder. */
export function linksOf(plain: readonly PlainLink[]): Links {
  const builder = createLinkBuilder();
  for (const { from, to, neuron, ...values } of plain) {
    const p = builder.particleOf(from);
    const q = builder.particleOf(to);
    builder.add({
      from: p,
      to: q,
      ...(neuron === undefined ? {} : { neuron: builder.neuronOf(neuron) }),
      ...values,
    });
  }
  return builder.finish();
}

/** Links as plain data again: absent values are left out. */
export function plainOf(links: Links): PlainLink[] {
  return Array.from({ length: links.count }, (_, i) => {
    const link: Record<string, string | number> = {
      from: links.particles.at(links.from[i]),
      to: links.particles.at(links.to[i]),
      amount: links.amount[i],
    };
    if (links.neuron !== null && links.neurons !== null && links.neuron[i] !== 0xffffffff) {
      link.neuron = links.neurons.at(links.neuron[i]);
    }
    for (const name of ['karma', 'price', 'valence', 'will', 'time'] as const) {
      const values = links[name];
      if (values !== null && !Number.isNaN(values[i])) link[name] = values[i];
    }
    return link as unknown as PlainLink;
  });
}

/** Axons by the ids of their ends: equal for equal graphs, whatever the order of particles. */
export function axonsById(graph: Graph): Map<string, number> {
  const { offsets, columns, weights } = graph.axons;
  const axons = new Map<string, number>();
  for (let p = 0; p < graph.particles; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      axons.set(JSON.stringify([graph.ids.at(p), graph.ids.at(columns[k])]), weights[k]);
    }
  }
  return axons;
}

/** Everything a graph holds, as plain data in its own order. */
export function contentOf(graph: Graph): unknown {
  return {
    ids: Array.from({ length: graph.ids.count }, (_, i) => graph.ids.at(i)),
    offsets: Array.from(graph.axons.offsets),
    columns: Array.from(graph.axons.columns),
    weights: Array.from(graph.axons.weights),
    largestStake: graph.largestStake,
    report: graph.report,
  };
}

/** A random graph of up to `particles` particles; ids are texts, or integers. */
export function randomGraph(
  seed: number,
  particles: number,
  links: number,
  integers = false,
): Graph {
  const random = randomStream(seed);
  const id = (): string => {
    const index = random.below(particles);
    return integers ? String(index * 7) : `particle-${index.toString(36)}`;
  };
  const plain = Array.from({ length: links }, () => {
    return { from: id(), to: id(), amount: random.below(1000) + random.double() };
  });
  return buildGraph(
    linksOf([...plain, { from: integers ? '1' : 'p', to: integers ? '2' : 'q', amount: 1 }]),
  );
}

/** The error of a promise; fails where there is none, or where it is not one of ours. */
export async function errorOf(promise: Promise<unknown>): Promise<FocusError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FocusError)) throw new Error('expected a FocusError', { cause: error });
  return error;
}

/** Lines of text that compress to a mixture of literals and matches. */
export function sampleText(seed: number, lines: number): string {
  const random: Random = randomStream(seed);
  let text = '';
  for (let i = 0; i < lines; i++) {
    const from = `Qm${random.below(500).toString(36)}abc`;
    const to = `Qm${random.below(50000).toString(36)}xyz`;
    text += `${from}\t${to}\t${random.below(1000000)}\n`;
  }
  return text;
}

function isId(id: string): boolean {
  // Control characters and lone surrogates are no ids.
  return !/[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u.test(id);
}
