// The byte arena of ids: what goes in comes out, across its blocks.

import { describe, expect, it } from 'vitest';
import {
  appendId,
  copyRecord,
  createIdArena,
  indexIfEqual,
  recordText,
} from '../../src/graph/id-arena.js';

describe('an arena of ids', () => {
  it('knows its records by every byte and by their length', () => {
    const arena = createIdArena();
    for (let length = 1; length <= 9; length++) {
      const bytes = Buffer.from('abcdefghij');
      const reference = appendId(arena, 70 + length, bytes, 0, length);
      const compare = (other: Uint8Array, end: number): number =>
        indexIfEqual(arena, reference, new DataView(other.buffer, other.byteOffset), 0, end);
      expect(compare(bytes, length)).toBe(70 + length);
      expect(compare(bytes, length + 1)).toBe(-1);
      expect(compare(bytes, length - 1)).toBe(-1);
      for (let k = 0; k < length; k++) {
        const other = Uint8Array.from(bytes);
        other[k] ^= 1;
        expect(compare(other, length)).toBe(-1);
      }
    }
  });

  it('keeps records and references through growth and across chunks', () => {
    const arena = createIdArena();
    const bytes = Buffer.alloc(4096, 'x');
    const references: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      bytes.writeUInt32LE(0x20202020 + i);
      references.push(appendId(arena, i, bytes, 0, 2000 + (i % 2001)));
    }
    expect(arena.chunks.length).toBeGreaterThan(1);
    const target = Buffer.alloc(4096);
    for (let i = 0; i < 10_000; i += 11) {
      expect(copyRecord(arena, references[i], target, 0)).toBe(2000 + (i % 2001));
      expect(target.readUInt32LE()).toBe(0x20202020 + i);
      expect(recordText(arena, references[i]).length).toBe(2000 + (i % 2001));
    }
  });
});
