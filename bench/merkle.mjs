// How fast are roots? Trees over leaves of --bytes bytes, by one hash of node:crypto at a time and by
// the engine on one thread and on --threads; then the roots of a bostrom graph of --links links with
// ids of 46 characters, and of a focus on it, sort of the ids included. Best of --rounds.
import { createHash } from 'node:crypto';
import { merkleRoot, openMerkleTree } from '../dist/base/merkle.js';
import { openFocusRoot } from '../dist/focus/root.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';
import { openGraphRoot } from '../dist/graph/root.js';

export async function bench({
  leaves = '3000000',
  bytes = '100',
  links = '3000000',
  threads = '2',
  rounds = '3',
}) {
  const [count, length] = [Number(leaves), Number(bytes)];
  const all = Number(threads);
  const rows = [];
  const measure = (tree, used, size, run) => {
    let best = Infinity;
    for (let round = 0; round < Number(rounds); round++) {
      const start = performance.now();
      run();
      best = Math.min(best, performance.now() - start);
    }
    rows.push({
      tree,
      threads: String(used),
      leaves: size,
      ms: best,
      'leaves/s': (1000 * size) / best,
    });
  };
  const some = Math.min(count, 200_000);
  const list = plainLeaves(some, length);
  measure(`${length} bytes, node:crypto`, 1, some, () => nativeRoot(list));
  for (const used of [1, all]) {
    const list = plainLeaves(count, length);
    measure(`${length} bytes`, used, count, () => merkleRoot(list, { threads: used }));
  }
  const proofs = 10_000;
  const tree = openMerkleTree(plainLeaves(count, length), { threads: all });
  const spread = Array.from({ length: proofs }, (_, i) => Math.floor((i * count) / proofs));
  measure('proofs, spread', 1, proofs, () => tree.prove(spread));

  const options = { profile: 'bostrom', seed: 1, links: Number(links), ids: 'cid' };
  const graph = buildGraph(generateLinks(options));
  const phi = new Float64Array(graph.particles).fill(1 / graph.particles);
  const units = BigInt64Array.from(phi, (value) => BigInt(Math.floor(value * 2 ** 61)));
  for (const used of [1, all]) {
    const { axons } = graph.report;
    measure('axons, 46-character ids', used, axons, () => openGraphRoot(graph, { threads: used }));
    const focus = () => openFocusRoot(graph.ids, units, { threads: used });
    measure('particles, 46-character ids', used, graph.particles, focus);
  }
  return rows;
}

/** Leaves copied byte by byte out of one buffer, as ids are. */
function plainLeaves(count, length) {
  const source = Uint8Array.from({ length: 1 << 16 }, (_, i) => (i * 2654435761) >>> 13);
  return {
    count,
    mostBytes: length,
    write: (index, target, at) => {
      const from = (index * 7) & 0x3fff;
      for (let k = 0; k < length; k++) target[at + k] = source[from + k];
      return length;
    },
  };
}

function nativeRoot({ count, mostBytes, write }) {
  const bytes = new Uint8Array(mostBytes + 1);
  let level = Array.from({ length: count }, (_, i) => {
    const length = write(i, bytes, 1);
    return createHash('sha256')
      .update(bytes.subarray(0, length + 1))
      .digest();
  });
  const prefix = Uint8Array.of(1);
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      next.push(
        createHash('sha256')
          .update(prefix)
          .update(level[i])
          .update(level[i + 1])
          .digest(),
      );
    }
    if (level.length % 2 === 1) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0].toString('hex');
}
