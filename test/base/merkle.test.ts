// Merkle trees against the vectors of certificate transparency and against the RFC's own recursion:
// wherever lanes, blocks of 64, slots and threads meet, the digests are those of one hash at a time.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { leavesOf, merkleRoot, openMerkleTree, type Leaves } from '../../src/base/merkle.js';
import { hashLeaves } from '../../src/base/merkle-hasher.js';
import { verifyInclusion } from '../../src/base/merkle-proof.js';
import { hashOf, hex, pathOf } from '../merkle-tree.js';

// google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc, whose roots and paths were
// computed by its C++ and its Go implementation.
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((digits) => Buffer.from(digits, 'hex'));
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const CT_PATHS: readonly [index: number, size: number, path: readonly string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

/** Random leaves of random lengths in 0 … mostBytes. */
function randomLeaves(seed: number, count: number, mostBytes: number): Buffer[] {
  const random = randomStream(seed);
  return Array.from({ length: count }, () => {
    const length = random.below(mostBytes + 1);
    return Buffer.from(Array.from({ length }, () => random.below(256)));
  });
}

describe('SHA-256 in four lanes', () => {
  it('is that of node:crypto for every length from 0 to 300, whatever its neighbours', () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 37) % 256));
    // 75 has no factor of 301, so every length comes once, and lanes of one group end apart.
    const list = Array.from({ length: 301 }, (_, i) => bytes.subarray(0, (i * 75) % 301));
    const leaves = leavesOf(list);
    for (let first = 0; first < list.length; first += 64) {
      const digests = hashLeaves(leaves, first);
      list.slice(first, first + 64).forEach((leaf, i) => {
        const expected = createHash('sha256').update(Uint8Array.of(0)).update(leaf).digest('hex');
        expect(hex(digests.subarray(32 * i, 32 * i + 32)), `${leaf.length} bytes`).toBe(expected);
      });
    }
  });

  it('is that of node:crypto for random bytes, up to the longest leaf', () => {
    const list = [0, 1, 54, 55, 56, 63, 64, 119, 120, 65_000, 65_535, 65_536].map(
      (length, seed) => {
        const random = randomStream(seed);
        return Buffer.from(Array.from({ length }, () => random.below(256)));
      },
    );
    for (const leaf of list) expect(merkleRoot(leavesOf([leaf]))).toBe(hex(hashOf([leaf])));
    expect(merkleRoot(leavesOf(list))).toBe(hex(hashOf(list)));
  });
});

