// A frozen graph in one file, `.focus`: axons, ids and report, ready to be used as typed arrays
// without parsing.
// A SHA-256 (native, 1.1 GB/s here) covers every byte, so damage is found whatever it hits, and
// equal graphs have equal digests.
// Because anyone can compute a digest, the structure is verified as well: a file that loads is a
// graph as buildGraph makes it.

import { createHash } from 'node:crypto';
import { check } from '../base/errors.js';
import type { Graph } from '../graph/graph.js';
import {
  type IdTable,
  MAX_BATCH_IDS,
  createIdTable,
  freezeIds,
  internBatch,
  internId,
  internInteger,
} from '../graph/id-table.js';
import { type Ids, MAX_ID_BYTES } from '../graph/ids.js';
import { canonicalInteger } from '../graph/id-bytes.js';
import { type ByteSink, writeAtomically } from './atomic-file.js';
import { withPlace } from './fields.js';
import {
  DIGEST_AT,
  DIGEST_BYTES,
  type FocusHeader,
  type FocusLayout,
  HEADER_BYTES,
  IDS_INTEGER,
  IDS_TEXT,
  type Section,
  checkByteOrder,
  decodeHeader,
  encodeHeader,
  focusFault,
  layoutOf,
  padded,
} from './focus-layout.js';
import type { RandomAccess } from './random-access.js';

/** Ids as they stand in a file. */
interface PackedIds {
  readonly kind: number;
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array;
}

const LARGEST_INTEGER_ID = 1e15;

/**
 * Writes the graph to `path`, all or nothing. Cost: hash and disk, about 0.4 s for ten million
 * axons.
 */
export async function writeFocusBinary(graph: Graph, path: string): Promise<void> {
  await writeAtomically(path, (sink) => writeFocusTo(graph, sink));
}

/** Writes the bytes of a graph to a sink. */
export async function writeFocusTo(graph: Graph, sink: ByteSink): Promise<void> {
  checkByteOrder();
  const packed = packIds(graph.ids);
  const { axons, particles } = graph;
  const count = axons.offsets[axons.rows];
  const head = encodeHeader({
    idKind: packed.kind,
    particles,
    axons: count,
    idBytes: packed.kind === IDS_TEXT ? packed.bytes.length : 0,
    largestStake: graph.largestStake,
    report: graph.report,
  });
  const parts = [
    axons.offsets.subarray(0, particles + 1),
    axons.columns.subarray(0, count),
    axons.weights.subarray(0, count),
    packed.ends,
    packed.bytes,
  ].flatMap((array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return [bytes, new Uint8Array(padded(bytes.length) - bytes.length)];
  });
  const hash = createHash('sha256').update(head);
  for (const part of parts) hash.update(part);
  await sink.write(head);
  await sink.write(hash.digest());
  for (const part of parts) if (part.length > 0) await sink.write(part);
}

/**
 * Reads a graph. Sizes are checked against the length of the file before memory is asked for; then
 * the digest, then every invariant of a graph. Throws FocusError `bad-input`. Cost: ten million
 * axons in about 0.5 s, one copy in memory.
 */
export async function readFocusBinary(file: RandomAccess): Promise<Graph> {
  checkByteOrder();
  const { name, size } = file;
  const head = await file.read(0, Math.min(size, HEADER_BYTES));
  const header = decodeHeader(head, size, name);
  const layout = layoutOf(header);
  const hash = createHash('sha256').update(head.subarray(0, DIGEST_AT));
  const section = async ({ start, bytes }: Section): Promise<ArrayBuffer> => {
    const whole = await file.read(start, start + padded(bytes));
    hash.update(whole);
    if (whole.subarray(bytes).some((byte) => byte !== 0))
      throw focusFault(name, 'padding is not zero');
    // Bytes of a file are fresh and start their buffer; those held in memory may start anywhere and
    // are copied.
    const owned = whole.byteOffset === 0 ? whole : new Uint8Array(whole);
    return owned.buffer as ArrayBuffer;
  };
  const offsets = new Uint32Array(await section(layout.offsets), 0, header.particles + 1);
  const columns = new Uint32Array(await section(layout.columns), 0, header.axons);
  const weights = new Float64Array(await section(layout.weights), 0, header.axons);
  const ends = new Uint32Array(await section(layout.idEnds), 0, layout.idEnds.bytes / 4);
  const idBytes = new Uint8Array(await section(layout.ids), 0, layout.ids.bytes);
  const stored = head.subarray(DIGEST_AT, DIGEST_AT + DIGEST_BYTES);
  if (!hash.digest().equals(stored))
    throw focusFault(name, 'the checksum does not match: the file is damaged');
  checkAxons(header, offsets, columns, weights, name);
  return Object.freeze({
    particles: header.particles,
    ids: unpackIds(header, layout, ends, idBytes, name),
    axons: { rows: header.particles, offsets, columns, weights },
    largestStake: header.largestStake,
    report: header.report,
  });
}

/**
 * Offsets ascend, columns ascend in each row and are no self-loops, weights are positive, every
 * particle has an axon.
 */
