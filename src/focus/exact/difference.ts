// Δφ* between two graphs in exact arithmetic, as a whole: two exact solves, the second from the focus
// before, so that its start is part of the result and of its digest. Units are integers, so
//   Σ Δφ = 0      ΔJ = (H_before − H_after) + (ln n_after − ln n_before)
// hold to the unit. Graphs that are equal have equal focus: Δφ is then 0.

import type { ExactBackend } from '../../backend/exact.js';
import { digestOfShift } from '../../base/digest.js';
import { changesBetween } from '../../graph/axon-changes.js';
import type { Graph } from '../../graph/graph.js';
import { extendIds } from '../../graph/id-extension.js';
import { entropyErrors, isEqual, rowsOf, type Difference } from '../difference.js';
import { alignUnits, syntropyChange } from './delta.js';
import { focusExact, type ExactOptions } from './focus-exact.js';

const ONE = 2 ** 61;
const NAT = 2 ** 56;

/**
 * Computes Δφ* of two graphs in exact arithmetic: equal bits on every machine. Costs two solves, the second from the
 * focus before (from the prior where no particle stays).
 */
export async function differenceExact(
  before: Graph,
  after: Graph,
  options: Omit<ExactOptions, 'start' | 'iterations'>,
  backend: ExactBackend,
): Promise<Difference> {
  const changes = changesBetween(before, after);
  const first = await focusExact(before, options, backend);
  const { parameters } = first;
  const equal = isEqual(before, after, changes, parameters);
  const units = equal
    ? first.exact.units
    : alignUnits({ ids: before.ids, units: first.exact.units }, after.ids);
  const start = units.some((value) => value > 0n) ? { units, name: first.exact.digest } : undefined;
  const second = equal ? first : await focusExact(after, { ...options, start }, backend);
  const union = extendIds(before.ids, changes.names);
  const shift = new BigInt64Array(union.count);
  shift.set(first.exact.units.map((value) => -value));
  if (equal) shift.fill(0n);
  else second.exact.units.forEach((value, i) => (shift[union.indexOf(after.ids.at(i))] += value));
  const norm = shift.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n);
  const parts = equal
    ? { entropyPart: 0n, discoveryPart: 0n, total: 0n }
    : syntropyChange(first.exact, second.exact);
  const bounds = equal ? [0] : [first.errorBound, second.errorBound];
  const rows = rowsOf(union, before.particles, shift);
  const { digest: digestBefore } = first.exact;
  const { digest: digestAfter } = second.exact;
  return {
    precision: 'exact',
    parameters,
    rows,
    norm: Number(norm) / ONE,
    entropyPart: Number(parts.entropyPart) / NAT,
    discoveryPart: Number(parts.discoveryPart) / NAT,
    deltaJ: Number(parts.total) / NAT,
    errorBound: bounds.reduce((sum, b) => (sum === null || b === null ? null : sum + b), 0),
    entropyBound: equal ? 0 : entropyErrors(first, second),
    converged: first.converged && second.converged,
    particlesBefore: before.particles,
    particlesAfter: after.particles,
    changes,
    near: null,
    digest: digestOfShift(
      JSON.stringify({ before: digestBefore, after: digestAfter }),
      rows.ids,
      rows.units as BigInt64Array,
    ),
    before: first,
    exact: {
      norm,
      entropyPart: parts.entropyPart,
      discoveryPart: parts.discoveryPart,
      deltaJ: parts.entropyPart + parts.discoveryPart,
      digestBefore,
      digestAfter,
    },
  };
}
