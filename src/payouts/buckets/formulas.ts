// What work is worth, in base units; one rational a formula, one floor at its end:
//   inference  = tokens / 1000 · rate · quality
//   learning   = improvement % · rate · difficulty · applicability          no division by hours
//   validation = tasks · rate · complexity
//   dataset    = min(gigabytes · rate · quality · diversity, most)
// A multiplier that is not given is the policy's usual one; one outside its range is clamped or refused.
// Minimum rewards, where a policy has them on, raise what a claim that is worth anything is worth.

import { check } from '../../base/errors.js';
import { decimalOf, MAX_UNITS, scaleFloor, UNITS_PER_TOKEN } from '../../ledger/amount.js';
import type { Rational } from '../../ledger/amount.js';
import type { Formula } from '../../ledger/transaction.js';
import { compared, decimalText, exactDecimal, type Decimal } from './exact-decimal.js';
import type { BucketPolicy, MultiplierRange } from './policy.js';

/** What becomes of a multiplier outside its range: the nearest end of it, or an error. */
export type RangeMode = 'clamp' | 'strict';

/** What work is worth, and how. */
export interface Worth {
  /** Base units, 0 or more. */
  readonly units: bigint;
  readonly formula: Formula;
}

/** Tokens processed. */
export interface InferenceWork {
  readonly tokens: Decimal;
  readonly quality?: Decimal | undefined;
}

/** A validated improvement, in percent. */
export interface LearningWork {
  readonly improvementPct: Decimal;
  readonly difficulty?: Decimal | undefined;
  readonly applicability?: Decimal | undefined;
}

/** Validation tasks completed. */
export interface ValidationWork {
  readonly tasks: Decimal;
  readonly complexity?: Decimal | undefined;
}

/** Data contributed, in gigabytes of 10⁹ bytes. */
export interface DatasetWork {
  readonly gb: Decimal;
  readonly quality?: Decimal | undefined;
  readonly diversity?: Decimal | undefined;
}

/** One number of a formula. */
interface Factor {
  readonly name: string;
  readonly value: Rational;
  /** What was given, where it was clamped. */
  readonly stated?: Rational | undefined;
}

/**
 * What tokens processed are worth: tokens / 1000 · rate · quality. Each argument is a number, a bigint or
 * decimal text from 0 on. Throws `bad-input` naming the field for anything else, for a multiplier outside
 * its range in mode `strict`, and for more than an amount can hold.
 */
export function inferenceUnits(
  policy: BucketPolicy,
  work: InferenceWork,
  mode: RangeMode = 'clamp',
): Worth {
  const { rates, multipliers } = policy;
  const tokens = { name: 'tokens', value: exactDecimal(work.tokens, 'tokens') };
  const rate = { name: 'rate', value: rates.per1kTokens };
  const quality = factorOf('quality', work.quality, multipliers.inferenceQuality, mode);
  const raw = product([tokens, rate, quality], { numerator: 1n, denominator: 1000n });
  return worth('tokens / 1000 × rate × quality, floor', [tokens, rate, quality], raw);
}

/** What an improvement is worth: percent · rate · difficulty · applicability. Throws like `inferenceUnits`. */
export function learningUnits(
  policy: BucketPolicy,
  work: LearningWork,
  mode: RangeMode = 'clamp',
): Worth {
  const { rates, multipliers, minimumRewards } = policy;
  const factors = [
    { name: 'improvementPct', value: exactDecimal(work.improvementPct, 'improvementPct') },
    { name: 'rate', value: rates.per1pctImprovement },
    factorOf('difficulty', work.difficulty, multipliers.learningDifficulty, mode),
    factorOf('applicability', work.applicability, multipliers.learningApplicability, mode),
  ];
  const name = 'improvementPct × rate × difficulty × applicability, floor';
  const least = minimumRewards.enabled ? minimumRewards.learningStipend : null;
  return worth(name, factors, product(factors), least);
}

/** What validation tasks are worth: tasks · rate · complexity. Throws like `inferenceUnits`. */
export function validationUnits(
  policy: BucketPolicy,
  work: ValidationWork,
  mode: RangeMode = 'clamp',
): Worth {
  const { rates, multipliers, minimumRewards } = policy;
  const tasks = { name: 'tasks', value: exactDecimal(work.tasks, 'tasks') };
  const factors = [
    tasks,
    { name: 'rate', value: rates.perValidationTask },
    factorOf('complexity', work.complexity, multipliers.validationComplexity, mode),
  ];
  const { enabled, validationTask } = minimumRewards;
  const least = enabled ? scaleFloor(validationTask, [tasks.value]) : null;
  return worth('tasks × rate × complexity, floor', factors, product(factors), least);
}

/** What data is worth: min(gb · rate · quality · diversity, most). Throws like `inferenceUnits`. */
export function datasetUnits(
  policy: BucketPolicy,
  work: DatasetWork,
  mode: RangeMode = 'clamp',
): Worth {
  const { rates, multipliers, minimumRewards, datasetMost } = policy;
  const factors = [
    { name: 'gb', value: exactDecimal(work.gb, 'gb') },
    { name: 'rate', value: rates.perGbDataset },
    factorOf('quality', work.quality, multipliers.datasetQuality, mode),
    factorOf('diversity', work.diversity, multipliers.datasetDiversity, mode),
  ];
  const least = minimumRewards.enabled ? minimumRewards.datasetContrib : null;
  const name = 'gb × rate × quality × diversity, floor, at most `most`';
  return worth(name, factors, product(factors), least, datasetMost);
}

/** A multiplier within its range: given, clamped, or the usual one. */
function factorOf(
  name: string,
  given: Decimal | undefined,
  { least, most, usual }: MultiplierRange,
  mode: RangeMode,
): Factor {
  if (given === undefined) return { name, value: usual };
  const value = exactDecimal(given, name);
  const end = compared(value, least) < 0 ? least : compared(value, most) > 0 ? most : null;
  if (end === null) return { name, value };
  check(
    mode === 'clamp',
    'bad-input',
    () =>
      `${name}: expected ${decimalText(least)} to ${decimalText(most)}, found ${decimalText(value)}`,
  );
  return { name, value: end, stated: value };
}

/** ⌊10⁹ · Π factors⌋. */
function product(factors: readonly Factor[], scale?: Rational): bigint {
  const values = factors.map(({ value }) => value);
  return scaleFloor(UNITS_PER_TOKEN, scale === undefined ? values : [...values, scale]);
}

/** The worth with its minimum and maximum, and how it came about. */
function worth(
  name: string,
  factors: readonly Factor[],
  raw: bigint,
  least: bigint | null = null,
  most: bigint | null = null,
): Worth {
  const raised = raw > 0n && least !== null && raw < least ? least : raw;
  const units = most !== null && raised > most ? most : raised;
  const [amount] = factors;
  check(
    units <= MAX_UNITS,
    'bad-input',
    () => `${amount.name}: expected work of at most ${decimalOf(MAX_UNITS)} BLY, found more`,
  );
  const inputs = factors.flatMap((each): (readonly [string, string])[] => [
    [each.name, decimalText(each.value)],
    ...(each.stated === undefined
      ? []
      : [[`${each.name}Stated`, decimalText(each.stated)] as const]),
  ]);
  if (least !== null) inputs.push(['least', decimalOf(least)]);
  if (most !== null) inputs.push(['most', decimalOf(most)]);
  return {
    units,
    formula: { name, inputs: Object.fromEntries(inputs), result: decimalOf(units) },
  };
}
