// An epoch: the graph before, and the signals of the epoch applied to it together, give
//   header.json      roots of graph and focus, chained to the header before
//   focus.units      φ* in exact arithmetic, warm-started from the epoch before
//   shift.ndjson     Δφ* in exact units, entries of at least floor/n
//   joint.ndjson     rewards of all signals together, exact, entropy and discovery part apart
//   marginals.ndjson rewards of each signal alone (marginals.ts)
// The first three are integers, the last doubles in a stated order: the same bytes on every machine.

import type { Backend } from '../backend/backend.js';
import type { ExactBackend } from '../backend/exact.js';
import { check } from '../base/errors.js';
import { exactDecimal } from '../focus/exact/decimal.js';
import { alignUnits, deltaOf } from '../focus/exact/delta.js';
import { focusExact, type ExactFocus } from '../focus/exact/focus-exact.js';
import { ONE } from '../focus/exact/units.js';
import { openRoots } from '../focus/header.js';
import { applyDelta } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import type { HeldStake } from '../payouts/held/held.js';
import { doubleOf, type ExactNumber } from '../rewards/exact-number.js';
import { measuresOfExact } from '../rewards/measures.js';
import { evaluateRewardExact } from '../rewards/reward.js';
import { jsonLines, unitsFile, type EpochFile } from './files.js';
import { marginalsOf } from './marginals.js';
import { checkSigners, epochParameters, withHeldLinks } from './held-stake.js';
import type { Ruleset } from './ruleset.js';
import type { EpochState, StateFocus } from './state.js';

/** What an epoch is made from. */
export interface EpochInputs {
  /** The epoch before; null in epoch 0. */
  readonly before: EpochState | null;
  /** The graph of epoch 0; after it, the graph before with the signals applied (afterSignals). */
  readonly linked: LinkedGraph;
  /** Stake held as of the epoch before; null where the rules know none. */
  readonly held: HeldStake | null;
  readonly delta: Delta;
  readonly ruleset: Ruleset;
}

/** Machines that an epoch is computed on; neither changes a bit. */
export interface EpochMachines {
  readonly exact: ExactBackend;
  /** In f64 on the CPU: its sums have a stated order. */
  readonly cpu: Backend;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((what: string, fraction: number | null) => void) | undefined;
}

/** An epoch computed. */
export interface ComputedEpoch {
  readonly state: EpochState;
  readonly files: readonly EpochFile[];
}

/** Names of an epoch's output files, in the order of a manifest. */
export const OUTPUTS = [
  'header.json',
  'focus.units',
  'shift.ndjson',
  'joint.ndjson',
  'marginals.ndjson',
] as const;

/** The graph of the next epoch. Throws `bad-input` for signals that cannot be applied. */
export function afterSignals(before: EpochState, delta: Delta): LinkedGraph {
  if (before.linked !== before.signed) checkSigners(delta);
  return applyDelta(before.signed, delta).after;
}

/**
 * Computes an epoch. Costs a warm exact solve, the roots, and what its ruleset asks for each signal.
 * Throws `bad-input` for signals that cannot be applied; not converging is a result.
 */
export async function computeEpoch(
  inputs: EpochInputs,
  machines: EpochMachines,
): Promise<ComputedEpoch> {
  const { state, files } = await computeState(inputs, machines);
  machines.onProgress?.('rewarding signals', null);
  const marginals = await marginalFile(inputs, machines);
  return { state, files: [...files, marginals] };
}

