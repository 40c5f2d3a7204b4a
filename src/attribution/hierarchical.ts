// Shapley shares of a great many players, hierarchically: players are clustered by what they move;
// inside clusters shares are those of the first-order game, one adjoint solve for all; between
// clusters v(N) is certified, so that what the parts miss of the whole is a measured number:
//   share_i = inside_i + coupling_i     Σ_{i∈c} inside_i = v(c)     Σ_i share_i = v(N), exactly
// coupling = v(N) − Σ_c v(c) holds both the interactions between clusters and what is not first order
// inside them; `audit` measures the second for the largest clusters and a sample, and gives it to
// them. Specification: docs/shapley-clusters.md.

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { readBeacon } from '../base/beacon.js';
import { check } from '../base/errors.js';
import { adjointOf } from '../focus/adjoint/adjoint.js';
import type { FocusResult } from '../focus/focus.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import { betweenClusters, type BetweenMethod } from './between-clusters.js';
import { auditClusters, type AuditedCluster } from './cluster-audit.js';
import { batchKey, settleClusters, type ClusterBatch } from './cluster-batches.js';
import type { ClusterMethod, ClusterRules, ClusterShares } from './cluster-shares.js';
import { clustersOf, type Clusters } from './clusters.js';
import { crossBounds } from './cross-bound.js';
import type { FirstOrderValue } from './first-order-game.js';
import { spread } from './spread.js';
import { unitsOfValue, type ValueName } from './value-function.js';

/** What a run does, in this order. */
export type HierarchicalPhase = 'clusters' | 'adjoint' | 'inside' | 'bounds' | 'audit' | 'between';

