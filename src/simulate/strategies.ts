// The table of strategies. To add one: write its file in strategies/, add one line here.

import { check } from '../base/errors.js';
import { copying } from './strategies/copying.js';
import { earlyAccurate } from './strategies/early-accurate.js';
import { honest } from './strategies/honest.js';
import { lateConfirming } from './strategies/late-confirming.js';
import { oscillating } from './strategies/oscillating.js';
import { ring } from './strategies/ring.js';
import { spamming } from './strategies/spamming.js';
import { sybil } from './strategies/sybil.js';
import { whale } from './strategies/whale.js';
import type { Strategy } from './strategy.js';

/** All strategies, the honest one first: others are compared with it. */
export const STRATEGIES = [
  honest,
  earlyAccurate,
  lateConfirming,
  copying,
  oscillating,
  spamming,
  whale,
  sybil,
  ring,
] as const;

/** The name of a strategy. */
export type StrategyName = (typeof STRATEGIES)[number]['name'];

/** The strategy of a name. Throws `bad-parameter` for a name that none has. */
export function strategyOf(name: string): Strategy {
  const found = STRATEGIES.find((each) => each.name === name);
  check(
    found !== undefined,
    'bad-parameter',
    () =>
      `strategy: expected one of ${STRATEGIES.map((each) => each.name).join(', ')}, found "${name}"`,
  );
  return found;
}
