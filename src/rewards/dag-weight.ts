// dag-weight: how much was built on the block that carries a change.
//   Σ over descendant blocks of discount^(depth − 1), depth = references between, at least 1
// With the default discount 1 that is their number. Rewards foundational work; slow to accrue.
// Pending while no block carries the change. Exact form with a discount: by Horner's rule from the
// deepest block on, each product to the nearest 2⁻⁵⁶.

import { check } from '../base/errors.js';
import { descendantsByDepth } from './descendants.js';
import { known, needed, partsOf, type RewardFunction } from './reward-function.js';

/** What a distant descendant counts. */
export interface DagWeightOptions {
  /** In (0, 1]; default 1. */
  readonly discount?: number | undefined;
}

const DISCOUNT_BITS = 56;

export const dagWeight: RewardFunction<'dag-weight', DagWeightOptions> = {
  name: 'dag-weight',
  definition: 'how much was built on it: Σ over descendant blocks of discount^(depth − 1)',
  hasExactForm: true,
  needs: (options) => {
    discountOf(options);
    return ['blocks'];
  },
  evaluate: (inputs, options, arithmetic) => {
    const discount = discountOf(options);
    const { dag, blocks } = needed('dag-weight', inputs, 'blocks');
    const parts = partsOf(inputs);
    const remark =
      discount === 1 ? 'descendants' : `descendants, discount ${discount} a generation`;
    if (blocks.length === 0) {
      return { value: null, pending: 'a block that carries it', parts, terms: {}, remark };
    }
    const counts = descendantsByDepth(dag, blocks);
    const descendants = arithmetic.of(counts.reduce((sum, count) => sum + count, 0));
    if (discount === 1) return known(descendants, { parts, terms: { descendants }, remark });
    let value = arithmetic.of(0);
    for (let k = counts.length - 1; k >= 0; k--) {
      const deeper = arithmetic.settle(arithmetic.times(discount, value), DISCOUNT_BITS);
      value = arithmetic.plus(deeper, arithmetic.of(counts[k]));
    }
    return known(value, { parts, terms: { descendants }, remark });
  },
};

function discountOf(options: DagWeightOptions | undefined): number {
  const discount = options?.discount ?? 1;
  check(
    discount > 0 && discount <= 1,
    'bad-parameter',
    () => `reward dag-weight: expected a discount in (0, 1], found ${discount}`,
  );
  return discount;
}
