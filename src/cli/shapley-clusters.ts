// focus shapley --clusters: a great many signals, shared out within clusters by the first-order game
// and between them by a certified v(N) (docs/shapley-clusters.md).

import type { ClusterBatch } from '../attribution/cluster-batches.js';
import { VALUE_ONE } from '../attribution/game.js';
import {
  hierarchicalShapley,
  type HierarchicalPhase,
  type HierarchicalResult,
} from '../attribution/hierarchical.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { focus } from '../focus/focus.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import type { Delta } from '../graph/signal.js';
import { parametersOf } from './kernel-options.js';
import type { ProgressDisplay } from './progress.js';
import type { Attribution, ShareRow } from './shapley-attribute.js';
import type { ShapleyFlags } from './shapley-flags.js';
import { coalitionTolerance } from './shapley-game.js';

/** A row of a clustered run. */
export interface ClusteredRow extends ShareRow {
  readonly cluster: number;
  /** Share of v(c), and of what clusters miss of v(N). */
  readonly inside: number;
  readonly coupling: number;
}

/** What a clustered run needs. */
export interface ClusteredRequest {
  readonly graph: Graph;
  readonly delta: Delta;
  readonly changes: readonly NamedAxonChanges[];
  readonly flags: ShapleyFlags;
  readonly beacon: string;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
  /** Batches that an earlier run had done, and where finished ones go. */
  readonly resume: readonly ClusterBatch[];
  readonly onBatch: (batch: ClusterBatch) => Promise<void>;
}

const PHASES: Readonly<Record<HierarchicalPhase, string>> = {
  clusters: 'clustering',
  adjoint: 'solving the adjoint',
  inside: 'dividing inside clusters',
  bounds: 'bounding what clusters share',
  audit: 'auditing clusters',
  between: 'solving all signals together',
};
const ONE = Number(VALUE_ONE);
/** Of the tolerance, what the focus before may be wrong by. */
const BASE_SHARE = 1 / 64;

/** Divides v(N) hierarchically. */
export async function attributeClustered(request: ClusteredRequest): Promise<Attribution> {
  const { graph, delta, changes, flags, beacon, progress, signal, resume, onBatch } = request;
  const { value, threads, blend = 0, epsilon, audit, orderings } = flags;
  const tolerance = coalitionTolerance(flags);
  const backend = openCpu(threads === undefined ? {} : { threads });
  progress.say(`backend: ${backend.description}`);
  progress.phase('solving the graph before');
  const solver = { tolerance: Math.max(1e-14, tolerance * BASE_SHARE), signal };
  try {
    const before = await focus(graph, { ...parametersOf(flags), ...solver }, backend);
    const found = await hierarchicalShapley(
      graph,
      before,
      changes,
      {
        // Other values are refused there, with a hint.
        value: value as 'syntropy' | 'delta-j',
        beacon,
        epsilon,
        audit,
        orderings,
        tolerance,
        threads,
        resume,
        onBatch,
        onPhase: (phase) => progress.phase(PHASES[phase]),
        onProgress: (done, of) => progress.update(done / of, `${done} of ${of} clusters`),
        signal,
      },
      backend,
    );
    return attributionOf(found, delta, graph.particles, blend);
  } finally {
    backend.destroy();
  }
}

function attributionOf(
  found: HierarchicalResult,
  delta: Delta,
  particles: number,
  blend: number,
): Attribution {
  const rows = found.players.map((each): ClusteredRow => {
    const [local, share] = [Number(each.local) / ONE, Number(each.units) / ONE];
    return {
      index: each.player,
      neuron: delta[each.player].neuron,
      local,
      share,
      units: each.units,
      standardError: null,
      low: null,
      high: null,
      blended: blend * local + (1 - blend) * share,
      cluster: each.cluster,
      inside: Number(each.inside) / ONE,
      coupling: Number(each.coupling) / ONE,
    };
  });
  const methods: Record<string, number> = {};
  for (const { method } of found.clusters) methods[method] = (methods[method] ?? 0) + 1;
  return {
    rows,
    total: Number(found.total) / ONE,
    totalUnits: found.total,
    efficiencyGap: found.efficiencyGap,
    estimator: 'clusters',
    control: null,
    orderings: 0,
    evaluations: 1,
    replicates: 0,
    group: 0,
    confidence: 0.95,
    errorBound: found.errorBound,
    converged: found.converged,
    reached: true,
    rowsSolved: particles,
    particles,
    millisecondsPerValue: null,
    clusters: {
      count: found.clusters.length,
      methods,
      largest: found.clusters.reduce((most, { members }) => Math.max(most, members.length), 0),
      epsilon: found.epsilon,
      between: found.between,
      inside: Number(found.inside) / ONE,
      coupling: Number(found.coupling) / ONE,
      unexplained: Number(found.unexplained) / ONE,
      audit: found.audit,
    },
  };
}
