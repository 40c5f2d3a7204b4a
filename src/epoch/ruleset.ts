// What an epoch is computed by: every parameter that a figure depends on, from one starting epoch on.
// Nothing of it has a default: a missing key is refused, as is one that is not known, so two validators
// with the same file compute the same epoch. The canonical text, keys in this order, is what the
// manifest's digest covers.

import { check } from '../base/errors.js';
import { checkToken } from '../ledger/account.js';
import { READINGS, type FocusOptions, type Reading } from '../focus/parameters.js';
import { integer, listOf, number, oneOf, record, type Read } from './read-rules.js';
import { REWARD_FUNCTIONS, rewardFunction, type RewardName } from '../rewards/reward.js';

/** How the reward of each signal alone is found. */
export type MarginalMethod = 'adjoint' | 'near' | 'none';

/** The rules of an epoch. */
export interface Ruleset {
  /** The first epoch that these rules are for; they hold until the next ruleset's. */
  readonly startEpoch: number;
  /** Order of particles in memory, which the last units of focus depend on. */
  readonly order: 'first-seen' | 'sorted';
  readonly reading: Reading;
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  /** Stake unit of focus-1-combinatorial; null for the other readings. */
  readonly unit: number | null;
  readonly prior: 'degree' | 'uniform';
  /** L1 error of every focus. */
  readonly tolerance: number;
  /** Entries of the shift below floor/n are counted together, not listed. */
  readonly floor: number;
  /** Rewards of all signals together, on exact integers. */
  readonly joint: readonly RewardName[];
  /** Rewards of each signal alone. */
  readonly marginals: {
    readonly method: MarginalMethod;
    readonly functions: readonly RewardName[];
    /** L1 error aimed at near a change, and arcs to follow for it. */
    readonly tolerance: number;
    readonly arcs: number;
  };
  /** What held stake weighs; left out where the chain holds none. */
  readonly held?: HeldRules | undefined;
}

/** How locks and burns of the ledger become weights: see held-stake.ts. */
export interface HeldRules {
  /** The token that is locked and burned. */
  readonly token: string;
  /** Base units of the ledger that weigh as much as an amount of 1 in the graph. */
  readonly unitsPerStake: number;
  /** What an amount of 1 on a particle adds to its weight in the prior. */
  readonly priorWeight: number;
}

/** Functions of the shift alone, whose value for one signal is known at the end of the epoch. */
const SHIFT_FUNCTIONS: readonly string[] = ['delta-norm', 'syntropy', 'directed'];
/** Those of them that a first-order marginal has. */
const LINEAR_FUNCTIONS: readonly string[] = ['syntropy', 'directed'];

const HELD_RULES: { readonly [Key in keyof HeldRules]: Read<HeldRules[Key]> } = {
  token: (value, place) => checkToken(value, place),
  unitsPerStake: integer(1),
  priorWeight: number('> 0', (x) => x > 0),
};

const RULES: { readonly [Key in keyof Required<Ruleset>]: Read<Ruleset[Key]> } = {
  startEpoch: integer(0),
  order: oneOf(['first-seen', 'sorted']),
  reading: oneOf(READINGS),
  teleport: number('in (0, 1]', (x) => x > 0 && x <= 1),
  mu: number('> 0', (x) => x > 0),
  tau: number('≥ 0', (x) => x >= 0),
  lambda: (value, place) => {
    const list = listOf(number('in [0, 1]', (x) => x >= 0 && x <= 1))(value, place);
    const sum = list.reduce((total, share) => total + share, 0);
    check(
      list.length === 3 && Math.abs(sum - 1) <= 1e-12,
      'bad-input',
      () => `${place}: expected three numbers of sum 1, found ${JSON.stringify(value)}`,
    );
    return [list[0], list[1], list[2]];
  },
  unit: (value, place) => (value === null ? null : number('> 0', (x) => x > 0)(value, place)),
  prior: oneOf(['degree', 'uniform']),
  tolerance: number('in [1e-12, 2]', (x) => x >= 1e-12 && x <= 2),
  floor: number('≥ 0', (x) => x >= 0),
  joint: functions(SHIFT_FUNCTIONS),
  marginals: (value, place) => {
    const read = record(value, place, MARGINALS);
    const { method, functions: names } = read;
    const known = method === 'adjoint' ? LINEAR_FUNCTIONS : SHIFT_FUNCTIONS;
    check(
      method !== 'none' || names.length === 0,
      'bad-input',
      () => `${place}.functions: expected none for the method none`,
    );
    for (const name of names) {
      check(
        known.includes(name),
        'bad-input',
        () => `${place}.functions: expected ${known.join(' or ')}, found ${name}`,
        'a norm has no first-order marginal: use the method near for it',
      );
    }
    return read;
  },
  held: (value, place) => record(value, place, HELD_RULES),
};
/** Keys without which a ruleset is whole: rules made before them keep their bytes. */
const OPTIONAL: readonly string[] = ['held'];

