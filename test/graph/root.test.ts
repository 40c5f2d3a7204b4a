// The root of a graph against leaves written out by hand and hashed by the RFC's recursion, and what
// a light client accepts about axons that are there and axons that are not.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeHead, Verdict } from '../../src/base/merkle-proof.js';
import type { Graph } from '../../src/graph/graph.js';
import { openGraphRoot, verifyAbsentAxon, verifyAxon, type Axon } from '../../src/graph/root.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { hashOf, hex, HOSTILE, pathOf } from '../merkle-tree.js';

/** All axons of a graph, sorted by bytes with the language's own means. */
function axonsOf({ ids, axons }: Graph): Axon[] {
  const list: Axon[] = [];
  for (let p = 0; p < axons.rows; p++) {
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      list.push({ from: ids.at(p), to: ids.at(axons.columns[k]), weight: axons.weights[k] });
    }
  }
  const bytes = (axon: Axon): [Buffer, Buffer] => [Buffer.from(axon.from), Buffer.from(axon.to)];
  return list.sort((a, b) => {
    const [from, to] = bytes(a);
    const [otherFrom, otherTo] = bytes(b);
    return Buffer.compare(from, otherFrom) || Buffer.compare(to, otherTo);
  });
}

/** The leaf of an axon as the header of src/graph/root.ts states it. */
function leafOf({ from, to, weight }: Axon): Buffer {
  const ids = [from, to].flatMap((id) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(id));
    return [length, Buffer.from(id)];
  });
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(new BigUint64Array(Float64Array.of(weight).buffer)[0]);
  return Buffer.concat([Buffer.from('axon-1\n'), ...ids, bits]);
}

function reasonOf(verdict: Verdict): string {
  expect(verdict.accepted).toBe(false);
  return verdict.accepted ? '' : verdict.reason;
}

// Their order differs by bytes, by UTF-16 units, by numbers and by locale.
const NAMES = ['a', 'b', 'B', 'aa', '9', '10', '1', 'é', '\ufb01', '\u{10348}', 'Qm1', 'Qm10'];
const links: fc.Arbitrary<LinkTuple[]> = fc
  .array(
    fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 })),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  .filter((list) => list.some(([from, to]) => from !== to));

describe('the root of a graph', () => {
  it('is that of its axons sorted by bytes, in any order of links and particles', () => {
    fc.assert(
      fc.property(links, fc.infiniteStream(fc.nat(1 << 20)), (list, stream) => {
        const graph = graphOf(list);
        const axons = axonsOf(graph);
        const expected = { root: hex(hashOf(axons.map(leafOf))), size: axons.length };
        const shuffled = list
          .map((link) => ({ link, key: stream.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ link }) => link);
        expect(openGraphRoot(graph).head).toEqual(expected);
        expect(openGraphRoot(graphOf(list, { order: 'sorted' })).head).toEqual(expected);
        expect(openGraphRoot(graphOf(shuffled)).head).toEqual(expected);
      }),
    );
  });

  it('is that of a graph with hubs, long rows and thousands of axons', () => {
    const list = randomLinks(7, 600, 4000);
    for (const to of Array.from({ length: 500 }, (_, i) => 499 - i))
      list.push(['hub', `p${to}`, to + 0.1]);
    const graph = graphOf(list);
    const axons = axonsOf(graph);
    const root = openGraphRoot(graph);
    const leaves = axons.map(leafOf);
    expect(root.head).toEqual({ root: hex(hashOf(leaves)), size: axons.length });
    const some = axons.filter((_, i) => i % 397 === 0);
    root.prove(some).forEach((proof, i) => {
      const index = 397 * i;
      expect(proof).toEqual({ axon: some[i], index, path: pathOf(index, leaves).map(hex) });
    });
  });

  it('differs for any other weight, id or axon', () => {
    const base: LinkTuple[] = [
      ['a', 'b', 1],
      ['b', 'c', 2],
      ['c', 'a', 3],
    ];
    const others: LinkTuple[][] = [
      [['a', 'b', 1 + 2 ** -52], ...base.slice(1)],
      [['a', 'bb', 1], ...base.slice(1)],
      [['b', 'a', 1], ...base.slice(1)],
      [['ab', 'c', 1], ...base.slice(1)],
      [['a', 'bc', 1], ...base.slice(1)],
      [...base, ['a', 'c', 1]],
      base.slice(1),
    ];
    const roots = [base, ...others].map((list) => openGraphRoot(graphOf(list)).head.root);
    expect(new Set(roots).size).toBe(roots.length);
  });

  it('takes ids of the longest kind', () => {
    const long = 'x'.repeat(4096);
    const graph = graphOf([
      [long, `${long.slice(1)}y`, 1],
      ['a', long, 2],
    ]);
    const axons = axonsOf(graph);
    const root = openGraphRoot(graph);
    expect(root.head.root).toBe(hex(hashOf(axons.map(leafOf))));
    expect(verifyAxon(root.head, axons[1], root.prove([axons[1]])[0]).accepted).toBe(true);
  });
});