describe('a Merkle tree', () => {
  it('has the roots of certificate transparency', () => {
    CT_ROOTS.forEach((root, size) => {
      expect(openMerkleTree(leavesOf(CT_LEAVES.slice(0, size))).head).toEqual({ root, size });
    });
  });

  it('has the audit paths of certificate transparency', () => {
    for (const [index, size, path] of CT_PATHS) {
      const tree = openMerkleTree(leavesOf(CT_LEAVES.slice(0, size)));
      expect(tree.prove([index])).toEqual([{ index, path }]);
    }
  });

  it('has the root and the paths of the recursion at every small size and around powers of two', () => {
    const all = randomLeaves(2, 2100, 90);
    const sizes = Array.from({ length: 70 }, (_, n) => n);
    sizes.push(
      ...[127, 128, 129, 191, 255, 256, 257, 1023, 1024, 1025, 1088, 2047, 2048, 2049, 2100],
    );
    for (const size of sizes) {
      const list = all.slice(0, size);
      const tree = openMerkleTree(leavesOf(list));
      expect(tree.head, `${size} leaves`).toEqual({ root: hex(hashOf(list)), size });
      const some = [0, 1, 62, 63, 64, size >> 1, size - 2, size - 1];
      const indices = [...new Set(some)].filter((i) => i >= 0 && i < size);
      tree.prove(indices).forEach((proof, k) => {
        const index = indices[k];
        expect(proof).toEqual({ index, path: pathOf(index, list).map(hex) });
        expect(verifyInclusion(tree.head, list[index], proof)).toEqual({ accepted: true });
      });
    }
  });

  it('is that of the recursion for random leaves of random lengths', () => {
    fc.assert(
      fc.property(
        fc.nat(1 << 30),
        fc.integer({ min: 1, max: 400 }),
        fc.nat(300),
        (seed, count, most) => {
          const list = randomLeaves(seed, count, most);
          const tree = openMerkleTree(leavesOf(list));
          expect(tree.head.root).toBe(hex(hashOf(list)));
          const index = seed % count;
          expect(tree.prove([index])[0].path).toEqual(pathOf(index, list).map(hex));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is the same on any number of threads, also where leaves need several slots', () => {
    const count = 2 ** 17 + 1234;
    // Leaves of up to 5,000 bytes are promised, so that a slot holds few blocks of them.
    const leaves: Leaves = {
      count,
      mostBytes: 5000,
      write: (index, target, at) => {
        target[at] = index & 255;
        target[at + 1] = (index >> 8) & 255;
        target[at + 2] = index >> 16;
        return index % 4;
      },
    };
    const list = Array.from({ length: count }, (_, i) =>
      Uint8Array.of(i & 255, (i >> 8) & 255, i >> 16).subarray(0, i % 4),
    );
    const expected = hex(hashOf(list));
    for (const threads of [1, 2, 5]) expect(merkleRoot(leaves, { threads })).toBe(expected);
  });

  it('proves many leaves in the order asked, each once, twice or not at all', () => {
    const list = randomLeaves(3, 700, 40);
    const tree = openMerkleTree(leavesOf(list));
    const indices = [699, 0, 64, 63, 699, 1, 640];
    expect(tree.prove(indices)).toEqual(indices.flatMap((index) => tree.prove([index])));
    expect(tree.prove([])).toEqual([]);
  });

  it('refuses an index that it does not have', () => {
    const tree = openMerkleTree(leavesOf(CT_LEAVES));
    for (const index of [-1, 8, 0.5, NaN, Infinity, 2 ** 32]) {
      expect(() => tree.prove([index])).toThrow(/index: expected an integer from 0 and below 8/);
    }
    expect(() => openMerkleTree(leavesOf([])).prove([0])).toThrow(/below 0/);
  });

  it('notices that a leaf has changed since', () => {
    const list = randomLeaves(4, 300, 40).map((leaf) => Buffer.concat([leaf, Buffer.of(1)]));
    const tree = openMerkleTree(leavesOf(list));
    list[70][0] ^= 1;
    expect(() => tree.prove([64])).toThrow(/leaves 64 and following differ/);
    expect(tree.prove([0])[0].index).toBe(0);
  });

  it('can be made inside the leaf of another', () => {
    const inner = leavesOf(CT_LEAVES);
    const outer: Leaves = {
      count: 100,
      mostBytes: 32,
      write: (index, target, at) => {
        const root = merkleRoot({ ...inner, count: index % 9 });
        target.set(Buffer.from(root, 'hex'), at);
        return 32;
      },
    };
    const list = Array.from({ length: 100 }, (_, i) => Buffer.from(CT_ROOTS[i % 9], 'hex'));
    expect(merkleRoot(outer)).toBe(hex(hashOf(list)));
  });

  it('goes on after a leaf that threw', () => {
    const failing: Leaves = {
      count: 3000,
      mostBytes: 1,
      write: (index) => {
        if (index === 2500) throw new Error('no such leaf');
        return 0;
      },
    };
    expect(() => merkleRoot(failing)).toThrow('no such leaf');
    expect(merkleRoot(leavesOf(CT_LEAVES))).toBe(CT_ROOTS[8]);
  });

  it('refuses sizes out of range, and leaves longer than they promised', () => {
    const write = (): number => 0;
    for (const count of [-1, 0.5, NaN, 2 ** 32 + 1]) {
      expect(() => merkleRoot({ count, mostBytes: 1, write })).toThrow(/expected a count/);
    }
    for (const mostBytes of [-1, 0.5, 65_537, NaN]) {
      expect(() => merkleRoot({ count: 1, mostBytes, write })).toThrow(
        /expected at most 65536 bytes/,
      );
    }
    expect(() => merkleRoot({ count: 1, mostBytes: 1, write: () => 2 })).toThrow(/at most 1 bytes/);
    for (const threads of [0, 257, 1.5, NaN]) {
      expect(() => merkleRoot(leavesOf([]), { threads })).toThrow(/threads: expected/);
    }
  });
});
