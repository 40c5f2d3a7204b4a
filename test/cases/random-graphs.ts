// Small random graphs in canonical form for the shared cases, made from (seed, stream) alone.

import { randomStream, type Random } from '../../src/base/random.js';
import type { Csr } from '../../src/graph/csr.js';

/** What a random graph should contain. */
export interface GraphWish {
  readonly rows: number;
  readonly arcs: number;
  readonly seed: number;
  /** Draws the weight of an arc; default: all the same, 3. */
  readonly weight?: (random: Random) => number;
  /** Rows from here on stay without arcs in and out. */
  readonly emptyFrom?: number;
  /** Particle 0 links to everyone, and everyone links to particle 1. */
  readonly hubs?: boolean;
}

/** Draws a graph without self-loops, at most one arc per pair, rows ascending. */
export function randomGraph({ rows, arcs, seed, weight, emptyFrom, hubs }: GraphWish): Csr {
  const random = randomStream(seed);
  const active = emptyFrom ?? rows;
  const keys = new Set<number>();
  if (hubs === true) {
    for (let i = 1; i < active; i++) keys.add(i);
    for (let i = 0; i < active; i++) if (i !== 1) keys.add(i * rows + 1);
  }
  const wanted = Math.min(keys.size + arcs, active * (active - 1));
  while (keys.size < wanted) {
    const from = random.below(active);
    const to = random.below(active);
    if (from !== to) keys.add(from * rows + to);
  }
  const sorted = Float64Array.from(keys).sort();
  const offsets = new Uint32Array(rows + 1);
  const columns = new Uint32Array(sorted.length);
  const weights = new Float64Array(sorted.length);
  for (let k = 0; k < sorted.length; k++) {
    offsets[Math.floor(sorted[k] / rows) + 1]++;
    columns[k] = sorted[k] % rows;
    weights[k] = weight === undefined ? 3 : weight(random);
  }
  for (let i = 0; i < rows; i++) offsets[i + 1] += offsets[i];
  return { rows, offsets, columns, weights };
}

/** Numbers in (−1, 1). */
export function randomNumbers(length: number, seed: number, stream = 0): Float64Array {
  const random = randomStream(seed, stream);
  return Float64Array.from({ length }, () => 2 * random.double() - 1);
}