describe('an axon', () => {
  it('of the graph is proven, and only with its own ids and weight', () => {
    fc.assert(
      fc.property(links, (list) => {
        const graph = graphOf(list);
        const root = openGraphRoot(graph);
        const axons = axonsOf(graph);
        const proofs = root.prove(axons);
        axons.forEach((axon, i) => {
          const proof = JSON.parse(JSON.stringify(proofs[i])) as unknown;
          expect(verifyAxon(root.head, axon, proof)).toEqual({ accepted: true });
          for (const other of [
            { ...axon, weight: axon.weight + 1 },
            { ...axon, from: axon.to, to: axon.from },
            { ...axon, to: `${axon.to}x` },
            axons[(i + 1) % axons.length],
          ]) {
            if (other !== axon) expect(verifyAxon(root.head, other, proof).accepted).toBe(false);
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('that the graph has not is no proof to ask for', () => {
    const root = openGraphRoot(graphOf([['a', 'b', 1]]));
    expect(() => root.prove([{ from: 'b', to: 'a' }])).toThrow('no axon "b" → "a" in the graph');
    expect(() => root.prove([{ from: 'x', to: 'a' }])).toThrow(/no axon/);
  });

  it('of another shape is rejected with a reason and no exception', () => {
    const root = openGraphRoot(graphOf([['a', 'b', 1]]));
    const [{ axon, ...proof }] = root.prove([{ from: 'a', to: 'b' }]);
    const say = (other: unknown): string => reasonOf(verifyAxon(root.head, other, proof));
    expect(say({ ...axon, weight: 0 })).toBe('weight: expected a finite number > 0, found 0');
    expect(say({ ...axon, weight: { toString: 1 } })).toMatch(/found object$/);
    expect(say({ ...axon, from: '' })).toBe('from: expected an id, found nothing');
    expect(say({ ...axon, to: 'x'.repeat(4097) })).toMatch(/^to: .* found 4097$/);
    expect(say({ ...axon, to: '\ud800' })).toMatch(/^to: .* whole characters/);
    expect(say({ ...axon, to: 'b\n' })).toMatch(/^to: .* control characters/);
    for (const value of HOSTILE) {
      say(value);
      say({ ...axon, from: value });
      say({ ...axon, weight: value });
    }
  });
});

describe('an absent axon', () => {
  it('is proven for every pair of ids that is none, known or unknown, and for no axon', () => {
    fc.assert(
      fc.property(links, (list) => {
        const graph = graphOf(list);
        const root = openGraphRoot(graph);
        const present = new Set(axonsOf(graph).map(({ from, to }) => `${from} ${to}`));
        const names = [...NAMES, '0', 'zz', 'Qm', '\u{1f600}'];
        for (const from of names) {
          for (const to of names) {
            if (present.has(`${from} ${to}`)) {
              expect(() => root.proveAbsent(from, to)).toThrow(/is in the graph/);
              continue;
            }
            const proof = JSON.parse(JSON.stringify(root.proveAbsent(from, to))) as unknown;
            expect(verifyAbsentAxon(root.head, from, to, proof)).toEqual({ accepted: true });
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('cannot be claimed of an axon that is there, whatever two axons are shown', () => {
    const graph = graphOf(randomLinks(3, 12, 40));
    const root = openGraphRoot(graph);
    const axons = axonsOf(graph);
    const proofs = [null, ...root.prove(axons)];
    for (const { from, to } of axons) {
      for (const before of proofs) {
        for (const after of proofs) {
          reasonOf(verifyAbsentAxon(root.head, from, to, { before, after }));
        }
      }
    }
  });

  it('says what is wrong with its proof', () => {
    const root = openGraphRoot(
      graphOf([
        ['a', 'b', 1],
        ['c', 'd', 1],
        ['e', 'f', 1],
      ]),
    );
    const [ab, cd, ef] = root.prove([
      { from: 'a', to: 'b' },
      { from: 'c', to: 'd' },
      { from: 'e', to: 'f' },
    ]);
    const say = (proof: unknown, from = 'b', to = 'x', head: TreeHead = root.head): string =>
      reasonOf(verifyAbsentAxon(head, from, to, proof));
    expect(root.proveAbsent('b', 'x')).toEqual({ before: ab, after: cd });
    expect(say({ before: ab, after: ef })).toBe(
      'expected neighbours, found the leaves 0 and 2 of 3',
    );
    expect(say({ before: cd, after: ef })).toMatch(
      /^before: expected an axon that stands before "b"/,
    );
    expect(say({ before: ab, after: ab })).toMatch(
      /^after: expected an axon that stands after "b"/,
    );
    expect(say({ before: null, after: cd })).toMatch(/^expected neighbours/);
    expect(say({ before: ab, after: null })).toMatch(/^expected neighbours/);
    expect(say({ before: { ...ab, index: 1 }, after: cd })).toMatch(/^before: /);
    expect(say({ before: ab, after: { ...cd, axon: ef.axon } })).toMatch(/^after: the path leads/);
    expect(say({ before: ab })).toMatch(/^after: expected null/);
    expect(say({ before: ab, after: cd }, '', 'x')).toMatch(/^from: /);
    for (const value of HOSTILE) {
      say(value);
      say({ before: value, after: cd });
      say({ before: ab, after: value });
      say({ before: { ...ab, axon: value }, after: cd });
      if (value !== undefined) say({ before: ab, after: cd }, value as string);
    }
  });
});
