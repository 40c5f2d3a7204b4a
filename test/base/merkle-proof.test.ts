// What a light client accepts: exactly the proofs of the tree. Anything else, damaged or made by an
// enemy, is rejected with a reason and never thrown at.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf, openMerkleTree } from '../../src/base/merkle.js';
import {
  pathLength,
  verifyInclusion,
  verifyNeighbours,
  type InclusionProof,
  type TreeHead,
  type Verdict,
} from '../../src/base/merkle-proof.js';
import { hashOf, hex, HOSTILE, pathOf } from '../merkle-tree.js';

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 129];

const listOf = (size: number): Buffer[] =>
  Array.from({ length: size }, (_, i) => Buffer.from(`leaf ${i}`));

function reasonOf(verdict: Verdict): string {
  expect(verdict.accepted).toBe(false);
  return verdict.accepted ? '' : verdict.reason;
}

/** A leaf with its proof, by the recursion. */
interface Case {
  readonly head: TreeHead;
  readonly leaf: Buffer;
  readonly proof: InclusionProof;
}

const cases: readonly Case[] = SIZES.flatMap((size) => {
  const list = listOf(size);
  const head = { root: hex(hashOf(list)), size };
  return list.map((leaf, index) => {
    return { head, leaf, proof: { index, path: pathOf(index, list).map(hex) } };
  });
});

describe('an inclusion proof', () => {
  it('of every leaf of every size is accepted', () => {
    for (const { head, leaf, proof } of cases) {
      expect(verifyInclusion(head, leaf, proof)).toEqual({ accepted: true });
      expect(pathLength(proof.index, head.size)).toBe(proof.path.length);
    }
  });

  it('survives a trip through JSON', () => {
    const { head, leaf, proof } = cases[cases.length - 1];
    expect(verifyInclusion(head, leaf, JSON.parse(JSON.stringify(proof)))).toEqual({
      accepted: true,
    });
  });

  it('of another leaf, another index or another size is rejected', () => {
    for (const { head, leaf, proof } of cases) {
      expect(reasonOf(verifyInclusion(head, Buffer.concat([leaf, Buffer.of(0)]), proof))).toMatch(
        /expected the root/,
      );
      for (let index = 0; index < Math.min(head.size, 40); index++) {
        if (index === proof.index) continue;
        expect(verifyInclusion(head, leaf, { ...proof, index }).accepted).toBe(false);
      }
    }
    for (const { head, leaf, proof } of cases.filter(({ head }) => head.size < 20)) {
      for (let size = 0; size < 40; size++) {
        if (size === head.size) continue;
        const verdict = verifyInclusion({ ...head, size }, leaf, proof);
        // A path fixes the size only as far as it shows it: the root comes with its size in a header.
        const sameShape =
          size > proof.index && shapeOf(proof.index, size) === shapeOf(proof.index, head.size);
        expect(verdict.accepted, `leaf ${proof.index} of ${head.size}, as ${size}`).toBe(sameShape);
      }
    }
  });

  it('that is cut, extended, reordered or damaged in one bit is rejected', () => {
    for (const { head, leaf, proof } of cases) {
      const { index, path } = proof;
      const broken: (readonly string[])[] = [
        [...path, head.root],
        [head.root, ...path],
        [...path, ...path, head.root],
        ...path.map((_, k) => path.filter((_, i) => i !== k)),
        ...path.map((digest, k) => path.with(k, flip(digest))),
        ...path.slice(1).map((digest, k) => path.with(k, digest).with(k + 1, path[k])),
      ];
      for (const bad of broken) {
        reasonOf(verifyInclusion(head, leaf, { index, path: bad }));
      }
      reasonOf(verifyInclusion({ ...head, root: flip(head.root) }, leaf, proof));
    }
  });

  it('says what is wrong', () => {
    const list = listOf(5);
    const head = { root: hex(hashOf(list)), size: 5 };
    const path = pathOf(1, list).map(hex);
    const say = (proof: unknown, of: TreeHead = head): string =>
      reasonOf(verifyInclusion(of, list[1], proof));
    expect(say({ index: 5, path })).toBe('index: expected an integer from 0 and below 5, found 5');
    expect(say({ index: -1, path })).toMatch(/^index: .* found -1$/);
    expect(say({ index: '1', path })).toMatch(/^index: .* found string$/);
    expect(say({ index: 1, path: path.slice(1) })).toBe(
      'path: expected 3 digests for leaf 1 of 5, found 2',
    );
    expect(say({ index: 1, path: path.with(1, 'F'.repeat(64)) })).toMatch(
      /^path\[1\]: expected 64/,
    );
    expect(say({ index: 1, path: [path[0], , path[2]] })).toMatch(/^path\[1\]: /);
    expect(say({ index: 1 })).toBe('path: expected a list of digests');
    expect(say(null)).toMatch(/^proof: /);
    expect(say({ index: 0, path: [] }, { root: head.root, size: 0 })).toMatch(/below 0, found 0/);
    expect(say({ index: 1, path }, { root: 'x', size: 5 })).toMatch(/^root: /);
    expect(say({ index: 1, path }, { root: head.root, size: NaN })).toMatch(/^size: .* found NaN/);
    expect(say({ index: 1, path: path.with(0, path[1]) })).toMatch(
      /^the path leads to [0-9a-f]{64}/,
    );
  });

  it('of an inner node shown as a leaf is rejected', () => {
    const list = listOf(4);
    const head = { root: hex(hashOf(list)), size: 4 };
    const left = Buffer.concat([hashOf([list[0]]), hashOf([list[1]])]);
    const right = hex(hashOf(list.slice(2)));
    reasonOf(verifyInclusion(head, left, { index: 0, path: [right] }));
    reasonOf(verifyInclusion({ ...head, size: 2 }, left, { index: 0, path: [right] }));
  });

  it('that is anything at all is rejected without an exception', () => {
    const { head, leaf, proof } = cases[cases.length - 3];
    for (const value of HOSTILE) {
      reasonOf(verifyInclusion(head, leaf, value));
      reasonOf(verifyInclusion(head, leaf, { ...proof, path: value }));
      reasonOf(verifyInclusion(head, leaf, { ...proof, index: value }));
      reasonOf(verifyInclusion(head, leaf, { ...proof, path: proof.path.map(() => value) }));
      reasonOf(verifyInclusion({ ...head, root: value as string }, leaf, proof));
      reasonOf(verifyInclusion({ ...head, size: value as number }, leaf, proof));
    }
    fc.assert(fc.property(fc.jsonValue(), (value) => !verifyInclusion(head, leaf, value).accepted));
  });

  it('holds for indices beyond 32 bits of shifting', () => {
    // The last leaf of 2³² stands right at every level, the one of 2³¹+1 leaves almost alone.
    expect(pathLength(2 ** 32 - 1, 2 ** 32)).toBe(32);
    expect(pathLength(0, 2 ** 32)).toBe(32);
    expect(pathLength(2 ** 31, 2 ** 31 + 1)).toBe(1);
    expect(pathLength(2 ** 31, 2 ** 31 + 2)).toBe(2);
  });

  it('is what a tree makes for every leaf', () => {
    const list = listOf(200);
    const tree = openMerkleTree(leavesOf(list));
    tree.prove(list.map((_, i) => i)).forEach((proof, i) => {
      expect(verifyInclusion(tree.head, list[i], proof)).toEqual({ accepted: true });
    });
  });
});

