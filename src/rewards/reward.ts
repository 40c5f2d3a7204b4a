// The table of reward functions. To add one: write its file, add one line here.

import { check } from '../base/errors.js';
import { alignment } from './alignment.js';
import type { Arithmetic } from './arithmetic.js';
import { dagWeight } from './dag-weight.js';
import { deltaNorm } from './delta-norm.js';
import { directed } from './directed.js';
import { EXACT_NUMBERS, type ExactNumber } from './exact-number.js';
import { hybrid } from './hybrid.js';
import { errorBoundOf, INTERVALS, type Interval } from './interval.js';
import type { Reward, RewardFunction, RewardInput, RewardInputs } from './reward-function.js';
import { spectralGap } from './spectral-gap.js';
import { syntropy } from './syntropy.js';

/** All reward functions. */
export const REWARD_FUNCTIONS = [
  deltaNorm,
  syntropy,
  directed,
  spectralGap,
  alignment,
  dagWeight,
  hybrid,
] as const;

type Row = (typeof REWARD_FUNCTIONS)[number];

/** The name of a reward function. */
export type RewardName = Row['name'];

/** Options by function name; each function's own. */
export type RewardOptions = {
  readonly [Each in Row as Each['name']]?: Each extends RewardFunction<string, infer Options>
    ? Options
    : never;
};

/** A reward in f64. */
export interface RewardResult {
  readonly name: RewardName;
  /** Null while pending. */
  readonly value: number | null;
  /** Proven: |value − truth| is at most this. Null where an input has no bound, or while pending. */
  readonly errorBound: number | null;
  /** Proven ends; infinite where nothing is proven, null while pending. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** What it waits for; null where the value is known. */
  readonly pending: string | null;
  /** Parts of ΔJ of the change, never added up here; null where no shift was given. */
  readonly parts: { readonly entropy: Interval | null; readonly discovery: Interval | null };
  readonly terms: Readonly<Record<string, Interval>>;
  readonly remark: string | null;
  /** Probability, at most, that an end is wrong; 0 unless the proof of a spectrum used chance. */
  readonly failureProbability: number;
}

/** A reward in exact precision. */
export interface ExactReward extends Reward<ExactNumber> {
  readonly name: RewardName;
}

/** The function of a name. Throws `bad-parameter` for a name that none has. */
export function rewardFunction(name: string): RewardFunction {
  const found = REWARD_FUNCTIONS.find((each) => each.name === name);
  check(
    found !== undefined,
    'bad-parameter',
    () =>
      `reward: expected one of ${REWARD_FUNCTIONS.map((each) => each.name).join(', ')}, found "${name}"`,
  );
  return found;
}

/** What the functions need together, each once. Throws `bad-parameter` for options out of range. */
export function neededInputs(
  names: readonly RewardName[],
  options: RewardOptions = {},
): ReadonlySet<RewardInput> {
  return new Set(names.flatMap((name) => [...rewardFunction(name).needs(options[name])]));
}

/** Evaluates a reward on numbers with proven ends. Throws `bad-parameter` for a missing input. */
export function evaluateReward(
  name: RewardName,
  inputs: RewardInputs<Interval>,
  options: RewardOptions = {},
): RewardResult {
  const { value, ...rest } = evaluate(name, inputs, options, INTERVALS);
  return {
    name,
    value: value?.value ?? null,
    errorBound: value === null ? null : errorBoundOf(value),
    lower: value?.lower ?? null,
    upper: value?.upper ?? null,
    ...rest,
    failureProbability: value?.failureProbability ?? 0,
  };
}

/** Evaluates a reward on integers. Throws `bad-parameter` also for one that has no exact form. */
export function evaluateRewardExact(
  name: RewardName,
  inputs: RewardInputs<ExactNumber>,
  options: RewardOptions = {},
): ExactReward {
  check(
    rewardFunction(name).hasExactForm,
    'bad-parameter',
    () => `reward ${name}: it has no exact form, because a spectrum is known as intervals only`,
    'evaluate it in f64',
  );
  return { name, ...evaluate(name, inputs, options, EXACT_NUMBERS) };
}

function evaluate<N>(
  name: RewardName,
  inputs: RewardInputs<N>,
  options: RewardOptions,
  arithmetic: Arithmetic<N>,
): Reward<N> {
  return rewardFunction(name).evaluate(inputs, options[name], arithmetic);
}
