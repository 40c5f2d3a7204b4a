// Encodes the verb amend: entries placed once in a buffer of their own, one dispatch for each use.
// Vectors are stored divided by powers of two (scaling.ts), and weights and factors may lie as far
// apart as stakes do: each is a mantissa and an exponent, and only a product of all leaves f32.

import type { Entries, Entry, EntryTable } from '../backend.js';
import { MOST_SOURCES, demandsOf, tableOf, type Demands } from '../entries.js';
import { bitsOf } from './format.js';
import type { Stage } from './product.js';
import { split } from './scaling.js';
import type { SmallBuffers } from './small-buffers.js';

/** Entries on the device, with rows in device order; no buffer where there are none. */
export class DeviceEntries implements Entries {
  live = true;

  constructor(
    readonly home: SmallBuffers,
    readonly count: number,
    readonly demands: Demands,
    readonly buffer: GPUBuffer | null,
  ) {}
}

/** Numbers on the device, a block or scalars: (row, column) at base + row · stride + column. */
export interface Operand {
  readonly buffer: GPUBuffer;
  readonly base: number;
  readonly stride: number;
  /** value = stored number · 2^exponent. */
  readonly exponent: number;
}

const ENTRY_WORDS = 6;
const PART_WORDS = 5;
const HEAD_WORDS = 8;
const ONE = wordsOf(1, 0);

/** Lays entries out for amend.wgsl and uploads them; `place` gives the device row of a particle. */
export function placeEntries(
  home: SmallBuffers,
  entries: readonly Entry[] | EntryTable,
  place: Uint32Array,
): DeviceEntries {
  const table = tableOf(entries);
  const demands = demandsOf(table, place.length);
  const { rows, columns, keeps, starts, sources, partRows, partColumns, weights } = table;
  const count = rows.length;
  if (count === 0) return new DeviceEntries(home, 0, demands, null);
  const words = new Uint32Array(ENTRY_WORDS * count + PART_WORDS * weights.length);
  const rowOf = (row: number): number => (row < 0 ? 0 : place[row]);
  const partAt = (k: number): number => ENTRY_WORDS * count + PART_WORDS * k;
  for (let e = 0; e < count; e++) {
    const ends = [partAt(starts[e]), partAt(starts[e + 1])];
    words.set([rowOf(rows[e]), columns[e], ...wordsOf(keeps[e], 0), ...ends], ENTRY_WORDS * e);
  }
  for (let k = 0; k < weights.length; k++) {
    const weight = wordsOf(weights[k], 0);
    words.set([sources[k], rowOf(partRows[k]), partColumns[k], ...weight], partAt(k));
  }
  return new DeviceEntries(home, count, demands, home.take('entries', words));
}

/** Records one dispatch; the target keeps its power of two. */
export function recordAmend(
  stage: Stage,
  target: Operand,
  { count, buffer }: DeviceEntries,
  sources: readonly (Operand & { readonly factor: number })[],
): void {
  if (buffer === null) return;
  const { recorder, kernels, nothing } = stage;
  const groups = Math.ceil(count / kernels.lanes);
  // WebGPU forbids binding a buffer for reading and writing at once: where both are reduced
  // scalars, the source is read through the target.
  const inTarget = sources.map((source) => source.buffer === target.buffer);
  const bound = Array.from({ length: MOST_SOURCES }, (_, s) =>
    s >= sources.length || inTarget[s] ? nothing : sources[s].buffer,
  );
  recorder.reserve(1, 0);
  recorder.dispatch(kernels.amend, [target.buffer, buffer, ...bound], groups, (words) => {
    const mask = inTarget.reduce((sum, isIn, s) => sum + (isIn ? 2 ** s : 0), 0);
    words.set([count, groups, target.base, target.stride, ...ONE, mask]);
    sources.forEach(({ base, stride, exponent, factor }, s) => {
      const scaled = wordsOf(factor, exponent - target.exponent);
      words.set([base, stride, ...scaled], HEAD_WORDS + 4 * s);
    });
  });
}

/** value · 2^exponent for num_weigh: the bits of an f32 in ±[1/2, 1], and an integer. */
function wordsOf(value: number, exponent: number): readonly [number, number] {
  const parts = split(value);
  return [bitsOf(parts.mantissa), (parts.exponent + exponent) >>> 0];
}