/** How to attribute. */
export interface HierarchicalOptions {
  /** `syntropy` or `delta-j`. */
  readonly value: ValueName;
  /** 64 hex digits that nobody could foresee. */
  readonly beacon: string;
  /** Least effect of a player that clusters it with others, in (0, 1]; default 1/16. */
  readonly epsilon?: number | undefined;
  /** Players that are enumerated, in a small game as between clusters: 1 … 16, default 12. */
  readonly enumerateUpTo?: number | undefined;
  /** Players of a cluster's larger games that are sampled; default 64. */
  readonly sampleUpTo?: number | undefined;
  /** Complete orderings of what is sampled; default 128. */
  readonly orderings?: number | undefined;
  /** Clusters up to which their game is solved; default 24. 0: v(N) is solved alone. */
  readonly solveUpTo?: number | undefined;
  /** L1 error of the solves of changed graphs; default 1e-9. */
  readonly tolerance?: number | undefined;
  /**
   * Clusters whose v(c) is compared with a certified solve, half of them those of largest |v(c)|;
   * default 0. Their certified values count in the shares of clusters.
   */
  readonly audit?: number | undefined;
  /** Clusters of a batch; default 1024. No choice changes a bit. */
  readonly batch?: number | undefined;
  /** Batches that an earlier run had done. */
  readonly resume?: readonly ClusterBatch[] | undefined;
  /** Called with each batch as it is finished: write it down to resume. */
  readonly onBatch?: ((batch: ClusterBatch) => void | Promise<void>) | undefined;
  /** Clusters settled, of all. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /** Called as a phase begins. */
  readonly onPhase?: ((phase: HierarchicalPhase) => void) | undefined;
  /** Threads of the game between clusters; default 1. No choice changes a bit. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One player; values in units of 2⁻⁶¹. */
export interface HierarchicalShare {
  readonly player: number;
  readonly cluster: number;
  /** v({i}) to first order. */
  readonly local: bigint;
  /** Its share of v(c), and of what clusters miss of v(N). */
  readonly inside: bigint;
  readonly coupling: bigint;
  /** inside + coupling. */
  readonly units: bigint;
  /**
   * Proven bound, in 1, of what first-order interactions at particles shared with other clusters
   * would change in `inside` (exact shares of enumerated games; see docs); null where not known.
   */
  readonly crossBound: number | null;
}

/** One cluster; values in units. */
export interface ClusterReport {
  /** Players, ascending. */
  readonly members: readonly number[];
  readonly method: ClusterMethod;
  /** v(c) to first order, of which `crude` (in magnitude) was sampled or proportional. */
  readonly value: bigint;
  readonly crude: bigint;
  /** What the cluster gets beyond v(c). */
  readonly coupling: bigint;
  /** Largest standard error of a share inside, in 1; null where one replicate leaves none. */
  readonly standardError: number | null;
  /** Sets of members that share a particle. */
  readonly parts: number;
}

/** Shares, and what stands behind them; units of 2⁻⁶¹. */
export interface HierarchicalResult {
  readonly value: FirstOrderValue;
  readonly epsilon: number;
  readonly players: readonly HierarchicalShare[];
  readonly clusters: readonly ClusterReport[];
  /** v(N) = Σ shares, and its proven error in 1. */
  readonly total: bigint;
  readonly errorBound: number;
  /** Σ_c v(c), and v(N) − Σ_c v(c), whose proven error is that of v(N). */
  readonly inside: bigint;
  readonly coupling: bigint;
  /** v(N) − Σ_c of v(c), certified where the cluster was audited: what no cluster explains. */
  readonly unexplained: bigint;
  /** Σ shares − v(N): 0. */
  readonly efficiencyGap: bigint;
  readonly between: BetweenMethod;
  /** Standard errors of the shares of clusters, in 1; null unless sampled. */
  readonly betweenErrors: readonly (number | null)[] | null;
  readonly audit: readonly AuditedCluster[];
  /** Whether every solve met its tolerance. */
  readonly converged: boolean;
  /** Proven error of the adjoint's λ in the maximum norm. */
  readonly adjointBound: number;
}

interface Rules extends ClusterRules {
  readonly solveUpTo: number;
  readonly tolerance: number;
  readonly audit: number;
  readonly batch: number;
  readonly threads: number;
}

/**
 * Attributes v(N) of changes of a graph, each as it is alone (axonChangesOf), to their players.
 * `solved` is the focus of the graph. Costs an adjoint solve, a solve of the changed graph, and O(J) a
 * link; where clusters are few, their game's solves. Memory: that of an adjoint solve, and some
 * hundred bytes a link. Throws `bad-parameter` for options out of range, for other values and for
 * readings besides focus-1 and pagerank; `mismatch` where `resume` is of another run; `bad-parameter`
 * where a coalition leaves a particle without links; an abort throws its reason.
 */
export async function hierarchicalShapley(
  graph: Graph,
  solved: FocusResult,
  changes: readonly NamedAxonChanges[],
  options: HierarchicalOptions,
  backend: Backend = openCpu(),
): Promise<HierarchicalResult> {
  const rules = rulesOf(options);
  const value = firstOrderValue(options.value);
  checkReading(solved);
  check(
    changes.length > 0,
    'bad-parameter',
    () => 'hierarchical shapley: expected one player at least, found none',
  );
  options.onPhase?.('clusters');
  const clusters = clustersOf(graph, changes, { epsilon: options.epsilon });
  const inner = await insideClusters(
    graph,
    solved,
    changes,
    clusters,
    value,
    rules,
    options,
    backend,
  );
  const { settled } = inner;
  const values = settled.map((cluster) => cluster.value);
  options.onPhase?.('audit');
  const { beacon, tolerance, audit: count } = rules;
  const { signal } = options;
  const audit = await auditClusters(
    { graph, solved, changes, members: clusters.members, values, value },
    { beacon, tolerance, count },
    backend,
    signal,
  );
  // An audited cluster is known better than to first order: what it misses is its own.
  const known = [...values];
  for (const { cluster, certified } of audit) known[cluster] = unitsOfValue(certified);
  options.onPhase?.('between');
  const source = { graph, solved, changes, clusters, values: known, value };
  const between = await betweenClusters(source, { ...rules, signal }, backend);
  const players = sharesOf(clusters, settled, between.shares, inner.bounds);
  const inside = values.reduce((sum, each) => sum + each, 0n);
  return {
    value,
    epsilon: clusters.epsilon,
    players,
    clusters: clusters.members.map((members, c) =>
      reportOf(members, settled[c], between.shares[c]),
    ),
    total: between.total,
    errorBound: between.errorBound,
    inside,
    coupling: between.total - inside,
    unexplained: between.total - known.reduce((sum, each) => sum + each, 0n),
    efficiencyGap: players.reduce((sum, { units }) => sum + units, 0n) - between.total,
    between: between.method,
    betweenErrors: between.standardErrors,
    audit,
    converged: inner.converged && between.converged,
    adjointBound: inner.adjointBound,
  };
}

interface Inside {
  readonly settled: readonly ClusterShares[];
  readonly bounds: Float64Array;
  readonly converged: boolean;
  readonly adjointBound: number;
}

/** Everything that needs the adjoint, which is given up at the end: it is large. */
async function insideClusters(
  graph: Graph,
  solved: FocusResult,
  changes: readonly NamedAxonChanges[],
  clusters: Clusters,
  value: FirstOrderValue,
  rules: Rules,
  options: HierarchicalOptions,
  backend: Backend,
): Promise<Inside> {
  const { signal, onPhase } = options;
  const { particles } = graph;
  onPhase?.('adjoint');
  const touched = new Set<number>();
  for (const { axons } of changes) {
    for (const { from, to } of axons) for (const i of [from, to]) if (i < particles) touched.add(i);
  }
  const kept = { particles: Uint32Array.from(touched), signal };
  const adjoint = await adjointOf(graph, solved, 'syntropy', kept, backend);
  onPhase?.('inside');
  const key = batchKey(solved.phi.data, adjoint.lambda, changes, value, clusters, rules);
  const first = { adjoint, particles, value };
  const settled = await settleClusters(first, changes, clusters, rules, key, {
    batch: rules.batch,
    resume: options.resume ?? [],
    onBatch: options.onBatch,
    onProgress: options.onProgress,
    signal,
  });
  onPhase?.('bounds');
  const bounds = crossBounds(adjoint, particles, changes, clusters);
  const { converged, errorBound: adjointBound } = adjoint;
  return { settled, bounds, converged, adjointBound };
}

/** Shares by player: inside, and of the cluster's coupling by |inside|. */
function sharesOf(
  { members }: Clusters,
  settled: readonly ClusterShares[],
  shares: readonly bigint[],
  bounds: Float64Array,
): HierarchicalShare[] {
  const players = new Array<HierarchicalShare>(bounds.length);
  members.forEach((own, cluster) => {
    const { shares: inside, local, value } = settled[cluster];
    const coupling = spread(shares[cluster] - value, inside);
    own.forEach((player, k) => {
      players[player] = {
        player,
        cluster,
        local: local[k],
        inside: inside[k],
        coupling: coupling[k],
        units: inside[k] + coupling[k],
        crossBound: Number.isNaN(bounds[player]) ? null : bounds[player],
      };
    });
  });
  return players;
}

function reportOf(
  members: readonly number[],
  { method, value, crude, standardError, parts }: ClusterShares,
  share: bigint,
): ClusterReport {
  const known = Number.isFinite(standardError) ? standardError : null;
  return { members, method, value, crude, coupling: share - value, standardError: known, parts };
}

/** Options with their defaults. Throws `bad-parameter`. */
function rulesOf(options: HierarchicalOptions): Rules {
  const whole = (name: string, value: number, least: number, most: number): number => {
    check(
      Number.isInteger(value) && value >= least && value <= most,
      'bad-parameter',
      () => `${name}: expected an integer in ${least}…${most}, found ${value}`,
    );
    return value;
  };
  const tolerance = options.tolerance ?? 1e-9;
  check(
    tolerance > 0 && tolerance <= 2,
    'bad-parameter',
    () => `tolerance: expected a number in (0, 2], found ${tolerance}`,
  );
  return {
    beacon: readBeacon(options.beacon),
    enumerateUpTo: whole('enumerateUpTo', options.enumerateUpTo ?? 12, 1, 16),
    sampleUpTo: whole('sampleUpTo', options.sampleUpTo ?? 64, 0, 4096),
    orderings: whole('orderings', options.orderings ?? 128, 1, 2 ** 31),
    solveUpTo: whole('solveUpTo', options.solveUpTo ?? 24, 0, 4096),
    audit: whole('audit', options.audit ?? 0, 0, 2 ** 31),
    batch: whole('batch', options.batch ?? 1024, 1, 2 ** 31),
    threads: options.threads ?? 1,
    tolerance,
  };
}

function firstOrderValue(value: ValueName): FirstOrderValue {
  check(
    value === 'syntropy' || value === 'delta-j',
    'bad-parameter',
    () => `value: expected syntropy or delta-j, found ${value}`,
    `the adjoint has no first-order value of ${value}: use the full game, openCoalitionGame with shapleyOf`,
  );
  return value;
}

function checkReading({ parameters: { reading, prior } }: FocusResult): void {
  check(
    (reading === 'focus-1' || reading === 'pagerank') && typeof prior === 'string',
    'bad-parameter',
    () =>
      `hierarchical shapley: expected focus-1 or pagerank with the degree or the uniform prior, ` +
      `found ${reading}${typeof prior === 'string' ? '' : ' with one weight per particle'}`,
    'choose another reading or prior',
  );
}
