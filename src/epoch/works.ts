// What the signals of an epoch are worth, as integers in units of 2⁻⁶¹, and who is paid for each: here
// numbers become what money is made of, once, each rounded to the nearest unit.
//   shapley   exact shares of v(N), which is also what the epoch moved
//   hybrid    Σ weight · reward alone; the epoch moved Σ weight · joint reward
//   claims    what neurons claimed and a verifier accepted; the epoch moved its joint reward

import type { ExactBackend } from '../backend/exact.js';
import { check } from '../base/errors.js';
import { checkAdditive } from '../attribution/additive.js';
import { enumerateShapley } from '../attribution/enumeration.js';
import { openExactGame } from '../attribution/exact-game.js';
import { shapleyOf } from '../attribution/shapley.js';
import { unitsOfValue } from '../attribution/value-function.js';
import { floorOf } from '../focus/exact/units.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import type { Delta } from '../graph/signal.js';
import type { RewardName } from '../rewards/reward.js';
import { VALUE_UNITS } from '../payouts/minting/conserve.js';
import { neuronAccount, type Work } from '../payouts/minting/mint.js';
import type { MarginalRow } from './marginals.js';
import type { HybridRules, ShapleyRules } from './payout-rules.js';
import { epochParameters } from './held-stake.js';
import type { Ruleset } from './ruleset.js';
import type { EpochState } from './state.js';

/** What an epoch moved, and what its signals are paid for. */
export interface Works {
  /** Units of 2⁻⁶¹. */
  readonly actual: bigint;
  readonly works: readonly Work[];
}

/** An epoch that is paid. */
export interface PaidEpoch {
  /** Names its works: digest of the chain's first manifest, and the number of the epoch. */
  readonly chain: string;
  readonly epoch: number;
  /** Digest of its manifest. */
  readonly manifest: string;
  readonly beacon: string;
  readonly before: EpochState;
  readonly delta: Delta;
  readonly ruleset: Ruleset;
  readonly marginals: readonly MarginalRow[];
  /** Joint rewards, as exact decimals. */
  readonly joint: readonly { readonly function: string; readonly valueExact: string }[];
}

/** Links of nobody earn nothing for anybody. */
const NOBODY = 'unallocated:links-of-nobody';

/** Shapley shares in exact arithmetic: the same integers for every validator. */
export async function shapleyWorks(
  paid: PaidEpoch,
  { value, orderings, tolerance }: ShapleyRules,
  backend: ExactBackend,
  signal?: AbortSignal,
): Promise<Works> {
  const { before, delta, ruleset, beacon } = paid;
  if (delta.length === 0) return { actual: 0n, works: [] };
  const { linked } = before;
  const changes = delta.map((each) => axonChangesOf(linked, [each]));
  checkAdditive(linked.graph.particles, changes, axonChangesOf(linked, delta));
  // Where stake is held on particles the prior is of each graph's own: the game refuses it.
  const parameters = epochParameters(linked.graph, before.held, ruleset);
  const options = { ...parameters, value, tolerance, signal };
  const game = await openExactGame(linked.graph, changes, options, backend);
  try {
    const reason = `Shapley share of ${value}`;
    if (orderings === 0) {
      const { shares, grand } = await enumerateShapley(game, { signal });
      return { actual: grand, works: worksOf(paid, shares, `${reason}, all coalitions`) };
    }
    const stopping = { kind: 'orderings', orderings } as const;
    const { players, totalUnits } = await shapleyOf(game, { beacon, cluster: 0, stopping, signal });
    const shares = players.map(({ units }) => units);
    const sampled = `${reason}, at least ${orderings} orderings`;
    return { actual: totalUnits, works: worksOf(paid, shares, sampled) };
  } finally {
    game.destroy();
  }
}

/** A weighted sum of the rewards that the epoch's files hold. */
export function hybridWorks(paid: PaidEpoch, { weights }: HybridRules): Works {
  const names = (Object.keys(weights) as (keyof typeof weights)[]).filter((n) => weights[n] > 0);
  const { delta, marginals, joint } = paid;
  const values = new Map(marginals.map((row) => [`${row.signal} ${row.function}`, row]));
  const sums = delta.map((_, signal) =>
    names.reduce((sum, name) => {
      const row = values.get(`${signal} ${name}`);
      check(row !== undefined, 'bad-input', () => missing('marginals.functions', name));
      // A signal that cannot stand alone earns nothing alone.
      return sum + weights[name] * (row.value ?? 0);
    }, 0),
  );
  // Weights are doubles, and so exact multiples of 2⁻¹⁰⁷⁴: what was moved is weighed without rounding.
  const moved = names.reduce(
    (sum, name) => sum + weighed(weights[name], jointOf({ joint }, name)),
    0n,
  );
  const formula = names.map((name) => `${weights[name]} × ${name}`).join(' + ');
  const reason = `${formula}, of the signal alone`;
  return { actual: moved, works: worksOf(paid, sums.map(unitsOfValue), reason) };
}

/**
 * The joint reward of an epoch in units of 2⁻⁶¹, rounded down. Throws `bad-input` where its ruleset
 * has none of that function.
 */
export function jointOf({ joint }: Pick<PaidEpoch, 'joint'>, name: RewardName): bigint {
  const found = joint.find((row) => row.function === name);
  check(found !== undefined, 'bad-input', () => missing('joint', name));
  return unitsOfDecimal(found.valueExact);
}

function missing(key: string, name: string): string {
  return `payouts: ${name}: expected it in the ruleset's ${key}, found none`;
}

function worksOf(
  { chain, epoch, manifest, delta }: PaidEpoch,
  values: readonly bigint[],
  reason: string,
): readonly Work[] {
  return values.map((value, signal) => {
    const { neuron } = delta[signal];
    return {
      recipient: neuron === null ? NOBODY : neuronAccount(neuron),
      // Ids are sorted as texts: of one length, they are sorted as numbers too.
      id: `${chain}/${epoch}/${String(signal).padStart(10, '0')}`,
      evidence: manifest,
      value,
      reason: `epoch ${epoch}, signal ${signal}: ${reason}`,
    };
  });
}

/** ⌊weight · units⌋. */
function weighed(weight: number, units: bigint): bigint {
  let bits = 0;
  let scaled = weight;
  for (; !Number.isInteger(scaled); bits++) scaled *= 2;
  return floorOf(BigInt(scaled) * units, 1n << BigInt(bits));
}

/** An exact decimal in units of 2⁻⁶¹, rounded down: what was moved is never overstated. */
function unitsOfDecimal(text: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  check(whole !== undefined, 'mismatch', () => `joint.ndjson: expected a decimal, found ${text}`);
  const size = BigInt(whole + fraction) * VALUE_UNITS;
  return floorOf(sign === '-' ? -size : size, 10n ** BigInt(fraction.length));
}
