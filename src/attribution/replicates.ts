// Replicates as they are done: chains are drawn when the game has room for them, values come back in
// whatever order, and a replicate is finished when all its chains are. What is kept of it is its
// estimate, integers as decimal strings, so that a run can be written down and gone on with.

import { beaconStream } from '../base/beacon.js';
import { check, invariant } from '../base/errors.js';
import type { ControlVariate } from './control-variate.js';
import type { ReplicatePlan, Steps } from './estimators/estimator.js';
import type { Chain, Game } from './game.js';
import type { Draw } from './orderings.js';

/** A finished replicate, as data. */
export interface FinishedReplicate {
  readonly index: number;
  /** Numerators of the estimate by player, decimal; what a control variate adds is in them. */
  readonly estimate: readonly string[];
  /** The largest proven error of a value, in 1; null where one has none. */
  readonly errorBound: number | null;
}

/** What all replicates of a run share. */
export interface ReplicateSource {
  readonly game: Game;
  readonly plan: ReplicatePlan;
  readonly draw: Draw;
  readonly control: ControlVariate | null;
  /** v(N). */
  readonly grand: bigint;
  readonly signal: AbortSignal | undefined;
}

/** The chain of v(N): number 0 of a run. */
export function grandChain(players: number): Chain {
  return { index: 0, steps: [Array.from({ length: players }, (_, i) => i)] };
}

/** The chains of replicate `index`, a pure function of beacon, cluster, index and plan. */
export function chainsOf(plan: ReplicatePlan, { beacon, cluster }: Draw, index: number): Steps[] {
  return [...plan.draw(beaconStream(beacon, `ordering of cluster ${cluster}`, index))];
}

interface Open {
  readonly index: number;
  readonly chains: readonly Steps[];
  readonly values: (readonly bigint[])[];
  missing: number;
  errorBound: number | null;
}

/** Does the replicates of the indices given and yields each as it is finished. */
export async function* finishReplicates(
  source: ReplicateSource,
  indices: Iterable<number>,
): AsyncGenerator<FinishedReplicate> {
  const { game, plan } = source;
  const open = new Map<number, { readonly replicate: Open; readonly place: number }>();
  const idle: Open[] = [];
  let number = 1;
  function* chains(): Generator<Chain> {
    for (const index of indices) {
      const drawn = chainsOf(plan, source.draw, index);
      const asked = drawn.map((steps) => withoutGrand(steps, plan.players));
      const replicate: Open = {
        index,
        chains: drawn,
        values: asked.map(() => []),
        missing: asked.filter((steps) => steps.length > 0).length,
        errorBound: 0,
      };
      if (replicate.missing === 0) idle.push(replicate);
      for (const [place, steps] of asked.entries()) {
        if (steps.length === 0) continue;
        open.set(number, { replicate, place });
        yield { index: number++, steps };
      }
    }
  }
  for await (const walked of game.walk(chains(), source.signal)) {
    const found = open.get(walked.index);
    invariant(found !== undefined, 'a game values the chains it was given, each once');
    open.delete(walked.index);
    const { replicate, place } = found;
    replicate.values[place] = walked.values;
    replicate.errorBound = worst(replicate.errorBound, walked.errorBound);
    if (--replicate.missing === 0) yield finished(source, replicate);
  }
  invariant(open.size === 0, 'a game values every chain it was given');
  for (const replicate of idle) yield finished(source, replicate);
}

/** The numerators of a finished replicate. Throws `bad-input` for what is none. */
export function estimateOf({ index, estimate }: FinishedReplicate, players: number): bigint[] {
  check(
    Number.isSafeInteger(index) &&
      index >= 0 &&
      estimate.length === players &&
      estimate.every((text) => /^-?\d+$/.test(text)),
    'bad-input',
    () => `replicate ${index}: expected ${players} integers, found ${estimate.length}`,
    'start the run anew',
  );
  return estimate.map(BigInt);
}

/** The larger bound; null where one is not known. */
export function worst(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

/** Steps without the last where that reaches N. */
function withoutGrand(steps: Steps, players: number): Steps {
  const count = steps.reduce((sum, added) => sum + added.length, 0);
  return count === players ? steps.slice(0, -1) : steps;
}

function finished(source: ReplicateSource, replicate: Open): FinishedReplicate {
  const { plan, control, grand } = source;
  const { chains, values, index, errorBound } = replicate;
  const estimate = plan.estimate(chains, values, grand);
  if (control === null) return { index, estimate: estimate.map(String), errorBound };
  const surrogate = chains.map((steps) => control.valuesOf(withoutGrand(steps, plan.players)));
  const missed = plan.estimate(chains, surrogate, control.grand);
  const adjusted = estimate.map(
    (value, i) => value - missed[i] + plan.denominator * control.shares[i],
  );
  return { index, estimate: adjusted.map(String), errorBound };
}
