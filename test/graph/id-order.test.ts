// The sorted order of ids is the byte order of their UTF-8 text.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortedOrder } from '../../src/graph/id-order.js';
import { idsOf } from '../../src/graph/id-list.js';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function sorted(list: readonly string[]): string[] {
  const ids = idsOf(list);
  return [...sortedOrder(ids)].map((index) => ids.at(index));
}

describe('the sorted order of ids', () => {
  it('is the order of their UTF-8 bytes', () => {
    const id = fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom('a', 'b', '1', '0', 'é', '\u{10348}', '\ufb01'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 60 }), (list) => {
        expect(sorted(list)).toEqual([...list].sort(byBytes));
      }),
    );
  });

  it('holds where ids share a long beginning or one is the beginning of another', () => {
    const stem = 'Qm'.padEnd(46, 'Y');
    const list = [
      `${stem}b`,
      stem,
      `${stem}a`,
      `${stem}abcdefgh`,
      `${stem}abcdefga`,
      'Q',
      '9',
      '10',
      '1',
    ];
    expect(sorted(list)).toEqual([...list].sort(byBytes));
  });

  it('orders the given members alone', () => {
    const ids = idsOf(['d', 'c', 'b', 'a']);
    expect([...sortedOrder(ids, Uint32Array.of(0, 2, 3))]).toEqual([3, 2, 0]);
  });

  it('of no id or one id is trivial', () => {
    expect(sorted([])).toEqual([]);
    expect(sorted(['x'])).toEqual(['x']);
  });
});
