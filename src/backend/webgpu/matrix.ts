// Puts an arrangement on the device: slices of consecutive rows, each in one buffer of at most the
// binding limit, so a matrix may be larger than a binding. A slice is [items | columns | weights]
// in words of 32 bits; an item, four words, is a row with its three arc positions, or a segment of
// a row longer than SEGMENT_ARCS, whose partial sum join.wgsl adds up.

import type { Csr } from '../../graph/csr.js';
import { arrange, lanesLog2, type Arrangement } from './arrangement.js';
import { usages, type Device } from './device.js';

/** Longest piece of a row that one workgroup sums. */
export const SEGMENT_ARCS = 1024;
const ITEM_WORDS = 4;
const PARTIAL = 0x8000_0000;
/** Bytes uploaded before the host waits, so that the driver's staging memory stays small. */
const UPLOAD_BYTES = 2 ** 28;

/** Consecutive items of a slice whose rows take the same number of lanes. */
export interface Bin {
  readonly firstItem: number;
  readonly items: number;
  readonly lanesLog2: number;
}

/** Consecutive rows of the matrix in one buffer. */
export interface Slice {
  readonly buffer: GPUBuffer;
  readonly columnBase: number;
  readonly weightBase: number;
  readonly bins: readonly Bin[];
}

/** A matrix on the device. */
export interface PlacedMatrix {
  readonly slices: readonly Slice[];
  readonly weighted: boolean;
  /** True weight = stored weight · unit. */
  readonly unit: number;
  /** Segments of all long rows: the tail of every vector has room for their sums. */
  readonly partials: number;
  /** (row, first partial, partials) of each long row; null where there are none. */
  readonly joins: { readonly buffer: GPUBuffer; readonly count: number } | null;
  readonly longestRow: number;
  /** particle → row, for copies in and out. */
  readonly place: Uint32Array;
}

/** All items of a matrix with global arc positions, and the long rows. */
interface Items {
  readonly words: Uint32Array;
  readonly count: number;
  readonly partials: number;
  readonly joins: readonly number[];
  readonly longestRow: number;
}

/**
 * Arranges and uploads a graph. Throws `too-large` before it allocates where the budget does not
 * hold it.
 */
export async function placeMatrix(
  device: Device,
  axons: Csr,
  directions: 'in' | 'both',
): Promise<PlacedMatrix> {
  const stored = axons.offsets[axons.rows] * (directions === 'both' ? 2 : 1);
  device.assertFits(
    4 * (ITEM_WORDS * axons.rows + stored),
    `a graph of ${axons.rows} rows and ${stored} arcs`,
  );
  const arrangement = arrange(axons, directions);
  const items = listItems(arrangement);
  const words = ITEM_WORDS * items.count + stored * (arrangement.weights === null ? 1 : 2);
  device.assertFits(4 * words, `a graph of ${axons.rows} rows and ${stored} arcs`);
  const slices: Slice[] = [];
  try {
    for (let first = 0; first < items.count;) {
      const end = sliceEnd(items, first, arrangement.weights !== null, device.bindingLimit);
      slices.push(await uploadSlice(device, arrangement, items, first, end));
      first = end;
    }
  } catch (error) {
    for (const slice of slices) device.free(slice.buffer);
    throw error;
  }
  return {
    slices,
    weighted: arrangement.weights !== null,
    unit: arrangement.unit,
    partials: items.partials,
    joins: await uploadJoins(device, items.joins),
    longestRow: items.longestRow,
    place: arrangement.relabelling.place,
  };
}

