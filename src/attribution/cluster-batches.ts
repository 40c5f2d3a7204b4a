// Clusters settled in batches, so that a run can be written down and gone on with: a finished batch is
// plain data, integers as decimal strings. A batch depends on its clusters and the run's key alone,
// never on the batches before it: a resumed run gives the same bits.

import { createHash } from 'node:crypto';
import { check } from '../base/errors.js';
import { eventTurn } from '../base/turn.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Clusters } from './clusters.js';
import {
  clusterShares,
  type ClusterMethod,
  type ClusterRules,
  type ClusterShares,
} from './cluster-shares.js';
import { partsOf, type FirstOrder } from './first-order-game.js';

/** A settled cluster, as data; v(c) is the sum of its shares. */
export interface ClusterRecord {
  readonly method: ClusterMethod;
  /** By member, units of 2⁻⁶¹ in decimal. */
  readonly local: readonly string[];
  readonly shares: readonly string[];
  readonly crude: string;
  /** Null where a single replicate leaves no spread. */
  readonly standardError: number | null;
  readonly parts: number;
}

/** A finished batch, as data: clusters first, first + 1, … */
export interface ClusterBatch {
  /** All that its numbers depend on. */
  readonly key: string;
  readonly first: number;
  readonly clusters: readonly ClusterRecord[];
}

/** How to work through the clusters. */
export interface BatchOptions {
  /** Clusters of a batch; no choice changes a bit. */
  readonly batch: number;
  readonly resume: readonly ClusterBatch[];
  readonly onBatch: ((batch: ClusterBatch) => void | Promise<void>) | undefined;
  readonly onProgress: ((done: number, of: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * The key of a run: everything that its batches depend on. A digest of focus stands for the graph, the
 * parameters and how closely it was solved. O(particles + axons of the changes).
 */
export function batchKey(
  phi: Float64Array,
  lambda: Float64Array,
  changes: readonly NamedAxonChanges[],
  value: string,
  { epsilon }: Clusters,
  rules: ClusterRules,
): string {
  const hash = createHash('sha256');
  for (const numbers of [phi, lambda]) {
    hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }
  for (const { axons, names } of changes) {
    const flat = axons.flatMap(({ from, to, before, after }) => [from, to, before, after]);
    hash.update(new Uint8Array(Float64Array.from([axons.length, names.length, ...flat]).buffer));
    for (const name of names) hash.update(`${name.length} ${name}`);
  }
  const { beacon, enumerateUpTo, sampleUpTo, orderings } = rules;
  const limits = `enumerate ${enumerateUpTo}, sample ${sampleUpTo}, orderings ${orderings}`;
  const drawn = `beacon ${beacon.toLowerCase()}`;
  return `${value}, epsilon ${epsilon}, ${limits}, ${drawn}, ${hash.digest('hex')}`;
}

/**
 * Settles all clusters in order; those that `resume` holds are taken from there. Throws `mismatch`
 * where a batch is of another run, `bad-input` for one that cannot be, and what clusterShares throws;
 * an abort throws its reason between clusters.
 */
export async function settleClusters(
  first: FirstOrder,
  changes: readonly NamedAxonChanges[],
  { members }: Clusters,
  rules: ClusterRules,
  key: string,
  options: BatchOptions,
): Promise<readonly ClusterShares[]> {
  const settled = new Array<ClusterShares | undefined>(members.length);
  for (const batch of options.resume) takeBatch(batch, key, members, settled);
  for (let start = 0; start < members.length;) {
    if (settled[start] !== undefined) {
      start++;
      continue;
    }
    let end = start;
    const done: ClusterShares[] = [];
    while (end < members.length && end - start < options.batch && settled[end] === undefined) {
      options.signal?.throwIfAborted();
      const own = members[end].map((player) => changes[player]);
      const parts = partsOf(first, own);
      const shares = await clusterShares(parts, own.length, end, rules, options.signal);
      done.push((settled[end++] = shares));
    }
    await options.onBatch?.({ key, first: start, clusters: done.map(recordOf) });
    options.onProgress?.(end, members.length);
    await eventTurn();
    start = end;
  }
  return settled as ClusterShares[];
}

function recordOf(settled: ClusterShares): ClusterRecord {
  const { method, local, shares, crude, standardError, parts } = settled;
  return {
    method,
    local: local.map(String),
    shares: shares.map(String),
    crude: String(crude),
    standardError: Number.isFinite(standardError) ? standardError : null,
    parts,
  };
}

const METHODS: readonly ClusterMethod[] = ['alone', 'enumerated', 'sampled', 'proportional'];

function takeBatch(
  { key: own, first, clusters }: ClusterBatch,
  key: string,
  members: Clusters['members'],
  settled: (ClusterShares | undefined)[],
): void {
  check(
    own === key,
    'mismatch',
    () => `resume: expected a batch of "${key}", found "${own}"`,
    'resume with the graph, the signals and the options the run was started with',
  );
  clusters.forEach((record, k) => {
    const place = first + k;
    const count = members[place]?.length ?? -1;
    const integers = [...record.local, ...record.shares, record.crude];
    check(
      Number.isSafeInteger(place) &&
        record.local.length === count &&
        record.shares.length === count &&
        METHODS.includes(record.method) &&
        integers.every((text) => /^-?\d+$/.test(text)),
      'bad-input',
      () => `resume: expected cluster ${place} of ${count} members, found another`,
      'leave this batch out: its clusters are then settled anew',
    );
    const shares = record.shares.map(BigInt);
    settled[place] = {
      method: record.method,
      value: shares.reduce((sum, share) => sum + share, 0n),
      local: record.local.map(BigInt),
      shares,
      crude: BigInt(record.crude),
      standardError: record.standardError ?? Infinity,
      parts: record.parts,
    };
  });
}
