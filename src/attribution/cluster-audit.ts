// How far first-order values of clusters are from certified ones, measured on a sample: the clusters of
// the largest |v(c)|, and as many that the beacon picks among the others. A measurement of those
// clusters, with proven ends; of the others it says what a sample says.

import type { Backend } from '../backend/backend.js';
import { beaconStream } from '../base/beacon.js';
import type { FocusResult } from '../focus/focus.js';
import { shiftsOf } from '../focus/shifts.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import type { Clusters } from './clusters.js';
import type { FirstOrderValue } from './first-order-game.js';
import { VALUE_ONE } from './game.js';
import { jointChange } from './joint-change.js';
import { shuffled } from './orderings.js';

/** One cluster, both ways; values in 1. */
export interface AuditedCluster {
  readonly cluster: number;
  readonly chosen: 'largest' | 'drawn';
  readonly firstOrder: number;
  /** v of the cluster's joint change alone, by a certified shift, and its proven error. */
  readonly certified: number;
  readonly errorBound: number;
}

/** What is audited. */
export interface AuditSource {
  readonly graph: Graph;
  readonly solved: FocusResult;
  readonly changes: readonly NamedAxonChanges[];
  readonly members: Clusters['members'];
  /** v(c) to first order, units. */
  readonly values: readonly bigint[];
  readonly value: FirstOrderValue;
}

/** Audits `count` clusters, or all where there are no more. A certified shift each. */
export async function auditClusters(
  { graph, solved, changes, members, values, value }: AuditSource,
  { beacon, count, tolerance }: { beacon: string; count: number; tolerance: number },
  backend: Backend,
  signal?: AbortSignal,
): Promise<readonly AuditedCluster[]> {
  if (count === 0) return [];
  const size = (c: number): bigint => (values[c] < 0n ? -values[c] : values[c]);
  const bySize = [...members.keys()].sort((a, b) =>
    size(a) === size(b) ? a - b : size(a) > size(b) ? -1 : 1,
  );
  const largest = bySize.slice(0, Math.ceil(count / 2));
  const others = bySize.slice(largest.length).sort((a, b) => a - b);
  const drawn = shuffled(others, beaconStream(beacon, 'audit of clusters', 0));
  const chosen = [...largest, ...drawn.slice(0, count - largest.length)];
  const joint = chosen.map((c) =>
    jointChange(
      graph.particles,
      members[c].map((player) => changes[player]),
    ),
  );
  const base = {
    parameters: solved.parameters,
    phi: solved.phi.data,
    errorBound: solved.errorBound ?? 2,
  };
  const options = { tolerance, columns: 1, floor: 1, signal };
  const shifts = await shiftsOf(graph, base, joint, options, backend);
  return shifts.map((shift, k) => ({
    cluster: chosen[k],
    chosen: k < largest.length ? 'largest' : 'drawn',
    firstOrder: Number(values[chosen[k]]) / Number(VALUE_ONE),
    certified: shift.entropyPart + (value === 'delta-j' ? shift.discoveryPart : 0),
    errorBound: shift.entropyBound ?? Infinity,
  }));
}