function listItems({ rows, sequence, starts, middles, ends }: Arrangement): Items {
  let count = rows;
  for (let row = 0; row < rows; row++)
    count += Math.max(1, segmentsOf(ends[row] - starts[row])) - 1;
  const words = new Uint32Array(ITEM_WORDS * count);
  const joins: number[] = [];
  let at = 0;
  let partials = 0;
  let longestRow = 0;
  for (let k = 0; k < rows; k++) {
    const row = sequence[k];
    const arcs = ends[row] - starts[row];
    const segments = segmentsOf(arcs);
    longestRow = Math.max(longestRow, arcs);
    if (segments > 1) joins.push(row, partials, segments);
    for (let s = 0; s < Math.max(1, segments); s++) {
      const start = starts[row] + Math.floor((arcs * s) / Math.max(1, segments));
      const end = segments <= 1 ? ends[row] : starts[row] + Math.floor((arcs * (s + 1)) / segments);
      words[at++] = segments > 1 ? PARTIAL + partials++ : row;
      words[at++] = start;
      words[at++] = Math.min(end, Math.max(start, middles[row]));
      words[at++] = end;
    }
  }
  return { words, count, partials, joins, longestRow };
}

function segmentsOf(arcs: number): number {
  return Math.ceil(arcs / SEGMENT_ARCS);
}

/** The item after the last that still fits one binding together with its arcs. */
function sliceEnd(
  { words, count }: Items,
  first: number,
  weighted: boolean,
  limit: number,
): number {
  const firstArc = words[ITEM_WORDS * first + 1];
  let end = first;
  while (end < count) {
    const arcs = words[ITEM_WORDS * end + 3] - firstArc;
    const bytes = 4 * (ITEM_WORDS * (end + 1 - first) + arcs * (weighted ? 2 : 1));
    // One item always fits: 1,024 weighted arcs take half of the least binding limit.
    if (bytes > limit && end > first) break;
    end++;
  }
  return end;
}

async function uploadSlice(
  device: Device,
  { columns, weights }: Arrangement,
  { words }: Items,
  first: number,
  end: number,
): Promise<Slice> {
  const firstArc = words[ITEM_WORDS * first + 1];
  const endArc = words[ITEM_WORDS * end - 1];
  const local = words.slice(ITEM_WORDS * first, ITEM_WORDS * end);
  const bins: { firstItem: number; items: number; lanesLog2: number }[] = [];
  for (let item = 0; item < end - first; item++) {
    const at = ITEM_WORDS * item;
    const lanes = lanesLog2(local[at + 3] - local[at + 1]);
    for (let word = 1; word < ITEM_WORDS; word++) local[at + word] -= firstArc;
    const last = bins.at(-1);
    if (last === undefined || last.lanesLog2 !== lanes)
      bins.push({ firstItem: item, items: 1, lanesLog2: lanes });
    else last.items++;
  }
  const columnBase = local.length;
  const weightBase = columnBase + endArc - firstArc;
  const size = 4 * (weightBase + (weights === null ? 0 : endArc - firstArc));
  const buffer = device.allocate('matrix slice', size, usages.storage | usages.copyTarget);
  await upload(device, buffer, 0, local);
  await upload(device, buffer, 4 * columnBase, columns.subarray(firstArc, endArc));
  if (weights !== null)
    await upload(device, buffer, 4 * weightBase, weights.subarray(firstArc, endArc));
  return { buffer, columnBase, weightBase, bins };
}

async function uploadJoins(
  device: Device,
  joins: readonly number[],
): Promise<PlacedMatrix['joins']> {
  if (joins.length === 0) return null;
  const buffer = device.allocate('long rows', 4 * joins.length, usages.storage | usages.copyTarget);
  await upload(device, buffer, 0, Uint32Array.from(joins));
  return { buffer, count: joins.length / 3 };
}

/**
 * Copies words in, in pieces. The arrays are this file's own, never shared memory, which Dawn
 * cannot read from.
 */
async function upload(
  device: Device,
  buffer: GPUBuffer,
  byte: number,
  words: Uint32Array | Float32Array,
): Promise<void> {
  const { queue } = device.device;
  const step = UPLOAD_BYTES / 4;
  for (let k = 0; k < words.length; k += step) {
    const piece = words.subarray(k, Math.min(words.length, k + step));
    queue.writeBuffer(buffer, byte + 4 * k, piece as GPUAllowSharedBufferSource, 0, piece.length);
    if (words.length > step) await device.settle(queue.onSubmittedWorkDone());
  }
}
