// Kronecker graphs as GAP's pr_spmv has them: undirected, no duplicate arcs, no self-loops, every
// weight one.
import { closeSync, openSync, writeSync } from 'node:fs';
import { generateBlocks } from '../dist/graph/generate.js';

/** A symmetric CSR of the given scale: 2^scale particles, 16 links each before duplicates go. */
export function kronecker(scale, seed = 1) {
  const rows = 2 ** scale;
  const links = rows * 16;
  const from = new Uint32Array(links);
  const to = new Uint32Array(links);
  let made = 0;
  for (const block of generateBlocks({ profile: 'kronecker', seed, scale })) {
    for (let i = 0; i < block.count; i++) {
      from[made] = block.from[i];
      to[made++] = block.to[i];
    }
  }
  const starts = new Uint32Array(rows + 1);
  for (let k = 0; k < made; k++) {
    if (from[k] === to[k]) continue;
    starts[from[k] + 1]++;
    starts[to[k] + 1]++;
  }
  for (let i = 0; i < rows; i++) starts[i + 1] += starts[i];
  const next = starts.slice(0, rows);
  const columns = new Uint32Array(starts[rows]);
  for (let k = 0; k < made; k++) {
    if (from[k] === to[k]) continue;
    columns[next[from[k]]++] = to[k];
    columns[next[to[k]]++] = from[k];
  }
  return withoutDuplicates(rows, starts, columns);
}

function withoutDuplicates(rows, starts, columns) {
  const offsets = new Uint32Array(rows + 1);
  let kept = 0;
  for (let i = 0; i < rows; i++) {
    const row = columns.subarray(starts[i], starts[i + 1]).sort();
    let last = -1;
    for (let k = 0; k < row.length; k++) {
      if (row[k] === last) continue;
      last = row[k];
      columns[kept++] = last;
    }
    offsets[i + 1] = kept;
  }
  return {
    rows,
    offsets,
    columns: columns.subarray(0, kept),
    weights: new Float64Array(kept).fill(1),
  };
}

/**
 * Writes GAP's serialised form (.sg): undirected flag, arcs, nodes, offsets as i64, neighbours as
 * i32.
 */
export function writeSerialised({ rows, offsets, columns }, path) {
  const file = openSync(path, 'w');
  const head = Buffer.alloc(17);
  head.writeBigInt64LE(BigInt(columns.length), 1);
  head.writeBigInt64LE(BigInt(rows), 9);
  const bytes = (view) => {
    const whole = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    for (let at = 0; at < whole.length;)
      at += writeSync(file, whole, at, Math.min(2 ** 28, whole.length - at));
  };
  writeSync(file, head);
  bytes(BigInt64Array.from(offsets, BigInt));
  bytes(columns);
  closeSync(file);
}
