// Entries of exact arithmetic in a workspace's memory, for kernels/exact-amend.ts: rows in the order
// of places, so that a use costs nothing but its arithmetic. WGSL twin: shaders/amend-exact.wgsl,
// src/backend/webgpu/exact-amend.ts.

import { invariant } from '../../base/errors.js';
import type { Entries, Vector } from '../backend.js';
import type { ExactEntry } from '../exact.js';
import { checkEntries } from '../exact-entries.js';
import * as layout from './layout.js';
import type { Memory } from './memory.js';

/** Entries in memory, for blocks of so many columns. */
export interface CpuExactEntries extends Entries {
  readonly columns: number;
  /** Numbers that a use reads or writes. */
  readonly work: number;
  readonly entries: number;
  readonly parts: number;
  readonly bytes: number;
}

/** The entries of one workspace. */
export interface ExactEntryPool {
  place(entries: readonly ExactEntry[], columns: number): CpuExactEntries;
  /** Whether it was entries of this workspace, which then are gone. */
  give(what: Vector | Entries): boolean;
  /** The entries themselves; a defect if they are foreign or released. */
  own(entries: Entries): CpuExactEntries;
}

/** Opens the entries of a workspace; `places` gives the row in memory of a particle. */
export function openExactEntries(memory: Memory, places: Uint32Array): ExactEntryPool {
  const live = new Set<CpuExactEntries>();
  const lanes = 2;
  const place = (entries: readonly ExactEntry[], columns: number): CpuExactEntries => {
    checkEntries(entries, places.length, columns);
    const stride = columns === 1 ? 1 : Math.ceil(columns / lanes) * lanes;
    const count = entries.length;
    const parts = entries.reduce((sum, entry) => sum + entry.parts.length, 0);
    const bytes = layout.ENTRY_BYTES * count + layout.PART_BYTES * parts;
    const address = memory.allocate(bytes);
    const partsAddress = address + layout.ENTRY_BYTES * count;
    const words = memory.u32(address, bytes / 4);
    const wide = memory.i64(address, bytes / 8);
    let part = 0;
    entries.forEach(({ row, column, keep, plus, parts: own }, e) => {
      const at = (layout.ENTRY_BYTES / 4) * e;
      words[at] = places[row] * stride + column;
      words[at + 1] = keep ? 1 : 0;
      wide[at / 2 + 1] = plus;
      words[at + 4] = part;
      words[at + 5] = part + own.length;
      for (const { row: source, reciprocal, weight } of own) {
        const its = (layout.ENTRY_BYTES * count + layout.PART_BYTES * part) / 4;
        words[its] = places[source] * stride + column;
        wide[its / 2 + 1] = reciprocal;
        wide[its / 2 + 2] = weight;
        part++;
      }
    });
    const placed = {
      columns,
      count,
      work: count + parts,
      entries: address,
      parts: partsAddress,
      bytes,
    };
    live.add(placed);
    return placed;
  };
  return {
    place,
    give: (what) => {
      if (!live.delete(what as CpuExactEntries)) return false;
      const { entries, bytes } = what as CpuExactEntries;
      memory.free(entries, bytes);
      return true;
    },
    own: (entries) => {
      invariant(
        live.has(entries as CpuExactEntries),
        'entries are used in their own workspace, and not after their release',
      );
      return entries as CpuExactEntries;
    },
  };
}
