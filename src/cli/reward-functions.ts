// Which reward functions a command computes, and their options, from flags. Weights of the hybrid have
// no default: all four must be given.

import { FocusError, check } from '../base/errors.js';
import {
  REWARD_FUNCTIONS,
  rewardFunction,
  type RewardName,
  type RewardOptions,
} from '../rewards/reward.js';

/** The flags that choose. */
export interface RewardChoice {
  readonly functions?: string;
  readonly checkpoint?: string;
  readonly blocks?: string;
  readonly weights?: string;
  readonly closeness?: 'cosine' | 'total-variation' | 'jensen-shannon';
  readonly discount?: number;
  readonly precision?: 'f64' | 'exact';
}

/** Names of all functions, for help and errors. */
export const REWARD_NAMES: readonly string[] = REWARD_FUNCTIONS.map(({ name }) => name);

const FAST: readonly RewardName[] = ['delta-norm', 'syntropy', 'directed'];
const WEIGHTS = {
  'delta-norm': 'deltaNorm',
  'delta-j': 'deltaJ',
  'dag-weight': 'dagWeight',
  alignment: 'alignment',
} as const;
type WeightName = keyof typeof WEIGHTS;

/**
 * The functions asked for; by default the fast ones, and those whose inputs are given. Throws `usage`
 * for names that none has, names given twice, and functions whose inputs are missing.
 */
export function chosenFunctions(flags: RewardChoice): readonly RewardName[] {
  const { functions, checkpoint, blocks, weights } = flags;
  if (functions === undefined) {
    return [
      ...FAST,
      ...(checkpoint === undefined ? [] : (['alignment'] as const)),
      ...(blocks === undefined ? [] : (['dag-weight'] as const)),
      ...(weights === undefined ? [] : (['hybrid'] as const)),
    ];
  }
  const names = functions.split(',').map((name) => name.trim());
  for (const [k, name] of names.entries()) {
    const known = REWARD_NAMES.join(', ');
    check(
      REWARD_NAMES.includes(name),
      'usage',
      () => `--functions: expected some of ${known}; found "${name}"`,
    );
    check(names.indexOf(name) === k, 'usage', () => `--functions: expected "${name}" once`);
  }
  const chosen = names as readonly RewardName[];
  checkInputs(chosen, flags);
  return chosen;
}

function checkInputs(chosen: readonly RewardName[], flags: RewardChoice): void {
  if (chosen.includes('spectral-gap')) {
    check(
      flags.precision !== 'exact',
      'usage',
      () => 'spectral-gap: expected --precision f64, found exact',
      'a spectrum is known as intervals of doubles only',
    );
  }
  check(
    !chosen.includes('dag-weight') || flags.blocks !== undefined,
    'usage',
    () => 'dag-weight: expected --blocks DAG.ndjson, found none',
    'one block a line: {"id": "b1", "parents": ["b0"], "signals": [0, 1]}',
  );
  check(
    !chosen.includes('hybrid') || flags.weights !== undefined,
    'usage',
    () => 'hybrid: expected --weights, found none',
    weightsFix(),
  );
}

/** Options of the functions. Throws `usage` for weights that are not all there. */
export function rewardOptionsOf(flags: RewardChoice): RewardOptions {
  const { closeness, discount, weights } = flags;
  const alignment = { closeness };
  const dagWeight = { discount };
  return {
    alignment,
    'dag-weight': dagWeight,
    ...(weights === undefined
      ? {}
      : { hybrid: { weights: readWeights(weights), alignment, dagWeight } }),
  };
}

/** Throws `usage` for a hybrid that needs blocks where none are given. */
export function checkHybrid(flags: RewardChoice): void {
  if (flags.weights === undefined) return;
  const { dagWeight } = readWeights(flags.weights);
  check(
    dagWeight === 0 || flags.blocks !== undefined,
    'usage',
    () => `--weights: dag-weight ${dagWeight} needs --blocks DAG.ndjson, found none`,
    'give the blocks, or the weight 0',
  );
}

function readWeights(text: string): Record<(typeof WEIGHTS)[WeightName], number> {
  const found = new Map<string, number>();
  for (const part of text.split(',')) {
    const [name, value, ...more] = part.split('=').map((word) => word.trim());
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value ?? '') ? Number(value) : NaN;
    if (!Object.hasOwn(WEIGHTS, name) || more.length > 0 || !Number.isFinite(number)) {
      const message = `--weights: expected name=number, found "${part.trim()}"`;
      throw new FocusError('usage', message, weightsFix());
    }
    check(!found.has(name), 'usage', () => `--weights: expected ${name} once, found it again`);
    found.set(name, number);
  }
  const names = Object.keys(WEIGHTS) as WeightName[];
  const missing = names.filter((name) => !found.has(name));
  check(
    missing.length === 0,
    'usage',
    () => `--weights: expected all of ${names.join(', ')}; missing ${missing.join(', ')}`,
    weightsFix(),
  );
  return Object.fromEntries(names.map((name) => [WEIGHTS[name], found.get(name) ?? NaN])) as Record<
    (typeof WEIGHTS)[WeightName],
    number
  >;
}

function weightsFix(): string {
  return (
    'such as --weights delta-norm=1,delta-j=2,dag-weight=0,alignment=0.5: ' +
    'none has a default, and 0 leaves a term out'
  );
}

/** One line about each function, for humans. */
export function definitionsOf(functions: readonly RewardName[]): string[] {
  return functions.map((name) => `${name}: ${rewardFunction(name).definition}`);
}
