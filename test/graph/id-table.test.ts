// The id table against a Map, with colliding hashes, growth, integers and texts mixed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createIdTable,
  freezeIds,
  internBatch,
  internId,
  internInteger,
} from '../../src/graph/id-table.js';
import { encodeId, idsOf } from '../../src/graph/id-list.js';

/** Ids of all the kinds the table tells apart, with many repeats. */
const anyId = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map(String),
  fc.bigInt({ min: 4294967290n, max: 4294967300n }).map(String),
  fc.bigInt({ min: 999999999999990n, max: 1000000000000005n }).map(String),
  fc.bigInt({ min: 9007199254740990n, max: 9007199254740997n }).map(String),
  fc.constantFrom('007', '00', '-1', '+1', '1.0', '1e3', 'é', '𝒳', 'Qm', 'a'.repeat(4096)),
  fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', '0', '1', 'ü') }),
);

function internText(table: ReturnType<typeof createIdTable>, id: string): number {
  const bytes = Buffer.from(id, 'utf8');
  return internId(table, bytes, 0, bytes.length);
}

describe('an id table', () => {
  it('gives indices like a Map, in order of first appearance', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 400 }), (list) => {
        const table = createIdTable(1);
        const model = new Map<string, number>();
        for (const id of list) {
          if (!model.has(id)) model.set(id, model.size);
          expect(internText(table, id)).toBe(model.get(id));
        }
        const ids = freezeIds(table);
        expect(ids.count).toBe(model.size);
        for (const [id, index] of model) {
          expect(ids.at(index)).toBe(id);
          expect(ids.indexOf(id)).toBe(index);
        }
        expect(ids.indexOf('never seen')).toBe(-1);
        expect(ids.indexOf('123456789')).toBe(-1);
      }),
    );
  });

  it('gives the same indices in batches as one by one, wherever the bytes lie', () => {
    fc.assert(
      fc.property(fc.array(anyId, { minLength: 1, maxLength: 300 }), fc.nat(7), (list, pad) => {
        const one = createIdTable();
        const expected = list.map((id) => internText(one, id));
        const parts = list.map((id) => Buffer.from(id, 'utf8'));
        const bytes = Buffer.concat([Buffer.alloc(pad), ...parts]);
        const bounds = new Int32Array(2 * list.length);
        let at = pad;
        parts.forEach((part, i) => {
          bounds[2 * i] = at;
          at += part.length;
          bounds[2 * i + 1] = at;
        });
        const out = new Uint32Array(list.length);
        expect(internBatch(createIdTable(), bytes, bounds, list.length, out)).toBe(list.length);
        expect([...out]).toEqual(expected);
      }),
    );
  });

  it('holds half a million ids of mixed kinds through many growths', () => {
    const table = createIdTable();
    const nameOf = (i: number): string =>
      i % 3 === 0 ? String(i) : i % 3 === 1 ? `Qm${i}`.padEnd(46, 'x') : String(i * 2 ** 33);
    const count = 500_000;
    for (let i = 0; i < count; i++) internText(table, nameOf(i));
    const ids = freezeIds(table);
    expect(ids.count).toBe(count);
    for (let i = 0; i < count; i += 997) {
      expect(ids.at(i)).toBe(nameOf(i));
      expect(ids.indexOf(nameOf(i))).toBe(i);
    }
  });

  it('keeps a record whole at the end of a chunk of its arena', () => {
    const table = createIdTable();
    const nameOf = (i: number): string => `${i}-`.padEnd(4000 + (i % 97), 'z');
    const count = 9000;
    for (let i = 0; i < count; i++) internText(table, nameOf(i));
    const ids = freezeIds(table);
    for (let i = 0; i < count; i += 7) expect(ids.indexOf(nameOf(i))).toBe(i);
    expect(ids.at(count - 1)).toBe(nameOf(count - 1));
  });

  it('takes a number and its digits for one id, and digits with a leading zero for another', () => {
    const table = createIdTable();
    expect(internInteger(table, 7)).toBe(0);
    expect(internText(table, '7')).toBe(0);
    expect(internText(table, '007')).toBe(1);
    expect(internInteger(table, 2 ** 40)).toBe(2);
    expect(internText(table, String(2 ** 40))).toBe(2);
  });

  it('tells apart integers whose hashes are equal', () => {
    // Among 300,000 integers about ten pairs share their 32 bits of hash, whatever the key.
    const table = createIdTable();
    for (let k = 0; k < 300_000; k++) {
      if (internInteger(table, k * 3_000_000_019) !== k) expect.fail(`integer number ${k}`);
    }
  });

  it.each([
    ['nothing', '', 'expected an id, found nothing'],
    ['4097 bytes', 'a'.repeat(4097), 'expected an id of at most 4096 bytes, found 4097'],
    ['a NUL byte', 'a\0b', 'control characters, found "a\\u0000b"'],
    ['a line break', 'a\nb', 'control characters, found "a\\nb"'],
    ['DEL', 'a\x7f', 'control characters'],
    ['a C1 control', 'a\u0085', 'control characters'],
  ])('refuses an id of %s', (_, id, message) => {
    expect(() => internText(createIdTable(), id)).toThrow(message);
  });

  it('refuses half a character in a string, and does not find it', () => {
    expect(() => encodeId('a\ud800')).toThrow('whole characters');
    expect(idsOf(['a\ufffd']).indexOf('a\ud800')).toBe(-1);
  });

  it('stops a batch at the first id it refuses', () => {
    const bytes = Buffer.from('ab\0c');
    const bounds = Int32Array.of(0, 1, 1, 3, 3, 4);
    expect(internBatch(createIdTable(), bytes, bounds, 3, new Uint32Array(3))).toBe(1);
  });

  it('takes about 75 bytes for an id of 46', () => {
    const table = createIdTable();
    const count = 100_000;
    for (let i = 0; i < count; i++) internText(table, String(i).padStart(46, 'Q'));
    const arenaBytes = (table.arena.chunks.length - 1) * 2 ** 24 + table.arena.used;
    const bytes = arenaBytes + table.slots.byteLength + 8 * table.count;
    expect(bytes / count).toBeLessThan(85);
  });
});

