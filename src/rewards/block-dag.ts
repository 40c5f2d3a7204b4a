// Blocks as a DAG: every block references its parents, so its ancestors came before it and its
// descendants reference it, directly or through others. Checked once: duplicate ids, parents that
// are not there, and cycles are errors that name the blocks.

import { FocusError, check, shown } from '../base/errors.js';
import type { Block } from '../graph/block.js';

/** A checked DAG. Blocks are numbers, in the order they were given. */
export interface BlockDag {
  readonly count: number;
  readonly ids: readonly string[];
  /** The number of a block. Throws `bad-parameter` for an id that no block has. */
  indexOf(id: string): number;
  /** Children of block b: targets[offsets[b]] … targets[offsets[b + 1] − 1]. */
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
  /** All blocks, parents before children. */
  readonly order: Uint32Array;
  /** By signal index: the block that carries it. */
  readonly blockOfSignal: ReadonlyMap<number, number>;
}

/** Where a change stands in a DAG. */
export interface BlockPlace {
  readonly dag: BlockDag;
  /** The blocks that carry it; empty where none does yet. */
  readonly blocks: readonly number[];
}

const MOST_NAMED = 12;

/**
 * Checks blocks and orders them. O(blocks + references) time and memory, about 150 bytes a block.
 * Throws FocusError `bad-input` naming the blocks: an id that stands twice, a parent that no block
 * is or that is named twice, a signal in two blocks, or a cycle, with its path.
 */
export function blockDag(blocks: readonly Block[]): BlockDag {
  const index = new Map<string, number>();
  blocks.forEach(({ id }, b) => {
    const earlier = index.get(id);
    check(
      earlier === undefined,
      'bad-input',
      () =>
        `blocks: expected each id once, found ${shown(id)} as blocks ${(earlier ?? 0) + 1} and ${b + 1}`,
    );
    index.set(id, b);
  });
  const parents = parentsOf(blocks, index);
  const { offsets, targets } = childrenOf(parents);
  const order = topologicalOrder(parents, offsets, targets);
  if (order.length < blocks.length) throw cycleError(blocks, parents, order);
  return {
    count: blocks.length,
    ids: blocks.map(({ id }) => id),
    indexOf: (id) => {
      const found = index.get(id);
      check(found !== undefined, 'bad-parameter', () => `block ${shown(id)}: no block has this id`);
      return found;
    },
    offsets,
    targets,
    order,
    blockOfSignal: signalsOf(blocks),
  };
}

function parentsOf(
  blocks: readonly Block[],
  index: ReadonlyMap<string, number>,
): readonly (readonly number[])[] {
  return blocks.map(({ id, parents }) => {
    const found = parents.map((parent) => {
      const at = index.get(parent);
      check(
        at !== undefined,
        'bad-input',
        () =>
          `block ${shown(id)}: expected its parent ${shown(parent)} among the blocks, found none`,
        'give every ancestor, or leave the reference out',
      );
      return at;
    });
    check(
      new Set(found).size === found.length,
      'bad-input',
      () => `block ${shown(id)}: expected each parent once, found ${parents.map(shown).join(', ')}`,
    );
    return found;
  });
}

function childrenOf(
  parents: readonly (readonly number[])[],
): Pick<BlockDag, 'offsets' | 'targets'> {
  const offsets = new Uint32Array(parents.length + 1);
  for (const some of parents) for (const parent of some) offsets[parent + 1]++;
  for (let b = 0; b < parents.length; b++) offsets[b + 1] += offsets[b];
  const next = offsets.slice(0, parents.length);
  const targets = new Uint32Array(offsets[parents.length]);
  parents.forEach((some, child) => {
    for (const parent of some) targets[next[parent]++] = child;
  });
  return { offsets, targets };
}

/** Kahn's order: blocks all of whose parents have been placed. Shorter where there is a cycle. */
function topologicalOrder(
  parents: readonly (readonly number[])[],
  offsets: Uint32Array,
  targets: Uint32Array,
): Uint32Array {
  const missing = Uint32Array.from(parents, (some) => some.length);
  const order = new Uint32Array(parents.length);
  let placed = 0;
  missing.forEach((count, b) => {
    if (count === 0) order[placed++] = b;
  });
  for (let k = 0; k < placed; k++) {
    const b = order[k];
    for (let at = offsets[b]; at < offsets[b + 1]; at++) {
      if (--missing[targets[at]] === 0) order[placed++] = targets[at];
    }
  }
  return order.subarray(0, placed);
}

/** Every block that was not placed has a parent that was not: following them ends in a cycle. */
function cycleError(
  blocks: readonly Block[],
  parents: readonly (readonly number[])[],
  order: Uint32Array,
): FocusError {
  const placed = new Uint8Array(blocks.length);
  for (const b of order) placed[b] = 1;
  const seen = new Map<number, number>();
  const path: number[] = [];
  let at = placed.indexOf(0);
  while (!seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    at = parents[at].find((parent) => placed[parent] === 0) as number;
  }
  const cycle = path.slice(seen.get(at));
  const names = cycle.slice(0, MOST_NAMED).map((b) => shown(blocks[b].id));
  if (cycle.length > MOST_NAMED) names.push(`… (${cycle.length - MOST_NAMED} more)`);
  return new FocusError(
    'bad-input',
    `blocks: expected a DAG, found a cycle of ${cycle.length}: ` +
      [...names, shown(blocks[cycle[0]].id)].join(' → '),
    'a block references blocks that came before it, never itself or a descendant',
  );
}

function signalsOf(blocks: readonly Block[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  blocks.forEach(({ id, signals }, b) => {
    for (const signal of signals) {
      const earlier = found.get(signal);
      check(
        earlier === undefined,
        'bad-input',
        () =>
          `block ${shown(id)}: expected each signal in one block, found signal ${signal} in ` +
          `${shown(blocks[earlier ?? 0].id)} too`,
      );
      found.set(signal, b);
    }
  });
  return found;
}
