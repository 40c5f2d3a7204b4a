// hybrid: the sum of four rewards, with weights that no one chooses for you.
//   R = α·delta-norm + β·ΔJ + γ·DAGWeight + ε·AlignmentBonus
// No weight has a default. A term of weight 0 is not computed and needs no input. Pending as long as
// one of its terms is; `settled` is the sum of those that are known. ΔJ = entropy part + discovery
// part, and both stand apart in the terms. Exact form: exact sums and products, one rounding to 2⁻⁶¹.

import { check } from '../base/errors.js';
import type { Arithmetic } from './arithmetic.js';
import { alignment, type AlignmentOptions } from './alignment.js';
import { dagWeight, type DagWeightOptions } from './dag-weight.js';
import {
  needed,
  partsOf,
  type Reward,
  type RewardFunction,
  type RewardInput,
  type RewardInputs,
} from './reward-function.js';

/** The four weights: finite, of any sign, 0 for a term that is not wanted. */
export interface HybridWeights {
  readonly deltaNorm: number;
  readonly deltaJ: number;
  readonly dagWeight: number;
  readonly alignment: number;
}

/** Weights, and the options of the terms that have some. */
export interface HybridOptions {
  readonly weights: HybridWeights;
  readonly alignment?: AlignmentOptions | undefined;
  readonly dagWeight?: DagWeightOptions | undefined;
}

const WEIGHTS: readonly (keyof HybridWeights)[] = ['deltaNorm', 'deltaJ', 'dagWeight', 'alignment'];
const HYBRID_BITS = 61;

export const hybrid: RewardFunction<'hybrid', HybridOptions> = {
  name: 'hybrid',
  definition: 'Σ weight · term over delta-norm, ΔJ, dag-weight and alignment, all weights explicit',
  hasExactForm: true,
  needs: (options) => {
    const weights = weightsOf(options);
    const needs: RewardInput[] = [];
    if (weights.deltaNorm !== 0 || weights.deltaJ !== 0) needs.push('shift');
    if (weights.dagWeight !== 0) needs.push(...dagWeight.needs(options?.dagWeight));
    if (weights.alignment !== 0) needs.push(...alignment.needs(options?.alignment));
    return needs;
  },
  evaluate: (inputs, options, arithmetic) => {
    const weights = weightsOf(options);
    const { terms, waiting } = termsOf(inputs, options, weights, arithmetic);
    const none = arithmetic.of(0);
    const total = Object.values(terms).reduce((sum, term) => arithmetic.plus(sum, term), none);
    const settled = arithmetic.settle(total, HYBRID_BITS);
    return {
      value: waiting.length === 0 ? settled : null,
      pending: waiting.length === 0 ? null : waiting.join(' and '),
      parts: partsOf(inputs),
      terms: { ...terms, settled },
      remark: WEIGHTS.map((name) => `${name} ${weights[name]}`).join(', '),
    };
  },
};

interface Terms<N> {
  /** Weighted, ΔJ in its two parts. */
  readonly terms: Readonly<Record<string, N>>;
  readonly waiting: readonly string[];
}

function termsOf<N>(
  inputs: RewardInputs<N>,
  options: HybridOptions | undefined,
  weights: HybridWeights,
  arithmetic: Arithmetic<N>,
): Terms<N> {
  const terms: Record<string, N> = {};
  const waiting: string[] = [];
  const { times } = arithmetic;
  if (weights.deltaNorm !== 0) {
    terms.deltaNorm = times(weights.deltaNorm, needed('hybrid', inputs, 'shift').norm);
  }
  if (weights.deltaJ !== 0) {
    const { entropyPart, discoveryPart } = needed('hybrid', inputs, 'shift');
    terms.entropy = times(weights.deltaJ, entropyPart);
    terms.discovery = times(weights.deltaJ, discoveryPart);
  }
  const add = (name: 'dagWeight' | 'alignment', reward: Reward<N>): void => {
    if (reward.value !== null) terms[name] = times(weights[name], reward.value);
    if (reward.pending !== null) waiting.push(reward.pending);
  };
  if (weights.dagWeight !== 0) {
    add('dagWeight', dagWeight.evaluate(inputs, options?.dagWeight, arithmetic));
  }
  if (weights.alignment !== 0) {
    add('alignment', alignment.evaluate(inputs, options?.alignment, arithmetic));
  }
  return { terms, waiting };
}

function weightsOf(options: HybridOptions | undefined): HybridWeights {
  const weights = options?.weights;
  check(
    weights !== undefined,
    'bad-parameter',
    () => 'reward hybrid: expected weights, found none',
    `give all of ${WEIGHTS.join(', ')}; none has a default, and 0 leaves a term out`,
  );
  for (const name of WEIGHTS) {
    check(
      Number.isFinite(weights[name]),
      'bad-parameter',
      () => `reward hybrid: expected a finite weight ${name}, found ${String(weights[name])}`,
      'none has a default, and 0 leaves a term out',
    );
  }
  for (const name of Object.keys(weights)) {
    check(
      (WEIGHTS as readonly string[]).includes(name),
      'bad-parameter',
      () => `reward hybrid: expected the weights ${WEIGHTS.join(', ')}, found "${name}" too`,
    );
  }
  return weights;
}