const MARGINALS: {
  readonly [Key in keyof Ruleset['marginals']]: Read<Ruleset['marginals'][Key]>;
} = {
  method: oneOf(['adjoint', 'near', 'none']),
  functions: functions(SHIFT_FUNCTIONS),
  tolerance: number('in (0, 2]', (x) => x > 0 && x <= 2),
  arcs: integer(1),
};

/**
 * Reads rulesets from what a YAML or JSON file holds: a list, by rising startEpoch. Throws `bad-input`
 * naming the ruleset and the key that is missing, unknown or out of range.
 */
export function readRulesets(value: unknown, name: string): readonly Ruleset[] {
  const rulesets = listOf((each, place) => record(each, place, RULES, OPTIONAL))(value, name);
  check(rulesets.length > 0, 'bad-input', () => `${name}: expected a ruleset, found none`);
  rulesets.forEach((ruleset, i) => {
    const { startEpoch, order } = ruleset;
    const place = `${name}[${i}]`;
    check(
      i === 0 || startEpoch > rulesets[i - 1].startEpoch,
      'bad-input',
      () => `${place}.startEpoch: expected more than the one before, found ${startEpoch}`,
    );
    checkTogether(ruleset, place);
    check(
      order === rulesets[0].order,
      'bad-input',
      () => `${place}.order: expected ${rulesets[0].order} as from the start, found ${order}`,
    );
    const token = rulesets[i - 1]?.held?.token;
    check(
      token === undefined || ruleset.held?.token === token,
      'bad-input',
      () => `${place}.held.token: expected ${token} as before, found ${ruleset.held?.token}`,
      'what is burned weighs for ever: rules may change what, not whether',
    );
  });
  return rulesets;
}

/** What no key is wrong about alone, told before anything is computed. */
function checkTogether({ reading, unit, lambda, marginals }: Ruleset, place: string): void {
  const hasUnit = reading === 'focus-1-combinatorial';
  const wanted = hasUnit ? 'a number > 0' : 'null';
  const given = `for ${reading}, found ${JSON.stringify({ unit, lambda, method: marginals.method })}`;
  check(
    (unit !== null) === hasUnit,
    'bad-input',
    () => `${place}.unit: expected ${wanted} ${given}`,
  );
  const isLambda = reading === 'pagerank' ? lambda[0] === 1 : lambda[0] > 0;
  const diffusion = reading === 'pagerank' ? '1, 0, 0' : 'diffusion > 0';
  check(isLambda, 'bad-input', () => `${place}.lambda: expected ${diffusion} ${given}`);
  // Its unit is the largest stake of a graph, so no signal changes only what it touches.
  const canValue = reading !== 'reference-2026-07' || marginals.method === 'none';
  check(canValue, 'bad-input', () => `${place}.marginals.method: expected none ${given}`);
}

/** The ruleset of an epoch. Throws `bad-input` where none has started. */
export function rulesetAt(rulesets: readonly Ruleset[], epoch: number): Ruleset {
  const found = rulesets.filter(({ startEpoch }) => startEpoch <= epoch).at(-1);
  check(
    found !== undefined,
    'bad-input',
    () => `rulesets: expected one that starts by epoch ${epoch}, found none`,
    'no rule is ever defaulted: add a ruleset with an earlier startEpoch',
  );
  return found;
}

/** The canonical text of a ruleset: one line of JSON, keys in their order. */
export function rulesetText(ruleset: Ruleset): string {
  return `${JSON.stringify(ruleset)}\n`;
}

/** The parameters of the tri-kernel that a ruleset states. */
export function parametersOf(ruleset: Ruleset): FocusOptions {
  const { reading, teleport, mu, tau, lambda, unit, prior } = ruleset;
  return { reading, teleport, mu, tau, lambda, prior, ...(unit === null ? {} : { unit }) };
}

function functions(known: readonly string[]): Read<readonly RewardName[]> {
  return (value, place) => {
    const names = listOf(oneOf(REWARD_FUNCTIONS.map(({ name }) => name)))(value, place);
    names.forEach((name, i) => {
      check(
        known.includes(name) && names.indexOf(name) === i,
        'bad-input',
        () => `${place}: expected each of ${known.join(', ')} once at most, found ${name}`,
        rewardFunction(name).definition,
      );
    });
    return names;
  };
}