/** The state of an epoch and every file but the marginals. */
export async function computeState(
  { before, linked: signed, held, ruleset }: EpochInputs,
  { exact, signal, onProgress }: EpochMachines,
): Promise<ComputedEpoch> {
  const linked = withHeldLinks(signed, held, ruleset);
  const epoch = before === null ? 0 : before.epoch + 1;
  const { graph } = linked;
  onProgress?.('solving', 0);
  const result = await focusExact(
    graph,
    {
      ...epochParameters(graph, held, ruleset),
      tolerance: ruleset.tolerance,
      start: before === null ? undefined : warmStart(before, linked),
      signal,
      onProgress: ({ errorBound }) =>
        onProgress?.('solving', fractionOf(errorBound, ruleset.tolerance)),
    },
    exact,
  );
  onProgress?.('hashing', null);
  const roots = openRoots(graph, result, { epoch, previous: before?.header ?? null });
  const focus = focusOfResult(result);
  const state = { epoch, linked, signed, held, rules: ruleset, focus, header: roots.hash };
  const header = { name: OUTPUTS[0], bytes: Buffer.from(roots.text, 'utf8'), rows: 1 };
  return {
    state,
    files: [
      header,
      unitsFile(OUTPUTS[1], state.focus.units),
      before === null ? jsonLines(OUTPUTS[2], []) : shiftFile(before, state, ruleset.floor),
      before === null ? jsonLines(OUTPUTS[3], []) : jointFile(before, state, ruleset),
    ],
  };
}

/** The rewards of each signal alone; of some only, by index, where `only` is given. */
export async function marginalFile(
  { before, delta, ruleset }: EpochInputs,
  { cpu, signal }: EpochMachines,
  only?: readonly number[],
): Promise<EpochFile> {
  if (before === null) return jsonLines(OUTPUTS[4], []);
  const rows = await marginalsOf(before, delta, ruleset, { backend: cpu, only, signal });
  return jsonLines(OUTPUTS[4], rows);
}

function warmStart(before: EpochState, after: LinkedGraph): { units: BigInt64Array; name: string } {
  const { units, digest } = before.focus;
  return {
    units: alignUnits({ ids: before.linked.graph.ids, units }, after.graph.ids),
    name: digest,
  };
}

function focusOfResult({ parameters, exact, errorBound, converged }: ExactFocus): StateFocus {
  const { units, digest, entropy, syntropy } = exact;
  return { parameters, units, digest, entropy, syntropy, errorBound, converged };
}

/** Δφ* in units, entries of at least floor/n; the rest in one sum at the end. */
function shiftFile(before: EpochState, after: EpochState, floor: number): EpochFile {
  const named = ({ linked, focus }: EpochState) => ({ ids: linked.graph.ids, units: focus.units });
  const { idAt, units, norm } = deltaOf(named(before), named(after));
  const least = BigInt(Math.ceil(Math.min(1, floor / before.focus.units.length) * Number(ONE)));
  const rows: object[] = [];
  let listed = 0n;
  units.forEach((value, i) => {
    const size = value < 0n ? -value : value;
    if (value === 0n || size < least) return;
    listed += size;
    rows.push({ id: idAt(i), units: String(value) });
  });
  rows.push({ norm: String(norm), omitted: String(norm - listed) });
  return jsonLines(OUTPUTS[2], rows);
}

function jointFile(before: EpochState, after: EpochState, { joint }: Ruleset): EpochFile {
  const named = ({ linked, focus }: EpochState) => ({ ids: linked.graph.ids, exact: focus });
  const shift = measuresOfExact(named(before), named(after));
  const rows = joint.map((name) => {
    const { value, parts } = evaluateRewardExact(name, { shift });
    check(value !== null, 'invariant', () => `${name} of a known shift is known`);
    const decimal = (part: ExactNumber | null): string | null =>
      part === null ? null : exactDecimal(part.units, part.bits);
    return {
      function: name,
      value: doubleOf(value),
      valueExact: decimal(value),
      entropyPartExact: decimal(parts.entropy),
      discoveryPartExact: decimal(parts.discovery),
    };
  });
  return jsonLines(OUTPUTS[3], rows);
}

function fractionOf(error: number, tolerance: number): number {
  return Math.min(1, Math.log(Math.max(error, tolerance)) / Math.log(tolerance));
}
