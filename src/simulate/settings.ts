// What a simulation is made of, besides chance: sizes of the world, of the population and of the
// strategies, and how its rewards are computed. Everything has a default that is printed with the
// result, so a result says what made it.

import { check } from '../base/errors.js';
import type { HybridWeights } from '../rewards/hybrid.js';
import type { RewardName } from '../rewards/reward.js';

/** Settings of a simulation; README's `focus simulate` lists them as flags. */
export interface SimulationSettings {
  /** Unsigned 32-bit. */
  readonly seed: number;
  /** Replicates, 1 … 10,000; intervals need two. */
  readonly runs: number;
  /** 2 … 200. */
  readonly epochs: number;
  /** Honest neurons besides the seat whose strategy is tried, 2 … 100. */
  readonly crowd: number;
  /** Particles of the world; spam and rings add their own. */
  readonly particles: number;
  /** Clusters that the particles are dealt to, in turn. */
  readonly clusters: number;
  /** Stake that a neuron may emit each epoch, > 0. */
  readonly stake: number;
  /** Links of an honest signal, 1 … 32. */
  readonly links: number;
  /** Probability that an honest link points anywhere at all, in [0, 1). */
  readonly noise: number;
  /** Stake of the whale, as a multiple of `stake`, ≥ 1. */
  readonly whale: number;
  /** Identities of the sybil and members of the ring, 2 … 32. */
  readonly identities: number;
  /** Leaves that the spammer adds each epoch, 1 … 1,000. */
  readonly leaves: number;
  /** All strategies in one world, instead of one world for each. */
  readonly mixed: boolean;
  /** Weights of the hybrid; none has a default in the engine, so these are printed. */
  readonly hybrid: HybridWeights;
  /** What a descendant one step further away counts, in (0, 1]. */
  readonly discount: number;
  /** L1 error of what a shift leaves out. */
  readonly tolerance: number;
  /** Functions that pay. */
  readonly functions: readonly RewardName[];
}

/** The defaults. */
export const DEFAULT_SETTINGS: SimulationSettings = {
  seed: 1,
  runs: 8,
  epochs: 10,
  crowd: 8,
  particles: 96,
  clusters: 6,
  stake: 240,
  links: 4,
  noise: 0.2,
  whale: 10,
  identities: 4,
  leaves: 20,
  mixed: false,
  hybrid: { deltaNorm: 1, deltaJ: 1, dagWeight: 1e-4, alignment: 1 },
  discount: 1,
  tolerance: 1e-7,
  functions: ['delta-norm', 'syntropy', 'directed', 'alignment', 'dag-weight', 'hybrid'],
};

const RANGES: readonly (readonly [keyof SimulationSettings, number, number, boolean])[] = [
  ['seed', 0, 2 ** 32 - 1, true],
  ['runs', 1, 10_000, true],
  ['epochs', 2, 200, true],
  ['crowd', 2, 100, true],
  ['particles', 12, 100_000, true],
  ['clusters', 1, 1000, true],
  ['stake', Number.MIN_VALUE, 1e12, false],
  ['links', 1, 32, true],
  ['noise', 0, 1 - 2 ** -20, false],
  ['whale', 1, 1e6, false],
  ['identities', 2, 32, true],
  ['leaves', 1, 1000, true],
  ['discount', Number.MIN_VALUE, 1, false],
  ['tolerance', 1e-12, 1e-2, false],
];

/** Completes settings. Throws FocusError `bad-parameter` naming setting, range and value. */
export function resolveSettings(given: Partial<SimulationSettings> = {}): SimulationSettings {
  const settings = { ...DEFAULT_SETTINGS, ...given };
  for (const [name, least, most, whole] of RANGES) {
    const value = settings[name] as number;
    check(
      value >= least && value <= most && (!whole || Number.isInteger(value)),
      'bad-parameter',
      () =>
        `simulate ${name}: expected ${whole ? 'an integer' : 'a number'} in [${least}, ${most}], ` +
        `found ${String(value)}`,
    );
  }
  const { particles, clusters, functions, links } = settings;
  check(
    particles >= 4 * clusters,
    'bad-parameter',
    () =>
      `simulate clusters: expected at most a quarter of ${particles} particles, found ${clusters}`,
  );
  check(
    2 * links <= particles,
    'bad-parameter',
    () => `simulate links: expected at most half of ${particles} particles, found ${links}`,
  );
  check(
    functions.length > 0 && new Set(functions).size === functions.length,
    'bad-parameter',
    () => `simulate functions: expected each once, found ${functions.join(', ') || 'none'}`,
  );
  return settings;
}
