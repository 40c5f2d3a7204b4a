// The memory of a workspace: blocks are zeroed, do not overlap, and go from hand to hand without
// growing it.

import { describe, expect, it } from 'vitest';
import { openMemory } from '../../src/backend/cpu/memory.js';

describe('memory of a workspace', () => {
  it('gives a freed block for less than its size, zeroed, and takes all of it back', () => {
    const memory = openMemory(1 << 20);
    const wide = [0, 1, 2].map(() => memory.allocate(80_000));
    for (const address of wide) memory.f64(address, 10_000).fill(7);
    for (const address of wide) memory.free(address, 80_000);
    const before = memory.shared.buffer.byteLength;
    for (let round = 0; round < 20; round++) {
      const narrow = [0, 1, 2].map(() => memory.allocate(40_000));
      expect(new Set(narrow)).toEqual(new Set(wide));
      for (const address of narrow) {
        expect(memory.f64(address, 5_000).every((value) => value === 0)).toBe(true);
        memory.f64(address, 5_000).fill(round + 1);
      }
      for (const address of narrow) memory.free(address, 40_000);
      const again = [0, 1, 2].map(() => memory.allocate(80_000));
      expect(new Set(again)).toEqual(new Set(wide));
      for (const address of again) {
        expect(memory.f64(address, 10_000).every((value) => value === 0)).toBe(true);
        memory.f64(address, 10_000).fill(9);
        memory.free(address, 80_000);
      }
    }
    expect(memory.shared.buffer.byteLength).toBe(before);
  });

  it('takes the size that fits best, and none that wastes most of a block', () => {
    const memory = openMemory(1 << 20);
    const [small, large] = [memory.allocate(6_400), memory.allocate(64_000)];
    memory.free(small, 6_400);
    memory.free(large, 64_000);
    expect(memory.allocate(6_000)).toBe(small);
    expect(memory.allocate(6_000)).not.toBe(large);
    expect(memory.allocate(63_000)).toBe(large);
  });

  it('keeps blocks apart, whatever is taken and given', () => {
    const memory = openMemory(1 << 16);
    const held = new Map<number, number>();
    let state = 1;
    const below = (count: number): number => (state = (state * 48271) % 2147483647) % count;
    for (let step = 0; step < 2_000; step++) {
      if (below(3) > 0) {
        const bytes = 64 * (1 + below(40));
        const address = memory.allocate(bytes);
        for (const [other, size] of held)
          expect(address + bytes <= other || other + size <= address, `step ${step}`).toBe(true);
        held.set(address, bytes);
      } else {
        const [address] = [...held.keys()].slice(below(held.size || 1));
        if (address === undefined) continue;
        memory.free(address, held.get(address) ?? 0);
        held.delete(address);
      }
    }
  });
});
