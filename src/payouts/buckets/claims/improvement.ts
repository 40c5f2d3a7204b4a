// Whether an improvement is one: the least that is paid, no more than the means show, and not by chance.
//   measured % = 100 · (candidate − baseline) / baseline, or its negative where lower is better   (exact)
//   H₀: measured ≤ 0, against it Welch's one-sided test; rejected where p ≤ 1 − confidence threshold
// The samples are the claimant's own numbers: attesters sign them with the work.

import { check } from '../../../base/errors.js';
import { found, type Rational } from '../../../ledger/amount.js';
import { compared, decimalText } from '../exact-decimal.js';
import type { ValidationRules } from '../policy.js';
import { refusal, type ClaimRefusal } from './refusal.js';
import { welchTest, type Sample, type WelchTest } from './student.js';
import { BETTER, figureText, figureValue } from './work.js';
import type { ClaimedWork, Figure, StatedSample } from './work.js';

/** An improvement that was judged. */
export interface Improvement {
  readonly test: WelchTest;
  /** Percent, cut after 9 decimals. */
  readonly measuredPct: string;
}

/** Most measurements of a sample. */
const MOST_N = 1e15;
const MEASURED_DIGITS = 9;
/** p and t in a sentence. */
const SHOWN_DIGITS = 4;

/**
 * Checks the numbers of samples: n whole in 2…10¹⁵, a baseline's mean above 0, a standard deviation above
 * 0 on one side at least. Throws `bad-input`.
 */
export function checkSamples(work: ClaimedWork): void {
  const [baseline, candidate] = samplesOf(work);
  for (const [name, { n }] of Object.entries({ baseline, candidate })) {
    const count = Number(figureText(n));
    check(
      Number.isInteger(count) && count >= 2 && count <= MOST_N,
      'bad-input',
      () => `work.${name}.n: expected a whole number in 2…10¹⁵, found ${found(n)}`,
    );
  }
  check(
    figureValue(baseline.mean).numerator > 0n,
    'bad-input',
    () => `work.baseline.mean: expected above 0, found ${found(baseline.mean)}`,
    'an improvement is relative to it',
  );
  const varies = [baseline, candidate].some(({ sd }) => figureValue(sd).numerator > 0n);
  check(
    varies,
    'bad-input',
    () => 'work.candidate.sd: expected above 0 here or at the baseline, found 0 at both',
    'measure again until there is a spread to test against',
  );
}

/** Judges an improvement whose numbers were checked. About 10 µs. */
export function judgeImprovement(
  rules: Pick<ValidationRules, 'minImprovementPct' | 'confidenceThreshold'>,
  work: ClaimedWork,
): Improvement | ClaimRefusal {
  const { minImprovementPct, confidenceThreshold } = rules;
  const stated = work['improvement_pct'] as Figure;
  const claimed = figureValue(stated);
  if (compared(claimed, minImprovementPct) < 0) {
    const least = decimalText(minImprovementPct);
    return refusal('too-small-improvement', `expected at least ${least} %, found ${stated} %`);
  }
  const [baseline, candidate] = samplesOf(work);
  const isHigher = work[BETTER] !== 'lower';
  const measured = measuredOf(baseline, candidate, isHigher);
  const measuredPct = cutDecimal(measured);
  if (compared(claimed, measured) > 0) {
    const reason = `expected at most what the means show, ${measuredPct} %, found ${stated} %`;
    return refusal('overstated-improvement', reason);
  }
  const [before, after] = [sampleOf(baseline), sampleOf(candidate)];
  const test = isHigher ? welchTest(before, after) : welchTest(after, before);
  const { numerator, denominator } = confidenceThreshold;
  const most = Number(denominator - numerator) / Number(denominator);
  if (test.p > most) {
    const { t, degrees, p } = test;
    const by = `t = ${shownNumber(t)}, ${shownNumber(degrees)} degrees of freedom`;
    const reason = `p = ${shownNumber(p)} (${by}): expected at most ${shownNumber(most)}`;
    return refusal('not-significant', reason);
  }
  return { test, measuredPct };
}

/** 100 · (candidate − baseline) / baseline, or its negative. */
function measuredOf(baseline: StatedSample, candidate: StatedSample, isHigher: boolean): Rational {
  const [before, after] = [figureValue(baseline.mean), figureValue(candidate.mean)];
  const change = after.numerator * before.denominator - before.numerator * after.denominator;
  return {
    numerator: 100n * (isHigher ? change : -change),
    denominator: before.numerator * after.denominator,
  };
}

/** The decimal text of a rational, cut towards 0. */
function cutDecimal({ numerator, denominator }: Rational): string {
  const scale = 10n ** BigInt(MEASURED_DIGITS);
  return decimalText({ numerator: (numerator * scale) / denominator, denominator: scale });
}

function samplesOf(work: ClaimedWork): readonly [StatedSample, StatedSample] {
  return [work['baseline'] as StatedSample, work['candidate'] as StatedSample];
}

function sampleOf({ n, mean, sd }: StatedSample): Sample {
  const [count, middle, spread] = [n, mean, sd].map((figure) => Number(figureText(figure)));
  return { n: count, mean: middle, sd: spread };
}

/** A double for people, in few digits; ECMAScript fixes its text. */
function shownNumber(value: number): string {
  return String(Number(value.toPrecision(SHOWN_DIGITS)));
}