describe('neighbours', () => {
  const at = (index: number): InclusionProof => ({ index, path: [] });

  it('have nothing between them, or are the ends of the list', () => {
    expect(verifyNeighbours(5, at(2), at(3)).accepted).toBe(true);
    expect(verifyNeighbours(5, null, at(0)).accepted).toBe(true);
    expect(verifyNeighbours(5, at(4), null).accepted).toBe(true);
    expect(verifyNeighbours(0, null, null).accepted).toBe(true);
  });

  it('are no leaves with one between them, no leaf twice, no leaves in the wrong order', () => {
    expect(verifyNeighbours(5, at(1), at(3)).accepted).toBe(false);
    expect(verifyNeighbours(5, at(2), at(2)).accepted).toBe(false);
    expect(verifyNeighbours(5, at(3), at(2)).accepted).toBe(false);
    expect(verifyNeighbours(5, null, at(1)).accepted).toBe(false);
    expect(verifyNeighbours(5, at(3), null).accepted).toBe(false);
    expect(verifyNeighbours(1, null, null).accepted).toBe(false);
  });
});

/** On which side a leaf's siblings stand, level by level: what a path alone shows of a size. */
function shapeOf(index: number, size: number): string {
  if (size === 1) return '';
  let split = 1;
  while (2 * split < size) split *= 2;
  return index < split ? `${shapeOf(index, split)}r` : `${shapeOf(index - split, size - split)}l`;
}

/** The digest with its last bit turned. */
function flip(digest: string): string {
  return digest.slice(0, -1) + (parseInt(digest[63], 16) ^ 1).toString(16);
}
