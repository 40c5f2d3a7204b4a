// Puts an arrangement on the device: slices of consecutive rows, each in one buffer of at most the
// binding limit, so a matrix may be larger than a binding. A slice is [items | columns | weights of
// each table] in words of 32 bits; an item is a row with its three arc positions, or a segment of a
// row longer than SEGMENT_ARCS, whose partial sum join.wgsl adds up. Where a table has weights for
// in-arcs alone, a fifth word of an item is what leads from an arc to its weight there: the in-arcs
// before the item, less all arcs before it.

import { arrange, lanesLog2, storedArcs, type Arrangement, type Structure } from './arrangement.js';
import { usages, type Device } from './device.js';
import type { NumberFormat } from './format.js';
import { ITEM_FIELDS, type ArcRanges, type WeightTable, type Weighing } from './weighing.js';

/** Longest piece of a row that one workgroup sums. */
export const SEGMENT_ARCS = 1024;
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
  /** Where the weights of each table start. */
  readonly weightBases: readonly number[];
  readonly bins: readonly Bin[];
}

/** What a product must know of a table of weights. */
export type PlacedTable = Pick<WeightTable, 'sum' | 'displaced'>;

/** A matrix on the device. */
export interface PlacedMatrix {
  readonly slices: readonly Slice[];
  readonly tables: readonly PlacedTable[];
  /** True weight = stored weight · unit. */
  readonly unit: number;
  /** Elements per column that the sums of all segments take in the tail of a vector. */
  readonly partialElements: number;
  /** (row, first partial, partials) of each long row; null where there are none. */
  readonly joins: { readonly buffer: GPUBuffer; readonly count: number } | null;
  readonly longestRow: number;
  /** particle → row, for copies in and out. */
  readonly place: Uint32Array;
}

/** All items of a matrix with global arc positions, and the long rows. */
interface Items extends ArcRanges {
  readonly partials: number;
  readonly joins: readonly number[];
  readonly longestRow: number;
}

/** Words that one table adds to an arc, and to which arcs. */
interface TableWords {
  readonly table: WeightTable;
  readonly perArc: number;
}

/** Words of a slice: of its items, of an arc, and of the weights of each table. */
interface SliceFormat {
  readonly itemWords: number;
  readonly tables: readonly TableWords[];
}

/**
 * Arranges and uploads a graph. Throws `too-large` before it allocates where the budget does not
 * hold it.
 */
export async function placeMatrix(
  device: Device,
  format: NumberFormat,
  axons: Structure,
  directions: 'in' | 'both',
  weighing: Weighing,
): Promise<PlacedMatrix> {
  const stored = storedArcs(axons, directions);
  const what = `a graph of ${axons.rows} rows and ${stored} arcs`;
  device.assertFits(4 * (ITEM_FIELDS * axons.rows + stored), what);
  const arrangement = arrange(axons, directions, weighing.move);
  const tables = weighing.tables(arrangement);
  const items = listItems(arrangement);
  const sums = tables.map(({ sum }) => format.products[sum]);
  const layout: SliceFormat = {
    itemWords: Math.max(...sums.map(({ itemWords }) => itemWords)),
    tables: tables.map((table, k) => ({ table, perArc: sums[k].weightWords })),
  };
  device.assertFits(4 * sliceWords(layout, items, 0, items.count), what);
  const slices: Slice[] = [];
  try {
    for (let first = 0; first < items.count;) {
      const end = sliceEnd(layout, items, first, device.bindingLimit);
      slices.push(await uploadSlice(device, layout, arrangement.columns, items, first, end));
      first = end;
    }
  } catch (error) {
    for (const slice of slices) device.free(slice.buffer);
    throw error;
  }
  return {
    slices,
    tables,
    unit: weighing.unit,
    partialElements: items.partials * Math.max(...sums.map((sum) => sum.partialElements)),
    joins: await uploadJoins(device, items.joins),
    longestRow: items.longestRow,
    place: arrangement.relabelling.place,
  };
}

