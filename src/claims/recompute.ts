// The verifier that recomputes: Δφ* of the claim's signal on the whole graph, in exact arithmetic from
// the focus that the header commits to, so that every validator finds the same integers.
//   ‖claimed − Δφ*‖₁ ≤ shiftError + omitted + own error      value ≤ v(Δφ*) + own error
// where particles that are no entry are claimed to move by −share · φ.
// A claim that states no error must be the recomputation to the unit: the same root of the same shift.

import type { ExactBackend } from '../backend/exact.js';
import { FocusError } from '../base/errors.js';
import { recordOf } from '../base/merkle-proof.js';
import { alignUnits, deltaOf, syntropyChange } from '../focus/exact/delta.js';
import { focusExact } from '../focus/exact/focus-exact.js';
import { nearest, ONE } from '../focus/exact/units.js';
import { entropyError } from '../focus/local/shift.js';
import type { FocusOptions } from '../focus/parameters.js';
import { applyDelta } from '../graph/delta.js';
import type { Graph } from '../graph/graph.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Signal } from '../graph/signal.js';
import { signalOf, type Claim, type ClaimFunction } from './claim.js';
import { impossibleShift, readShift, shiftTree, type ClaimedEntry } from './shift-tree.js';
import { CLAIM_ACCEPTED, refused, type ClaimVerdict, type ClaimVerifier } from './verifier.js';

/** The whole graph of a header, and its exact focus. */
export interface RecomputeBase {
  readonly linked: LinkedGraph;
  /** The parameters of a graph: of the header's, and of one that a signal makes of it. */
  readonly parametersOf: (graph: Graph) => FocusOptions;
  readonly focus: {
    readonly units: BigInt64Array;
    readonly digest: string;
    /** H and J in units of 2⁻⁵⁶. */
    readonly entropy: bigint;
    readonly syntropy: bigint;
    readonly errorBound: number | null;
  };
  /** L1 error of the exact focus after the signal. */
  readonly tolerance: number;
  readonly backend: ExactBackend;
  readonly signal?: AbortSignal | undefined;
}

/** What the whole graph says of a signal; units of 2⁻⁶¹. */
export interface RecomputedShift {
  readonly entries: readonly ClaimedEntry[];
  readonly value: bigint;
  /** What `value`, and the shift in L1, may be wrong by. */
  readonly valueError: bigint;
  readonly shiftError: bigint;
  /** Whether the solve met its tolerance: stakes may be too far apart for that. */
  readonly converged: boolean;
}

/** Two exact entropies are each within 2⁻⁴² of those of their units. */
const ENTROPY_ROUNDING = ONE >> 41n;

/** Opens the verifier; `mostError` is the largest `shiftError`, in L1, that is paid for. */
export function recomputeVerifier(base: RecomputeBase, mostError: number): ClaimVerifier {
  const most = unitsUp(mostError);
  return {
    name: 'recompute',
    verify: async (_, claim, proof) => {
      const uncertain = BigInt(claim.shiftError) + BigInt(claim.omitted);
      if (uncertain > most) {
        return refused('too-uncertain', `error ${uncertain}: at most ${most} is paid for`);
      }
      const shift = readShift(claim.shift, recordOf(proof)?.['shift']);
      if (typeof shift === 'string') return refused('bad-proof', shift);
      const [share, omitted, error] = [claim.share, claim.omitted, claim.shiftError].map(BigInt);
      const impossible = impossibleShift(shift, share, omitted, error);
      if (impossible !== null) return refused('impossible-shift', impossible);
      try {
        const actual = await recompute(base, signalOf(claim), claim.function);
        return (
          uncertainVerdict(actual, most, base.tolerance) ??
          judge(claim, shift, actual, focusRows(base))
        );
      } catch (error) {
        if (!(error instanceof FocusError) || error.code !== 'bad-input') throw error;
        return refused('bad-signal', error.message);
      }
    },
  };
}

/**
 * Δφ* of a signal alone. Costs an exact solve from the focus before. Throws `bad-input` for a signal
 * that cannot be applied.
 */
