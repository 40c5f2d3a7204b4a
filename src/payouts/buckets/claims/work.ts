// What is claimed: the amount of work of each kind, the multipliers that the claimant would state, and the
// samples behind an improvement. All numbers are decimals of at most 20 digits from 0 on, as text or as JSON
// numbers, so that every engine reads the same double and the same rational.
//   work digest = SHA-256 of canonical JSON of {evidence, kind, node, recipient, work, workId}
// Stated multipliers must lie in the policy's range and are shown; they are never paid.

import { canonicalJson, sha256Hex } from '../../../base/canonical.js';
import { check } from '../../../base/errors.js';
import { found, rationalOf, type Rational } from '../../../ledger/amount.js';
import { recordAt } from '../../../ledger/check-transaction.js';
import type { Bucket, PerBucket } from '../bucket.js';
import { compared, decimalText } from '../exact-decimal.js';
import { datasetUnits, inferenceUnits, learningUnits, validationUnits } from '../formulas.js';
import type { Worth } from '../formulas.js';
import type { BucketPolicy, Multipliers } from '../policy.js';

/** A decimal of a claim, as it was written. */
export type Figure = string | number;
/** Figures by the names of multipliers. */
export type Figures = Readonly<Record<string, Figure>>;

/** A sample as a claim states it. */
export interface StatedSample {
  readonly n: Figure;
  readonly mean: Figure;
  readonly sd: Figure;
}

/** What a claim says of its work; the fields of its kind, no others. */
export type ClaimedWork = Readonly<Record<string, Figure | StatedSample>>;

/** Multiplier of a kind: its name in claims and its range in a policy. */
export interface FigureRule {
  readonly name: string;
  readonly range: keyof Multipliers;
}

/** Fields of a kind. */
interface WorkRule {
  readonly amount: string;
  /** Whether the amount is counted in whole numbers. */
  readonly isWhole: boolean;
  readonly figures: readonly FigureRule[];
  /** What else must be there, and what may. */
  readonly samples: readonly string[];
  readonly worth: (
    policy: BucketPolicy,
    amount: string,
    figures: Readonly<Record<string, string>>,
  ) => Worth;
}

/** The schema of work by kind. */
export const WORK: PerBucket<WorkRule> = {
  inference: {
    amount: 'tokens',
    isWhole: true,
    figures: [{ name: 'quality', range: 'inferenceQuality' }],
    samples: [],
    worth: (policy, tokens, figures) => inferenceUnits(policy, { tokens, ...figures }, 'strict'),
  },
  learning: {
    amount: 'improvement_pct',
    isWhole: false,
    figures: [
      { name: 'difficulty', range: 'learningDifficulty' },
      { name: 'applicability', range: 'learningApplicability' },
    ],
    samples: ['baseline', 'candidate'],
    worth: (policy, improvementPct, figures) =>
      learningUnits(policy, { improvementPct, ...figures }, 'strict'),
  },
  validation: {
    amount: 'validation_tasks',
    isWhole: true,
    figures: [{ name: 'complexity', range: 'validationComplexity' }],
    samples: [],
    worth: (policy, tasks, figures) => validationUnits(policy, { tasks, ...figures }, 'strict'),
  },
  dataset: {
    amount: 'dataset_gb',
    isWhole: false,
    figures: [
      { name: 'quality', range: 'datasetQuality' },
      { name: 'diversity', range: 'datasetDiversity' },
    ],
    samples: [],
    worth: (policy, gb, figures) => datasetUnits(policy, { gb, ...figures }, 'strict'),
  },
};

/** Which way a measure gets better; `higher` where a claim does not say. */
export const BETTER = 'better';
const DIRECTIONS: readonly unknown[] = ['higher', 'lower'];
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,19})?$/;
const MOST_DIGITS = 20;
const MOST_CHARACTERS = 40;

/**
 * Reads the work of a claim: exactly the fields of its kind. Throws `bad-input` with the place of the first
 * fault. Ranges are not looked at.
 */
export function readWork(kind: Bucket, value: unknown): ClaimedWork {
  const { amount, figures, samples } = WORK[kind];
  const names = figures.map(({ name }) => name);
  const optional = samples.length === 0 ? names : [...names, BETTER];
  const fields = recordAt(value, 'work', [amount, ...samples], optional);
  const work: Record<string, Figure | StatedSample> = {};
  for (const name of Object.keys(fields)) {
    const place = `work.${name}`;
    work[name] = samples.includes(name)
      ? readSample(fields[name], place)
      : name === BETTER
        ? readDirection(fields[name], place)
        : readFigure(fields[name], place);
  }
  return work;
}