function listItems({ rows, sequence, starts, middles, ends }: Arrangement): Items {
  let count = rows;
  for (let row = 0; row < rows; row++)
    count += Math.max(1, segmentsOf(ends[row] - starts[row])) - 1;
  const words = new Uint32Array(ITEM_FIELDS * count);
  const itemRows = new Uint32Array(count);
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
      itemRows[at / ITEM_FIELDS] = row;
      words[at++] = segments > 1 ? PARTIAL + partials++ : row;
      words[at++] = start;
      words[at++] = Math.min(end, Math.max(start, middles[row]));
      words[at++] = end;
    }
  }
  return { words, rows: itemRows, count, partials, joins, longestRow };
}

function segmentsOf(arcs: number): number {
  return Math.ceil(arcs / SEGMENT_ARCS);
}

/** Words that the items first … end − 1 take together with their arcs and weights. */
function sliceWords(layout: SliceFormat, { words }: Items, first: number, end: number): number {
  const { itemWords, tables } = layout;
  const arcs = end === first ? 0 : words[ITEM_FIELDS * end - 1] - words[ITEM_FIELDS * first + 1];
  let inArcs = 0;
  if (tables.some(({ table }) => table.displaced)) {
    for (let item = first; item < end; item++) inArcs += inArcsOf(words, item);
  }
  const weights = tables.reduce(
    (sum, { table, perArc }) => sum + perArc * (table.displaced ? inArcs : arcs),
    0,
  );
  return itemWords * (end - first) + arcs + weights;
}

function inArcsOf(words: Uint32Array, item: number): number {
  return words[ITEM_FIELDS * item + 2] - words[ITEM_FIELDS * item + 1];
}

/** The item after the last that still fits one binding together with its arcs. */
function sliceEnd(layout: SliceFormat, items: Items, first: number, limit: number): number {
  let words = 0;
  let end = first;
  while (end < items.count) {
    words += sliceWords(layout, items, end, end + 1);
    // A segment of 1,024 arcs with both tables of two words takes 20 KiB: one item fits every
    // adapter's binding, if not every one that a test asks for.
    if (4 * words > limit && end > first) break;
    end++;
  }
  return end;
}

async function uploadSlice(
  device: Device,
  { itemWords, tables }: SliceFormat,
  columns: Uint32Array,
  items: Items,
  first: number,
  end: number,
): Promise<Slice> {
  const firstArc = items.words[ITEM_FIELDS * first + 1];
  const endArc = items.words[ITEM_FIELDS * end - 1];
  const local = new Uint32Array(itemWords * (end - first));
  const bins: { firstItem: number; items: number; lanesLog2: number }[] = [];
  let inArcs = 0;
  for (let item = 0; item < end - first; item++) {
    const from = ITEM_FIELDS * (first + item);
    const at = itemWords * item;
    local[at] = items.words[from];
    for (let word = 1; word < ITEM_FIELDS; word++)
      local[at + word] = items.words[from + word] - firstArc;
    if (itemWords > ITEM_FIELDS) local[at + ITEM_FIELDS] = inArcs - local[at + 1];
    inArcs += inArcsOf(items.words, first + item);
    const lanes = lanesLog2(local[at + 3] - local[at + 1]);
    const last = bins.at(-1);
    if (last === undefined || last.lanesLog2 !== lanes)
      bins.push({ firstItem: item, items: 1, lanesLog2: lanes });
    else last.items++;
  }
  const columnBase = local.length;
  let size = columnBase + endArc - firstArc;
  const weightBases = tables.map(({ table, perArc }) => {
    const base = size;
    size += perArc * (table.displaced ? inArcs : endArc - firstArc);
    return base;
  });
  const buffer = device.allocate('matrix slice', 4 * size, usages.storage | usages.copyTarget);
  await upload(device, buffer, 0, local);
  await upload(device, buffer, 4 * columnBase, columns.subarray(firstArc, endArc));
  for (const [k, { table, perArc }] of tables.entries()) {
    if (perArc > 0) await upload(device, buffer, 4 * weightBases[k], table.pack(items, first, end));
  }
  return { buffer, columnBase, weightBases, bins };
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