export async function recompute(
  { linked, parametersOf, focus, tolerance, backend, signal: stop }: RecomputeBase,
  signal: Signal,
  name: ClaimFunction,
): Promise<RecomputedShift> {
  const { after } = applyDelta(linked, [signal]);
  const before = { ids: linked.graph.ids, units: focus.units };
  const units = alignUnits(before, after.graph.ids);
  const start = units.some((value) => value > 0n) ? { units, name: focus.digest } : undefined;
  const solved = await focusExact(
    after.graph,
    { ...parametersOf(after.graph), tolerance, start, signal: stop },
    backend,
  );
  const delta = deltaOf(before, { ids: after.graph.ids, units: solved.exact.units });
  const entries: ClaimedEntry[] = [];
  delta.units.forEach((value, i) => {
    if (value !== 0n) entries.push({ id: delta.idAt(i), units: String(value) });
  });
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  // Entropies are in units of 2⁻⁵⁶.
  const entropy = syntropyChange(focus, solved.exact).entropyPart * 32n;
  const values = {
    'delta-norm': delta.norm,
    syntropy: entropy,
    directed: entropy > 0n ? entropy : 0n,
  };
  const bounds = [focus.errorBound, solved.errorBound];
  const shiftError = bounds.some((bound) => bound === null)
    ? 2n * ONE
    : bounds.reduce((sum, bound) => sum + unitsUp(bound ?? 2), 0n);
  const ofEntropy =
    unitsUp(entropyError(focus.errorBound ?? 2, linked.graph.particles)) +
    unitsUp(entropyError(solved.errorBound ?? 2, after.graph.particles)) +
    ENTROPY_ROUNDING;
  return {
    entries,
    value: values[name],
    valueError: name === 'delta-norm' ? shiftError : ofEntropy,
    shiftError,
    converged: solved.converged,
  };
}

/**
 * The refusal of a claim that the verifier itself does not know the worth of, or null. What it is not
 * sure of it would pay for: without this a link of next to no stake, on which no solve settles, would
 * be worth whatever is claimed.
 */
export function uncertainVerdict(
  { shiftError, converged }: Pick<RecomputedShift, 'shiftError' | 'converged'>,
  most: bigint,
  tolerance: number,
): ClaimVerdict | null {
  const own = 2n * unitsUp(tolerance);
  const limit = most > own ? most : own;
  if (converged && shiftError <= limit) return null;
  return refused(
    'too-uncertain',
    `the shift is found with an error of ${shiftError} only: at most ${limit} is paid for`,
  );
}

/** Compares a claim with what was recomputed. */
export function judge(
  claim: Claim,
  shift: readonly ClaimedEntry[],
  actual: RecomputedShift,
  focus: Iterable<readonly [string, bigint]>,
): ClaimVerdict {
  const value = BigInt(claim.value);
  if (claim.shiftError === '0' && claim.omitted === '0' && claim.share === '0') {
    const { root } = shiftTree(actual.entries).head;
    if (root !== claim.shift.root) {
      return refused('wrong-shift', `shift: root ${claim.shift.root}, recomputed ${root}`);
    }
    if (value <= actual.value) return CLAIM_ACCEPTED;
    return refused('over-claimed', `value ${value}: recomputed ${actual.value}`);
  }
  const distance = distanceOf(shift, BigInt(claim.share), actual.entries, focus);
  const stated = BigInt(claim.shiftError) + BigInt(claim.omitted);
  // Shares of each particle are rounded to units.
  const allowed = stated + actual.shiftError + BigInt(actual.entries.length);
  if (distance > allowed) {
    return refused(
      'wrong-shift',
      `shift: ${distance} units from the recomputed one, expected at most ${allowed}`,
    );
  }
  if (value <= actual.value + actual.valueError) return CLAIM_ACCEPTED;
  return refused(
    'over-claimed',
    `value ${value}: recomputed ${actual.value} with an error of ${actual.valueError} at most`,
  );
}

/** Ids and units of the focus before. */
function* focusRows({ linked, focus }: RecomputeBase): Generator<readonly [string, bigint]> {
  const { ids } = linked.graph;
  for (let i = 0; i < ids.count; i++) yield [ids.at(i), focus.units[i]];
}

/** Σ|claimed − actual| over all particles; those without an entry are claimed to move by −share · φ. */
function distanceOf(
  claimed: readonly ClaimedEntry[],
  share: bigint,
  actual: readonly ClaimedEntry[],
  focus: Iterable<readonly [string, bigint]>,
): bigint {
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const left = new Map(claimed.map(({ id, units }) => [id, BigInt(units)]));
  if (share !== 0n) {
    for (const [id, units] of focus) {
      if (!left.has(id)) left.set(id, -nearest(share * units, ONE));
    }
  }
  let distance = 0n;
  for (const { id, units } of actual) {
    distance += size(BigInt(units) - (left.get(id) ?? 0n));
    left.delete(id);
  }
  for (const value of left.values()) distance += size(value);
  return distance;
}

/** A double ≥ 0 in units of 2⁻⁶¹, rounded up. */
export function unitsUp(value: number): bigint {
  return BigInt(Math.ceil(Math.min(value, 2 ** 20) * 2 ** 61));
}