describe('a list of ids', () => {
  it('keeps its order and refuses repeats', () => {
    const ids = idsOf(['b', 'a', '3']);
    expect([0, 1, 2].map((i) => ids.at(i))).toEqual(['b', 'a', '3']);
    expect(() => idsOf(['a', 'b', 'a'])).toThrow('the id "a" is listed twice');
    expect(() => idsOf(['a', 'b', 'b'])).toThrow('the id "b" is listed twice');
  });

  it('can be picked from, again and again', () => {
    const ids = idsOf(['a', 'b', 'c', 'd', 'e']);
    const some = ids.pick(Uint32Array.of(4, 2, 0, 1));
    const fewer = some.pick(Uint32Array.of(3, 0));
    expect([some.count, some.at(0), some.indexOf('c'), some.indexOf('d')]).toEqual([4, 'e', 1, -1]);
    expect([fewer.count, fewer.at(0), fewer.at(1)]).toEqual([2, 'b', 'e']);
    expect([fewer.indexOf('b'), fewer.indexOf('a'), fewer.indexOf('x')]).toEqual([0, -1, -1]);
  });

  it('is itself when all of it is picked in order', () => {
    const ids = idsOf(['a', '5']);
    expect(ids.pick(Uint32Array.of(0, 1))).toBe(ids);
  });

  it('copies the bytes of integers and texts', () => {
    const ids = idsOf(['é', '90071992547409', '0']);
    const bytes = new Uint8Array(30);
    expect(ids.copyBytes(0, bytes, 2)).toBe(2);
    expect(ids.copyBytes(1, bytes, 4)).toBe(14);
    expect(ids.copyBytes(2, bytes, 18)).toBe(1);
    expect(Buffer.from(bytes.subarray(2, 19)).toString()).toBe('é900719925474090');
  });
});
