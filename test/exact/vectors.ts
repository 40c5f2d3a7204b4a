// The test vectors of docs/exact-arithmetic.md, section 10; both implementations must give them.

import type { FocusOptions } from '../../src/focus/parameters.js';
import type { LinkTuple } from '../graphs.js';

export interface TestVector {
  readonly links: readonly LinkTuple[];
  readonly options: FocusOptions;
  readonly digest: string;
  /** φ of the first particle, in focus units. */
  readonly first: bigint;
  /** H in units of 2⁻⁵⁶. */
  readonly entropy: bigint;
}

const TRIANGLE: readonly LinkTuple[] = [
  ['1', '2', 100],
  ['2', '3', 50],
  ['3', '1', 200],
];

export const VECTORS: readonly TestVector[] = [
  {
    links: TRIANGLE,
    options: {},
    digest: '80e4ea5fc6f4dfe18cd28cf33c75b18e71a40dc18423a37eba26d73822faee5a',
    first: 867286423263605744n,
    entropy: 78833548051453355n,
  },
  {
    links: [
      ['a', 'b', 1],
      ['b', 'c', 1],
      ['c', 'a', 1],
      ['a', 'c', 1],
    ],
    options: {},
    digest: 'fa10e03bf6c9c4aaa2082e799546b4882fa351f38bb3e9557f3d6a3472086497',
    first: 888415866940692205n,
    entropy: 76931417182375111n,
  },
  {
    links: TRIANGLE,
    options: { reading: 'focus-1-combinatorial', unit: 200 },
    digest: 'e387ca546b52e56affa6735c35a3615ad4367e366591c7f7edb5b0342b565311',
    first: 786662000688253552n,
    entropy: 79151427144723365n,
  },
  {
    links: [...TRIANGLE, ['3', '4', 0.1]],
    options: { reading: 'pagerank' },
    digest: 'c58139269c28033ca694b8dcbecfd5ab2acc19bc787c98e448d45cb1618522ce',
    first: 794796533136237272n,
    entropy: 79241598634651966n,
  },
];
