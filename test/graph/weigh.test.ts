// The weight formula of a link, factor by factor, and its errors.

import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../src/graph/build.js';
import { axonsOf, build } from './literal-links.js';
import type { Row } from './literal-links.js';

describe('the weight of a link', () => {
  const weights = (rows: readonly Row[], options?: BuildOptions): number[] =>
    axonsOf(build(rows, options)).map(([, , weight]) => weight);

  it('is (a + ⌊will/#links⌋) · karma · clamped price', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 10, neuron: 'n', will: 20, karma: 2, price: 0.5 },
      { from: 'b', to: 'c', amount: 1, neuron: 'n', will: 20, price: 7 },
      { from: 'c', to: 'd', amount: 1, neuron: 'm', will: 5, karma: 0.5, price: 0.5 },
      { from: 'd', to: 'd', amount: 1, neuron: 'n', will: 20 },
      { from: 'd', to: 'e', amount: 1, price: -1 },
    ];
    // n signs three links, the dropped self-loop among them: ⌊20/3⌋ = 6.
    expect(weights(rows)).toEqual([16, 7, 1.5]);
    expect(build(rows).report.dropped).toEqual({
      selfLoops: 1,
      zeroWeight: 1,
      isolatedParticles: 1,
    });
    expect(build(rows).largestStake).toBe(16);
  });

  it('takes karma and will of a neuron from the options before the rows', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 4, neuron: 'n', karma: 3, will: 100 },
      { from: 'b', to: 'c', amount: 4, neuron: 'm', karma: 3, will: 100 },
      { from: 'c', to: 'd', amount: 4, karma: 3 },
    ];
    const options = {
      karma: new Map([
        ['n', 0.5],
        ['stranger', 9],
      ]),
      will: new Map([['n', 7.9]]),
    };
    expect(weights(rows, options)).toEqual([(4 + 7) * 0.5, (4 + 100) * 3, 12]);
  });

  it('decays with age', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 8, time: 100 },
      { from: 'b', to: 'c', amount: 8, time: 90 },
    ];
    const [now, then] = weights(rows, { decay: { rate: Math.LN2 / 10, epochTime: 100 } });
    expect(now).toBe(8);
    expect(then).toBeCloseTo(4, 14);
  });

  it('can be divided by the largest stake of all links, dropped ones too', () => {
    const rows = [
      { from: 'a', to: 'a', amount: 8 },
      { from: 'a', to: 'b', amount: 2 },
      { from: 'b', to: 'c', amount: 4 },
    ];
    expect(weights(rows, { normalize: 'largest-stake' })).toEqual([0.25, 0.5]);
  });

  it('can take another factor of price', () => {
    const rows = [{ from: 'a', to: 'b', amount: 8, price: 0.5 }];
    expect(weights(rows, { priceFactor: (price) => price * price })).toEqual([2]);
    expect(() => weights(rows, { priceFactor: () => NaN })).toThrow('price factor of 0.5');
  });

  it('shares a large will exactly', () => {
    // ⌊(2⁵³ − 1) / 3⌋ = 3002399751580330; the quotient of doubles is that plus a rounded third.
    const rows = ['b', 'c', 'd'].map((to) => ({
      from: 'a',
      to,
      amount: 0,
      neuron: 'n',
      will: 2 ** 53 - 1,
    }));
    expect(weights(rows)).toEqual(Array(3).fill(3002399751580330));
    // ⌊(3·2⁵² + 2) / 3⌋ = 2⁵², but the quotient of doubles rounds to 2⁵² + 1.
    const three = ['b', 'c', 'd'].map((to) => ({
      from: 'a',
      to,
      amount: 0,
      neuron: 'n',
      will: 3 * 2 ** 52 + 2,
    }));
    expect(weights(three)).toEqual(Array(3).fill(2 ** 52));
    const two = ['b', 'c'].map((to) => ({
      from: 'a',
      to,
      amount: 0,
      neuron: 'n',
      will: 2 ** 53 - 1,
    }));
    expect(weights(two)).toEqual(Array(2).fill(2 ** 52 - 1));
  });

  it.each<[string, Row, BuildOptions, string]>([
    [
      'a negative karma',
      { from: 'a', to: 'b', amount: 1 },
      { karma: new Map([['n', -1]]) },
      'karma of "n": expected a finite number from 0, found -1',
    ],
    [
      'a will without end',
      { from: 'a', to: 'b', amount: 1 },
      { will: new Map([['n', Infinity]]) },
      'will of "n"',
    ],
    [
      'a negative rate',
      { from: 'a', to: 'b', amount: 1, time: 1 },
      { decay: { rate: -1, epochTime: 1 } },
      'decay rate: expected a finite number from 0, found -1',
    ],
    [
      'an epoch at no time',
      { from: 'a', to: 'b', amount: 1, time: 1 },
      { decay: { rate: 1, epochTime: NaN } },
      'epoch time',
    ],
    [
      'decay without a time',
      { from: 'a', to: 'b', amount: 1 },
      { decay: { rate: 1, epochTime: 1 } },
      'link 1 ("a" → "b"): expected a time up to 1, found none',
    ],
    [
      'a link after the epoch',
      { from: 'a', to: 'b', amount: 1, time: 9 },
      { decay: { rate: 1, epochTime: 1 } },
      'link 1 ("a" → "b"): expected a time up to 1, found 9',
    ],
    [
      'will without a neuron',
      { from: 'a', to: 'b', amount: 1, will: 3 },
      {},
      'link 1 ("a" → "b") has a will of 3 but no neuron',
    ],
  ])('refuses %s', (_, row, options, message) => {
    expect(() => build([row], options)).toThrow(message);
  });
});
