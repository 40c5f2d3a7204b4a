// Bayesian truth serum with binary questions: what an agent's belief p and prediction m of the others'
// beliefs earn against the crowd of all others.
//   s = KL(p‖m̄) − KL(p‖p̄) − KL(p̄‖m)     KL(a‖b) = a ln(a/b) + (1 − a) ln((1 − a)/(1 − b)), nats
// Crowd means are geometric over the others and normalised over both answers, which is the mean of
// the log odds: ln(p̄/(1 − p̄)) = mean of ln(p/(1 − p)). Probabilities are clamped to [10⁻⁶, 1 − 10⁻⁶]
// first. With m = m̄ it is (p − p̄)·(ln odds of p̄ − ln odds of m̄): copying earns what the crowd's
// own prediction is off by, and nothing where it is right. Source: Prelec, Science 306 (2004) 462.

import { check } from '../base/errors.js';
import { exponential } from '../base/exponential.js';
import { logarithm } from '../base/logarithm.js';

/** What one agent says; both in [0, 1]. */
export interface BtsEntry {
  /** How likely the agent holds the answer "yes". */
  readonly belief: number;
  /** What it predicts the others' beliefs to be. */
  readonly prediction: number;
}

/** Clamps of probabilities: no single agent can move a mean of log odds by more than 27.7. */
export const LEAST_PROBABILITY = 1e-6;

/**
 * The scores of all agents, in nats, in the order given. Sums of log odds run from the first entry up
 * and from the last down, so scores have the same bits on every machine, and depend on the order of
 * entries by roundings alone. O(entries). Throws FocusError `bad-input`, naming the entry from 1, for
 * numbers outside [0, 1], and for fewer than two entries.
 */
export function btsScores(entries: readonly BtsEntry[]): number[] {
  check(Array.isArray(entries), 'bad-input', () => 'bts: expected a list of entries');
  check(
    entries.length >= 2,
    'bad-input',
    () => `bts: expected at least two entries, found ${entries.length}`,
    'a score compares one agent with all others',
  );
  entries.forEach(checkEntry);
  const beliefs = entries.map(({ belief }) => clamped(belief));
  const predictions = entries.map(({ prediction }) => clamped(prediction));
  const [crowdBeliefs, crowdPredictions] = [meansOfOthers(beliefs), meansOfOthers(predictions)];
  return beliefs.map((p, i) => {
    const [pBar, mBar] = [crowdBeliefs[i], crowdPredictions[i]];
    return divergence(p, mBar) - divergence(p, pBar) - divergence(pBar, predictions[i]);
  });
}

/**
 * Karma after a round: κ' = max(0, κ + η·s). Throws `bad-parameter` for a karma that is no finite
 * number or a rate that is not finite and ≥ 0.
 */
export function karmaAfterScore(karma: number, score: number, rate: number): number {
  check(
    rate >= 0 && rate < Infinity,
    'bad-parameter',
    () => `bts rate: expected a finite number from 0, found ${rate}`,
  );
  check(
    Number.isFinite(karma) && Number.isFinite(score),
    'bad-parameter',
    () => `karma and score: expected finite numbers, found ${karma} and ${score}`,
  );
  return Math.max(0, karma + rate * score);
}

function checkEntry(entry: unknown, index: number): void {
  const place = `bts: entry ${index + 1}`;
  const isObject = entry !== null && typeof entry === 'object';
  check(isObject, 'bad-input', () => `${place}: expected an object, found ${String(entry)}`);
  for (const key of ['belief', 'prediction'] as const) {
    const value = (entry as Readonly<Record<string, unknown>>)[key];
    check(
      typeof value === 'number' && value >= 0 && value <= 1,
      'bad-input',
      () => `${place}: ${key}: expected a number in [0, 1], found ${String(value)}`,
    );
  }
}

function clamped(probability: number): number {
  return Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability));
}

/** For each probability the normalised geometric mean of all others. */
function meansOfOthers(probabilities: readonly number[]): number[] {
  const odds = probabilities.map((p) => logarithm(p) - logarithm(1 - p));
  const after = new Float64Array(odds.length + 1);
  for (let i = odds.length - 1; i >= 0; i--) after[i] = after[i + 1] + odds[i];
  let before = 0;
  return odds.map((own, i) => {
    const mean = (before + after[i + 1]) / (odds.length - 1);
    before += own;
    return probabilityOf(mean);
  });
}

/** 1/(1 + e^−x), clamped against roundings. */
function probabilityOf(logOdds: number): number {
  const power = exponential(-Math.abs(logOdds));
  return clamped((logOdds >= 0 ? 1 : power) / (1 + power));
}

function divergence(a: number, b: number): number {
  const yes = a * (logarithm(a) - logarithm(b));
  return yes + (1 - a) * (logarithm(1 - a) - logarithm(1 - b));
}
