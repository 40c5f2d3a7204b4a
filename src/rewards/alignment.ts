// alignment: whether a change pointed where focus went later.
//   align(φ_{t+1}, φ*_T) − align(φ_t, φ*_T), T a later checkpoint; particles aligned by id
// align is the cosine (default), 1 − total variation, or 1 − Jensen–Shannon divergence in bits, each
// 1 for equal distributions. Delayed: pending until T is known. Favours early correct links.

import { check } from '../base/errors.js';
import { known, needed, partsOf, type Closeness, type RewardFunction } from './reward-function.js';

/** How closeness is measured. */
export interface AlignmentOptions {
  /** Default: cosine. */
  readonly closeness?: Closeness | undefined;
}

const REMARKS: Readonly<Record<Closeness, string>> = {
  cosine: 'cosine',
  'total-variation': '1 − total variation',
  'jensen-shannon': '1 − Jensen–Shannon divergence in bits',
};

export const alignment: RewardFunction<'alignment', AlignmentOptions> = {
  name: 'alignment',
  definition: 'whether focus moved to where it was later: align(φ_{t+1}, φ*_T) − align(φ_t, φ*_T)',
  hasExactForm: true,
  needs: (options) => {
    closenessOf(options);
    return ['focuses'];
  },
  evaluate: (inputs, options) => {
    const closeness = closenessOf(options);
    const { measure } = needed('alignment', inputs, 'focuses');
    const [parts, remark] = [partsOf(inputs), REMARKS[closeness]];
    if (measure === null) {
      return { value: null, pending: 'a checkpoint', parts, terms: {}, remark };
    }
    const { before, after, difference } = measure(closeness);
    return known(difference, { parts, terms: { before, after }, remark });
  },
};

function closenessOf(options: AlignmentOptions | undefined): Closeness {
  const closeness = options?.closeness ?? 'cosine';
  check(
    Object.hasOwn(REMARKS, closeness),
    'bad-parameter',
    () =>
      `reward alignment: expected a closeness of ${Object.keys(REMARKS).join(', ')}, found "${closeness}"`,
  );
  return closeness;
}
