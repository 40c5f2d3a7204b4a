// Δφ* between two graphs, as a whole: entries by particle, norm, both parts of ΔJ, and a digest.
//   Δφ = φ*_after − φ*_before     ΔJ = (H_before − H_after) + ln(n_after/n_before)
// By shiftsOf: near the changed axons, then on the whole graph; readings that it does not
// know are solved twice. Graphs that are equal have equal focus: Δφ is then 0, and nothing is solved.
// In exact arithmetic: exact/difference.ts.

import type { Backend } from '../backend/backend.js';
import { digestOfShift } from '../base/digest.js';
import { check } from '../base/errors.js';
import { logarithm } from '../base/logarithm.js';
import { changesBetween, type NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import { extendIds } from '../graph/id-extension.js';
import { sortedOrder } from '../graph/id-order.js';
import type { Ids } from '../graph/ids.js';
import type { ExactFocus } from './exact/focus-exact.js';
import { focus, type FocusResult, type SolverOptions } from './focus.js';
import { entropyError } from './local/shift.js';
import { describeParameters, type Parameters } from './parameters.js';
import { shiftsOf } from './shifts.js';
import { compensatedSum } from './sums.js';

/** Δφ by particle: those where it is not zero, by id: particles before in byte order, then new ones. */
export interface DifferenceRows {
  readonly count: number;
  readonly idAt: (row: number) => string;
  readonly values: Float64Array;
  /** In focus units of 2⁻⁶¹; null in f64. */
  readonly units: BigInt64Array | null;
}

/** A shift between two graphs. */
export interface Difference {
  readonly precision: 'f64' | 'exact';
  readonly parameters: Parameters;
  readonly rows: DifferenceRows;
  /** ‖Δφ‖₁ over the union of particles, absent = 0. */
  readonly norm: number;
  /** H before − H after, in nats. */
  readonly entropyPart: number;
  /** ln n after − ln n before. */
  readonly discoveryPart: number;
  /** Their sum. */
  readonly deltaJ: number;
  /** Proven L1 error of Δφ; null for reference-2026-07. */
  readonly errorBound: number | null;
  /** Proven error of entropyPart; null as above. */
  readonly entropyBound: number | null;
  readonly converged: boolean;
  readonly particlesBefore: number;
  readonly particlesAfter: number;
  readonly changes: NamedAxonChanges;
  /** Particles looked at, and arcs followed; null where both graphs were solved as a whole. */
  readonly near: { readonly reach: number; readonly arcs: number } | null;
  /** SHA-256 of the rows under a header that says what made them; see digestOfShift. */
  readonly digest: string;
  /** The focus before. */
  readonly before: FocusResult | ExactFocus;
  readonly exact: ExactDifference | null;
}

/** What only exact arithmetic gives: norm in units of 2⁻⁶¹, the others of 2⁻⁵⁶. */
export interface ExactDifference {
  readonly norm: bigint;
  readonly entropyPart: bigint;
  readonly discoveryPart: bigint;
  readonly deltaJ: bigint;
  /** Digests of both focuses; that after names the one before as its start. */
  readonly digestBefore: string;
  readonly digestAfter: string;
}

/** How to compute a difference in f64. */
export interface DifferenceOptions extends SolverOptions {
  /** `local`: look near the changes only, and return what that proves. */
  readonly mode?: 'certified' | 'local' | undefined;
}

/** Shares of the tolerance of Δφ: the focus before, whose error counts twice, and what is left out. */
export const TOLERANCE_SHARES = { base: 1 / 8, shift: 1 / 2 } as const;
const LEAST_TOLERANCE = 1e-15;
const ONE = 2 ** 61;
const ROUNDINGS = 2 ** -48;

/**
 * Computes Δφ* of two graphs in f64; `tolerance` (default 1e-9) is the L1 error of Δφ to certify.
 * Costs a solve of the graph before, and what shiftsOf costs. Throws what focus throws, and
 * `bad-parameter` for the mode `local` with a reading other than focus-1 and pagerank. Not
 * converging is a result.
 */
export async function differenceOf(
  before: Graph,
  after: Graph,
  options: DifferenceOptions,
  backend: Backend,
): Promise<Difference> {
  const { mode, tolerance = 1e-9, ...solver } = options;
  const changes = changesBetween(before, after);
  const solved = await focus(
    before,
    { ...solver, tolerance: Math.max(LEAST_TOLERANCE, tolerance * TOLERANCE_SHARES.base) },
    backend,
  );
  const { parameters } = solved;
  const known = parameters.reading === 'focus-1' || parameters.reading === 'pagerank';
  check(
    known || mode !== 'local',
    'bad-parameter',
    () => `local mode: expected the reading focus-1 or pagerank, found ${parameters.reading}`,
    'leave out the local mode: both graphs are then solved as a whole',
  );
  const shift = isEqual(before, after, changes, parameters)
    ? nothing(before)
    : known
      ? await nearShift(before, changes, solved, options, tolerance, backend)
      : await wholeShift(before, after, changes, solved, { ...solver, tolerance }, backend);
  const union = extendIds(before.ids, changes.names);
  const rows = rowsOf(union, before.particles, shift.values);
  return {
    precision: 'f64',
    parameters,
    ...shift,
    rows,
    deltaJ: shift.entropyPart + shift.discoveryPart,
    converged: shift.errorBound === null ? shift.converged : shift.errorBound <= tolerance,
    particlesBefore: before.particles,
    particlesAfter: after.particles,
    changes,
    digest: digestOfShift(headerOf(parameters, { tolerance, mode }), rows.ids, rows.values),
    before: solved,
    exact: null,
  };
}

/** What both ways in f64 find. */
interface Found extends Pick<
  Difference,
  'norm' | 'entropyPart' | 'discoveryPart' | 'errorBound' | 'entropyBound' | 'converged' | 'near'
> {
  /** Δφ of the particles before, then of new ones. */
  readonly values: Float64Array;
}

function nothing({ particles }: Graph): Found {
  return {
    values: new Float64Array(particles),
    norm: 0,
    entropyPart: 0,
    discoveryPart: 0,
    errorBound: 0,
    entropyBound: 0,
    converged: true,
    near: { reach: 0, arcs: 0 },
  };
}

/** By shiftsOf; every particle that flow did not reach moves in proportion to its focus. */
async function nearShift(
  before: Graph,
  changes: NamedAxonChanges,
  solved: FocusResult,
  { mode, signal }: DifferenceOptions,
  tolerance: number,
  backend: Backend,
): Promise<Found> {
  const phi = solved.phi.data;
  const base = { parameters: solved.parameters, phi, errorBound: solved.errorBound ?? 2 };
  const goal = tolerance * TOLERANCE_SHARES.shift;
  const [shift] = await shiftsOf(
    before,
    base,
    [changes],
    { tolerance: goal, mode, floor: 0, signal },
    backend,
  );
  const values = new Float64Array(before.particles + changes.added);
  for (let i = 0; i < phi.length; i++) values[i] = -shift.share * phi[i];
  shift.particles.forEach((i, k) => {
    values[i] = shift.values[k];
  });
  const { norm, entropyPart, discoveryPart, errorBound, entropyBound, converged } = shift;
  const near = { reach: shift.reach, arcs: shift.arcs };
  return { values, norm, entropyPart, discoveryPart, errorBound, entropyBound, converged, near };
}

/** By solving both graphs, the second from the focus before. */
async function wholeShift(
  before: Graph,
  after: Graph,
  changes: NamedAxonChanges,
  solved: FocusResult,
  options: SolverOptions,
  backend: Backend,
): Promise<Found> {
  const union = extendIds(before.ids, changes.names);
  const places = Uint32Array.from({ length: after.particles }, (_, i) =>
    union.indexOf(after.ids.at(i)),
  );
  const phi = solved.phi.data;
  // Every particle may get focus, so none starts at zero.
  const start = Float64Array.from(places, (i) => (i < phi.length ? phi[i] : 0) + 1e-3 / phi.length);
  const second = await focus(after, { ...options, start }, backend);
  const values = new Float64Array(union.count);
  phi.forEach((value, i) => (values[i] = -value));
  places.forEach((i, row) => (values[i] += second.phi.data[row]));
  const norm = compensatedSum(values.length, (i) => Math.abs(values[i]));
  const bounds = [solved.errorBound, second.errorBound];
  return {
    values,
    norm,
    entropyPart: entropyOf(phi) - entropyOf(second.phi.data),
    discoveryPart:
      before.particles === after.particles
        ? 0
        : logarithm(after.particles) - logarithm(before.particles),
    errorBound: bounds.some((bound) => bound === null)
      ? null
      : (bounds[0] ?? 0) + (bounds[1] ?? 0) + ROUNDINGS * norm,
    entropyBound: entropyErrors(solved, second),
    converged: solved.converged && second.converged,
    near: null,
  };
}

/** Whether two graphs have equal axons; for reference-2026-07, whose unit is the largest stake, that too. */
export function isEqual(
  before: Graph,
  after: Graph,
  { axons }: NamedAxonChanges,
  { reading }: Parameters,
): boolean {
  if (axons.length > 0) return false;
  return reading !== 'reference-2026-07' || before.largestStake === after.largestStake;
}

function entropyOf(phi: Float64Array): number {
  return -compensatedSum(phi.length, (i) => (phi[i] > 0 ? phi[i] * logarithm(phi[i]) : 0));
}

/** Proven error of the difference of two entropies; null where a focus has no bound. */
export function entropyErrors(a: FocusResult, b: FocusResult): number | null {
  if (a.errorBound === null || b.errorBound === null) return null;
  const of = ({ errorBound, phi, entropy }: FocusResult): number =>
    entropyError(errorBound ?? 0, phi.data.length) + ROUNDINGS * entropy;
  return of(a) + of(b);
}

/**
 * The rows where Δφ is not zero, in their one order; `values` of the particles before, then of new
 * ones, which `union` names. O(n).
 */
export function rowsOf(
  union: Ids,
  particlesBefore: number,
  values: Float64Array | BigInt64Array,
): DifferenceRows & { readonly ids: Ids } {
  const moved = (first: number, end: number): Uint32Array => {
    const members = Uint32Array.from({ length: end - first }, (_, k) => first + k);
    return sortedOrder(
      union,
      members.filter((i) => values[i] !== 0 && values[i] !== 0n),
    );
  };
  const [old, added] = [moved(0, particlesBefore), moved(particlesBefore, union.count)];
  const order = new Uint32Array(old.length + added.length);
  order.set(old);
  order.set(added, old.length);
  const units =
    values instanceof Float64Array ? null : BigInt64Array.from(order, (i) => values[i] as bigint);
  return {
    count: order.length,
    ids: union.pick(order),
    idAt: (row) => union.at(order[row]),
    values: Float64Array.from(order, (i) => Number(values[i]) / (units === null ? 1 : ONE)),
    units,
  };
}

/** What made a shift in f64; both graphs have roots of their own. */
function headerOf(parameters: Parameters, { tolerance, mode }: DifferenceOptions): string {
  return JSON.stringify({
    ...describeParameters(parameters, () => 'given'),
    tolerance,
    mode: mode ?? 'certified',
  });
}