function checkAxons(
  header: FocusHeader,
  offsets: Uint32Array,
  columns: Uint32Array,
  weights: Float64Array,
  name: string,
): void {
  const { particles, axons } = header;
  if (offsets[0] !== 0 || offsets[particles] !== axons) {
    throw focusFault(
      name,
      `offsets run from ${offsets[0]} to ${offsets[particles]}, expected 0 to ${axons}`,
    );
  }
  const used = new Uint8Array(particles);
  for (let row = 0; row < particles; row++) {
    const end = offsets[row + 1];
    if (end < offsets[row] || end > axons)
      throw focusFault(name, `the offsets of row ${row} do not ascend`);
    if (end > offsets[row]) used[row] = 1;
    let last = -1;
    for (let k = offsets[row]; k < end; k++) {
      const column = columns[k];
      if (column <= last || column >= particles || column === row) {
        throw focusFault(name, `axon ${k} of row ${row} leads to ${column} after ${last}`);
      }
      used[column] = 1;
      last = column;
    }
  }
  for (let k = 0; k < axons; k++) {
    if (!(weights[k] > 0 && weights[k] < Infinity))
      throw focusFault(name, `the weight of axon ${k} is ${weights[k]}`);
  }
  const idle = used.indexOf(0);
  if (idle >= 0) throw focusFault(name, `particle ${idle} has no axon`);
}

/** Packs ids: as integers where all are, else as text. */
function packIds(ids: Ids): PackedIds {
  const { count } = ids;
  const scratch = new Uint8Array(MAX_ID_BYTES);
  const integers = new Float64Array(count);
  let index = 0;
  for (; index < count; index++) {
    const value = canonicalInteger(scratch, 0, ids.copyBytes(index, scratch, 0));
    if (value < 0) break;
    integers[index] = value;
  }
  if (index === count) {
    return { kind: IDS_INTEGER, ends: new Uint32Array(0), bytes: new Uint8Array(integers.buffer) };
  }
  const ends = new Uint32Array(count);
  let bytes = new Uint8Array(64 * count + MAX_ID_BYTES);
  let used = 0;
  for (let i = 0; i < count; i++) {
    if (used + MAX_ID_BYTES > bytes.length) {
      const grown = new Uint8Array(2 * bytes.length + MAX_ID_BYTES);
      grown.set(bytes.subarray(0, used));
      bytes = grown;
    }
    used += ids.copyBytes(i, bytes, used);
    check(used < 2 ** 32, 'too-large', () => 'the ids take more than 4 GiB', 'use shorter ids');
    ends[i] = used;
  }
  return { kind: IDS_TEXT, ends, bytes: bytes.subarray(0, used) };
}

/**
 * The table of the ids: interning them proves that they are distinct and well-formed, and makes
 * look-ups ready.
 */
function unpackIds(
  header: FocusHeader,
  layout: FocusLayout,
  ends: Uint32Array,
  bytes: Uint8Array,
  name: string,
): Ids {
  const { particles } = header;
  const table = createIdTable(particles);
  if (header.idKind === IDS_INTEGER) {
    const integers = new Float64Array(bytes.buffer, bytes.byteOffset, layout.ids.bytes / 8);
    for (let i = 0; i < particles; i++) {
      const value = integers[i];
      const isId =
        value >= 0 &&
        value < LARGEST_INTEGER_ID &&
        Math.floor(value) === value &&
        !Object.is(value, -0);
      if (!isId) throw focusFault(name, `id ${i} is ${value}, expected an integer below 10¹⁵`);
      if (internInteger(table, value) !== i) throw focusFault(name, `the id ${value} stands twice`);
    }
    return freezeIds(table);
  }
  checkEnds(ends, bytes.length, name);
  let text = false;
  const bounds = new Int32Array(2 * MAX_BATCH_IDS);
  const found = new Uint32Array(MAX_BATCH_IDS);
  // Batches, because the cache misses of a table of a million ids then overlap.
  for (let first = 0; first < particles; first += MAX_BATCH_IDS) {
    const count = Math.min(MAX_BATCH_IDS, particles - first);
    const base = first === 0 ? 0 : ends[first - 1];
    const batch = bytes.subarray(base, ends[first + count - 1]);
    for (let i = 0; i < count; i++) {
      bounds[2 * i] = i === 0 ? 0 : bounds[2 * i - 1];
      bounds[2 * i + 1] = ends[first + i] - base;
      text ||= canonicalInteger(batch, bounds[2 * i], bounds[2 * i + 1]) < 0;
    }
    const taken = internBatch(table, batch, bounds, count, found);
    if (taken < count) refuseId(table, batch, bounds[2 * taken], bounds[2 * taken + 1], name);
    for (let i = 0; i < count; i++) {
      if (found[i] !== first + i) throw focusFault(name, `id ${first + i} stands twice`);
    }
  }
  if (!text) throw focusFault(name, 'integer ids are stored as text');
  return freezeIds(table);
}

/** Ends of ids ascend up to the number of bytes; an id has a byte at least. */
function checkEnds(ends: Uint32Array, bytes: number, name: string): void {
  for (let i = 0, last = 0; i < ends.length; i++) {
    if (ends[i] < last) throw focusFault(name, `the ends of the ids do not ascend at ${i}`);
    last = ends[i];
  }
  const end = ends[ends.length - 1];
  if (end !== bytes) throw focusFault(name, `the ids end at ${end}, expected ${bytes}`);
}

/** Throws for an id that the table refuses: it knows why, and is asked once more. */
function refuseId(
  table: IdTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
): never {
  try {
    internId(table, bytes, start, end);
  } catch (error) {
    throw withPlace(error, name);
  }
  throw focusFault(name, 'an id was refused');
}
