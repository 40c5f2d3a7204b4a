// An epoch of a chain as the node of claims on it: what a neuron asks it for, what verifiers recompute
// from. The state is that which the files claim, each held against its digest.

import type { ExactBackend } from '../backend/exact.js';
import { check } from '../base/errors.js';
import { openFullNode, type FullNode } from '../claims/neighbourhood.js';
import type { RecomputeBase } from '../claims/recompute.js';
import { ONE } from '../focus/exact/units.js';
import type { BaseFocus } from '../focus/local/base.js';
import type { LinkedGraph } from '../graph/linked.js';
import { epochsOf, fileOf } from './chain.js';
import { epochParameters } from './held-stake.js';
import { stateBefore } from './replay.js';
import type { EpochState } from './state.js';

/** A node for one epoch. */
export interface ClaimNode extends FullNode {
  readonly linked: LinkedGraph;
  readonly state: EpochState;
  /** φ* in doubles. */
  readonly focus: BaseFocus;
  /** What recomputation in exact arithmetic starts from. */
  recomputeBase(tolerance: number, backend: ExactBackend, signal?: AbortSignal): RecomputeBase;
}

/** Rounding exact units to doubles moves each by at most half a unit in 2⁵³ of itself. */
const ROUNDED = 2 ** -53;

/**
 * Opens the node of an epoch, the last where none is named. O(links) for each epoch. Throws `usage`
 * where the chain has none of that number, `mismatch` where it is damaged, `bad-parameter` where its
 * focus has no proven error.
 */
export async function openClaimNode(chain: string, wanted?: number): Promise<ClaimNode> {
  const held = await epochsOf(chain);
  const epoch = wanted ?? held - 1;
  check(
    epoch >= 0 && epoch < held,
    'usage',
    () => `${chain}: expected an epoch in 0…${held - 1}, found ${epoch}`,
    held === 0 ? 'begin the chain with `focus epoch compute`' : '',
  );
  const state = await stateBefore(chain, epoch + 1);
  check(state !== null, 'invariant', () => 'an epoch that is held has a state');
  const { linked } = state;
  const { units, parameters, errorBound } = state.focus;
  check(
    errorBound !== null,
    'bad-parameter',
    () => `${chain}: claims need a focus with a proven error, ${parameters.reading} has none`,
  );
  const header = Buffer.from((await fileOf(chain, epoch, 'header.json')) ?? []).toString('utf8');
  const node = openFullNode({ header, graph: linked.graph, units, parameters, errorBound });
  return {
    ...node,
    linked,
    state,
    focus: {
      parameters,
      phi: Float64Array.from(units, (value) => Number(value) / Number(ONE)),
      errorBound: errorBound + ROUNDED,
    },
    recomputeBase: (tolerance, backend, signal) => ({
      linked,
      parametersOf: (graph) => epochParameters(graph, state.held, state.rules),
      focus: state.focus,
      tolerance,
      backend,
      signal,
    }),
  };
}
