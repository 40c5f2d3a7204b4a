// DAGs of blocks: what is refused and how it is named, and descendants against a plain search.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import type { Block } from '../../src/graph/block.js';
import { blockDag } from '../../src/rewards/block-dag.js';
import { carryingBlocks } from '../../src/rewards/carrying-blocks.js';
import { descendantCounts, descendantsByDepth } from '../../src/rewards/descendants.js';
import { doubleOf } from '../../src/rewards/exact-number.js';
import { evaluateReward, evaluateRewardExact } from '../../src/rewards/reward.js';

const block = (id: string, ...parents: string[]): Block => ({ id, parents, signals: [] });

/** Random blocks whose parents came before them, in a random order. */
function randomBlocks(seed: number, count: number): Block[] {
  const random = randomStream(seed, 4);
  const blocks = Array.from({ length: count }, (_, b) => {
    const wanted = Math.min(b, random.below(4));
    const parents = new Set<string>();
    while (parents.size < wanted) parents.add(`b${Math.max(0, b - 1 - random.below(12))}`);
    return { id: `b${b}`, parents: [...parents], signals: [b] };
  });
  for (let k = count - 1; k > 0; k--) {
    const j = random.below(k + 1);
    [blocks[k], blocks[j]] = [blocks[j], blocks[k]];
  }
  return blocks;
}

/** Depth of each descendant, by plain search over parents. */
function naiveDepths(blocks: readonly Block[], start: string): Map<string, number> {
  const depth = new Map<string, number>();
  let level = [start];
  for (let k = 1; level.length > 0; k++) {
    const next = blocks.filter(
      ({ id, parents }) => !depth.has(id) && parents.some((parent) => level.includes(parent)),
    );
    for (const { id } of next) depth.set(id, k);
    level = next.map(({ id }) => id);
  }
  return depth;
}

describe('blocks', () => {
  it('have the descendants that a plain search finds, by count and by depth', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const blocks = randomBlocks(seed, count);
        const dag = blockDag(blocks);
        const counts = descendantCounts(dag);
        for (const [b, { id }] of blocks.entries()) {
          const depths = naiveDepths(blocks, id);
          const byDepth = descendantsByDepth(dag, [b]);
          const expected: number[] = [];
          for (const k of depths.values()) expected[k - 1] = (expected[k - 1] ?? 0) + 1;
          expect(byDepth).toEqual(expected);
          expect(counts[b]).toBe(depths.size);
          expect(dag.indexOf(id)).toBe(b);
        }
        const place = new Map([...dag.order].map((b, k) => [blocks[b].id, k]));
        for (const { id, parents } of blocks) {
          for (const parent of parents) {
            expect(place.get(parent) ?? NaN).toBeLessThan(place.get(id) ?? NaN);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are counted across the rows of bits that are swept at a time', () => {
    const chain = Array.from({ length: 5000 }, (_, b) =>
      block(`b${b}`, ...(b === 0 ? [] : [`b${b - 1}`])),
    );
    const counts = descendantCounts(blockDag(chain));
    for (const b of [0, 1, 2047, 2048, 2049, 4095, 4096, 4999]) expect(counts[b]).toBe(4999 - b);
  });

  it('carry changes: each its block, all together every block that carries one', () => {
    const dag = blockDag([
      { id: 'a', parents: [], signals: [1] },
      { id: 'b', parents: ['a'], signals: [0, 2] },
      { id: 'c', parents: ['b'], signals: [] },
    ]);
    expect([0, 1, 2, 3].map((k) => carryingBlocks(dag, k, 4))).toEqual([[1], [0], [1], []]);
    expect([...carryingBlocks(dag, 4, 4)].sort()).toEqual([0, 1]);
    // Descendants of a and b together: b counts, because it references a.
    const reward = evaluateReward('dag-weight', { blocks: { dag, blocks: [0, 1] } });
    expect(reward.value).toBe(2);
  });

  it('discount distant descendants, the same in both precisions', () => {
    const blocks = [block('a'), block('b', 'a'), block('c', 'b'), block('d', 'a'), block('e', 'c')];
    const place = { dag: blockDag(blocks), blocks: [0] };
    const options = { 'dag-weight': { discount: 0.5 } };
    expect(evaluateReward('dag-weight', { blocks: place }, options).value).toBe(2 + 0.5 + 0.25);
    const exact = evaluateRewardExact('dag-weight', { blocks: place }, options);
    expect(exact.value === null ? NaN : doubleOf(exact.value)).toBe(2.75);
    for (const discount of [0, 1.1, NaN]) {
      expect(() =>
        evaluateReward('dag-weight', { blocks: place }, { 'dag-weight': { discount } }),
      ).toThrow(/expected a discount in \(0, 1\]/);
    }
  });

  it.each([
    [[block('a'), block('a')], 'blocks: expected each id once, found "a" as blocks 1 and 2'],
    [[block('a', 'x')], 'block "a": expected its parent "x" among the blocks, found none'],
    [[block('a'), block('b', 'a', 'a')], /block "b": expected each parent once, found "a", "a"/],
    [[block('a', 'a')], /expected a DAG, found a cycle of 1: "a" → "a"/],
    [
      [block('r'), block('a', 'c', 'r'), block('b', 'a'), block('c', 'b')],
      /expected a DAG, found a cycle of 3: /,
    ],
    [
      [
        { id: 'a', parents: [], signals: [3] },
        { id: 'b', parents: [], signals: [3] },
      ],
      /block "b": expected each signal in one block, found signal 3 in "a" too/,
    ],
  ])('are refused by name', (blocks, message) => {
    expect(() => blockDag(blocks)).toThrow(message);
  });
});