/** Reads a decimal. Throws `bad-input`. */
export function readFigure(value: unknown, place: string): Figure {
  const text = typeof value === 'number' ? numberText(value) : value;
  const isDecimal =
    typeof text === 'string' &&
    text.length <= MOST_CHARACTERS &&
    DECIMAL.test(text) &&
    text.replace('.', '').length <= MOST_DIGITS;
  check(
    isDecimal,
    'bad-input',
    () => `${place}: expected a decimal of at most ${MOST_DIGITS} digits, found ${found(value)}`,
    'write it as text, like "12.5": no sign, no exponent',
  );
  return value as Figure;
}

/** The decimal text of a figure that was read. */
export function figureText(figure: Figure): string {
  return String(figure);
}

/** The exact value of a figure that was read. */
export function figureValue(figure: Figure): Rational {
  return rationalOf(figureText(figure));
}

/**
 * Checks the numbers of work that was read: an amount above 0, whole where work is counted, and stated
 * multipliers in the policy's range. Throws `bad-input`, which is `out-of-range` here.
 */
export function checkWorkRanges(policy: BucketPolicy, kind: Bucket, work: ClaimedWork): void {
  const { amount, isWhole, figures } = WORK[kind];
  const figure = work[amount] as Figure;
  const { numerator, denominator } = figureValue(figure);
  const isWork = numerator > 0n && (!isWhole || denominator === 1n);
  check(
    isWork,
    'bad-input',
    () => `work.${amount}: expected ${isWhole ? 'a whole number ' : ''}above 0, found ${figure}`,
  );
  for (const rule of figures) {
    const stated = work[rule.name];
    if (stated !== undefined) {
      checkFigureRange(policy, rule, stated as Figure, `work.${rule.name}`);
    }
  }
}

/** Checks that a multiplier lies in the policy's range. Throws `bad-input`. */
export function checkFigureRange(
  { multipliers }: BucketPolicy,
  { range }: FigureRule,
  figure: Figure,
  place: string,
): void {
  const { least, most } = multipliers[range];
  const value = figureValue(figure);
  check(
    compared(value, least) >= 0 && compared(value, most) <= 0,
    'bad-input',
    () => `${place}: expected ${decimalText(least)} to ${decimalText(most)}, found ${figure}`,
  );
}

/**
 * What work that was read and checked is worth with these multipliers; one that is left out is the policy's
 * usual one. Throws `bad-input` where it is more than an amount can hold.
 */
export function worthOf(
  policy: BucketPolicy,
  kind: Bucket,
  work: ClaimedWork,
  multipliers: Readonly<Record<string, string>>,
): Worth {
  const rule = WORK[kind];
  return rule.worth(policy, figureText(work[rule.amount] as Figure), multipliers);
}

/** What makes work the same work, whoever attests to it. */
export interface WorkIdentity {
  readonly kind: Bucket;
  readonly node: string;
  readonly recipient: string;
  readonly workId: string;
  readonly work: ClaimedWork;
  readonly evidence: string;
}

/** The digest that attesters sign. */
export function workDigest(identity: WorkIdentity): string {
  const { kind, node, recipient, workId, work, evidence } = identity;
  return sha256Hex(canonicalJson({ kind, node, recipient, workId, work, evidence }));
}

function readSample(value: unknown, place: string): StatedSample {
  const fields = recordAt(value, place, ['n', 'mean', 'sd']);
  return {
    n: readFigure(fields['n'], `${place}.n`),
    mean: readFigure(fields['mean'], `${place}.mean`),
    sd: readFigure(fields['sd'], `${place}.sd`),
  };
}

function readDirection(value: unknown, place: string): string {
  check(
    DIRECTIONS.includes(value),
    'bad-input',
    () => `${place}: expected higher or lower, found ${found(value)}`,
  );
  return value as string;
}

/** The shortest decimal text of a number that has one; integers from 2⁵³ on are not what was written. */
function numberText(value: number): string | null {
  const isExact = !Object.is(value, -0) && Math.abs(value) < 2 ** 53;
  return isExact ? String(value) : null;
}
