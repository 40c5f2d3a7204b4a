// The layout of a .focus file, version 1: header, then five sections, each at a multiple of 8
// bytes. docs/formats.md has the table byte by byte. A graph has exactly one file: sections stand
// in one order, padding is zero, ids have one form.
// Everything is little-endian, so that on the machines in use the sections are the typed arrays
// themselves.

import { endianness } from 'node:os';
import { FocusError, check } from '../base/errors.js';
import type { GraphReport } from '../graph/graph.js';

/**
 * First bytes of every file: a byte no text starts with, the name, and a line end that text
 * transfers would damage.
 */
export const FOCUS_MAGIC = Uint8Array.of(0x89, 0x46, 0x4f, 0x43, 0x55, 0x53, 0x0d, 0x0a);

export const FOCUS_VERSION = 1;

/** Bytes of the header: 128 that the digest covers, and the digest. */
export const HEADER_BYTES = 160;
export const DIGEST_AT = 128;
export const DIGEST_BYTES = 32;

/** Ids as UTF-8 text, or all of them integers in 0…10¹⁵−1. */
export const IDS_TEXT = 0;
export const IDS_INTEGER = 1;

/** What a header says. */
export interface FocusHeader {
  readonly idKind: number;
  readonly particles: number;
  readonly axons: number;
  /** Bytes of all text ids together, 0 for integers. */
  readonly idBytes: number;
  readonly largestStake: number;
  readonly report: GraphReport;
}

/** A section: `bytes` used from `start` on, then zeros up to a multiple of 8. */
export interface Section {
  readonly start: number;
  readonly bytes: number;
}

/** Where everything lies. */
export interface FocusLayout {
  readonly offsets: Section;
  readonly columns: Section;
  readonly weights: Section;
  /** End of each text id among the id bytes; empty for integers. */
  readonly idEnds: Section;
  /** Bytes of the text ids, or one double an integer id. */
  readonly ids: Section;
  readonly fileBytes: number;
}

/** Particles and axons are counted in 32 bits everywhere in the engine. */
const MAX_COUNT = 2 ** 32 - 1;

/** The places of the sections of a graph. Cost O(1). */
export function layoutOf(header: FocusHeader): FocusLayout {
  let at = HEADER_BYTES;
  const next = (bytes: number): Section => {
    const section = { start: at, bytes };
    at += padded(bytes);
    return section;
  };
  const text = header.idKind === IDS_TEXT;
  return {
    offsets: next(4 * (header.particles + 1)),
    columns: next(4 * header.axons),
    weights: next(8 * header.axons),
    idEnds: next(text ? 4 * header.particles : 0),
    ids: next(text ? header.idBytes : 8 * header.particles),
    fileBytes: at,
  };
}

/** Rounds up to a multiple of 8. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The first 128 bytes of a file. */
export function encodeHeader(header: FocusHeader): Uint8Array {
  const bytes = new Uint8Array(DIGEST_AT);
  const view = new DataView(bytes.buffer);
  const { report } = header;
  bytes.set(FOCUS_MAGIC);
  view.setUint32(8, FOCUS_VERSION, true);
  view.setUint32(12, header.idKind, true);
  const words = [layoutOf(header).fileBytes, header.particles, header.axons, header.idBytes];
  const counts = [
    report.links,
    report.merged,
    report.dropped.selfLoops,
    report.dropped.zeroWeight,
    report.dropped.isolatedParticles,
    report.roundedAmounts,
  ];
  words.forEach((word, i) => view.setBigUint64(16 + 8 * i, BigInt(word), true));
  view.setFloat64(48, header.largestStake, true);
  counts.forEach((count, i) => view.setBigUint64(56 + 8 * i, BigInt(count), true));
  return bytes;
}

/**
 * Reads and checks the first 128 bytes of a file of `fileBytes` bytes: after this, no size in it
 * can ask for more memory than the file is long. Throws FocusError `bad-input`.
 */
export function decodeHeader(bytes: Uint8Array, fileBytes: number, name: string): FocusHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || !FOCUS_MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw focusFault(name, 'expected the header of a .focus file, found other bytes');
  }
  const version = view.getUint32(8, true);
  if (version !== FOCUS_VERSION) {
    throw new FocusError(
      'bad-input',
      `${name}: expected version ${FOCUS_VERSION} of the format, found ${version}`,
      'read it with the release that wrote it, and convert it to a text format',
    );
  }
  const word = (at: number): number => {
    const value = Number(view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw focusFault(name, `a count in the header is ${value}`);
    return value;
  };
  const header: FocusHeader = {
    idKind: view.getUint32(12, true),
    particles: word(24),
    axons: word(32),
    idBytes: word(40),
    largestStake: view.getFloat64(48, true),
    report: {
      links: word(56),
      axons: word(32),
      merged: word(64),
      dropped: { selfLoops: word(72), zeroWeight: word(80), isolatedParticles: word(88) },
      roundedAmounts: word(96),
    },
  };
  checkHeader(header, word(16), fileBytes, name);
  for (let at = 104; at < DIGEST_AT; at++) {
    if (bytes[at] !== 0) throw focusFault(name, `expected zero at byte ${at}, found ${bytes[at]}`);
  }
  return header;
}

/** A FocusError for a file that breaks the format. */
export function focusFault(name: string, what: string): FocusError {
  return new FocusError(
    'bad-input',
    `${name}: ${what}`,
    'write the file again with `focus convert`',
  );
}

/** Sections are used as typed arrays, which have the byte order of the machine. */
export function checkByteOrder(): void {
  check(
    endianness() === 'LE',
    'failure',
    () => '.focus files need a little-endian machine',
    'convert to a text format',
  );
}

/** Counts within their ranges, and a file exactly as long as they make it. */
function checkHeader(header: FocusHeader, stated: number, fileBytes: number, name: string): void {
  const { particles, axons, idBytes, idKind, largestStake, report } = header;
  if (idKind !== IDS_TEXT && idKind !== IDS_INTEGER)
    throw focusFault(name, `the ids have the unknown kind ${idKind}`);
  if (!(particles >= 1 && particles <= MAX_COUNT)) throw focusFault(name, `${particles} particles`);
  if (!(axons <= MAX_COUNT && idBytes <= MAX_COUNT))
    throw focusFault(name, `${axons} axons and ${idBytes} bytes of ids`);
  if (idKind === IDS_INTEGER && idBytes !== 0) throw focusFault(name, 'integer ids have no text');
  const { fileBytes: needed } = layoutOf(header);
  if (stated !== needed)
    throw focusFault(name, `the header states ${stated} bytes, its counts make ${needed}`);
  if (fileBytes < needed)
    throw focusFault(name, `truncated: ${fileBytes} of ${needed} bytes are there`);
  if (fileBytes > needed) throw focusFault(name, `${fileBytes - needed} bytes follow the end`);
  if (!(largestStake >= 0 && largestStake < Infinity))
    throw focusFault(name, `the largest stake is ${largestStake}`);
  const { selfLoops, zeroWeight } = report.dropped;
  if (report.links !== axons + report.merged + selfLoops + zeroWeight) {
    throw focusFault(name, 'the links do not add up to axons, merged and dropped ones');
  }
}
