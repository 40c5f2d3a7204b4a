// Encodes the verb amend of exact arithmetic (exact.ts): entries placed once in a buffer of their
// own, one dispatch for each use.

import { check } from '../../base/errors.js';
import type { Entries } from '../backend.js';
import { FRACTION_BITS, type ExactEntry } from '../exact.js';
import { checkEntries } from '../exact-entries.js';
import { int64Words } from './format.js';
import type { Stage } from './product.js';
import type { SmallBuffers } from './small-buffers.js';
import type { DeviceVector } from './vectors.js';

/** Entries on the device, with rows in device order; no buffer where there are none. */
export class DeviceExactEntries implements Entries {
  live = true;

  constructor(
    readonly home: SmallBuffers,
    readonly count: number,
    readonly columns: number,
    readonly buffer: GPUBuffer | null,
  ) {}
}

const ONE = 1n << BigInt(FRACTION_BITS);
const ENTRY_WORDS = 7;
const PART_WORDS = 5;
/** Indices into the buffer are of 32 bits. */
const MOST_WORDS = 2 ** 30;

/** Lays entries out for amend-exact.wgsl and uploads them; `place` gives the device row of a particle. */
export function placeExactEntries(
  home: SmallBuffers,
  entries: readonly ExactEntry[],
  columns: number,
  place: Uint32Array,
): DeviceExactEntries {
  checkEntries(entries, place.length, columns);
  if (entries.length === 0) return new DeviceExactEntries(home, 0, columns, null);
  const parts = entries.reduce((sum, entry) => sum + entry.parts.length, 0);
  const length = ENTRY_WORDS * entries.length + PART_WORDS * parts;
  check(
    length <= MOST_WORDS,
    'too-large',
    () => `${entries.length} entries of ${parts} parts: expected at most ${MOST_WORDS} words`,
    'use fewer columns',
  );
  const words = new Uint32Array(length);
  let at = ENTRY_WORDS * entries.length;
  entries.forEach((entry, e) => {
    const first = at;
    for (const { row, reciprocal, weight } of entry.parts) {
      words[at] = place[row];
      putWide(words, at + 1, reciprocal);
      putWide(words, at + 3, weight);
      at += PART_WORDS;
    }
    const { row, column, keep, plus } = entry;
    const head = ENTRY_WORDS * e;
    words.set([place[row], column, keep ? 1 : 0, 0, 0, first, at], head);
    putWide(words, head + 3, plus);
  });
  return new DeviceExactEntries(home, entries.length, columns, home.take('entries', words));
}

const wide = new BigInt64Array(1);
const halves = new Uint32Array(wide.buffer);

/** The two words of an integer that has been checked to have 64 bits: there may be many. */
function putWide(words: Uint32Array, at: number, value: bigint): void {
  wide[0] = value;
  words[at] = halves[0];
  words[at + 1] = halves[1];
}

/** Records one dispatch. */
export function recordExactAmend(
  stage: Stage,
  target: DeviceVector,
  { count, columns, buffer }: DeviceExactEntries,
  source: DeviceVector,
  factor: bigint,
): void {
  if (buffer === null) return;
  const { recorder, kernels } = stage;
  const groups = Math.ceil(count / kernels.lanes);
  recorder.reserve(1, 0);
  recorder.dispatch(kernels.amend, [target.buffer, buffer, source.buffer], groups, (words) =>
    words.set([count, groups, columns, factor === ONE ? 0 : 1, ...int64Words(factor)]),
  );
}
