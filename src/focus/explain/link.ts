// What an axon p → q does: the flow it carries, how values bend with its weight (adjoint), and what
// its removal changes (shift). The derivative speaks of a little more stake, the removal of all of it.

import type { Backend } from '../../backend/backend.js';
import { check, shown } from '../../base/errors.js';
import { axonWeight } from '../../graph/change.js';
import type { Graph } from '../../graph/graph.js';
import { adjointOf } from '../adjoint/adjoint.js';
import type { FocusResult } from '../focus.js';
import { shiftsOf, type Shift } from '../shifts.js';
import type { Flow, Flows } from './flows.js';

/** ∂v/∂A(p,q) at the graph as it is. */
export interface LinkSlope {
  /** Per unit of stake. */
  readonly perStake: number;
  /** Proven error of it, for the value's gradient at the computed φ; null where φ has no bound. */
  readonly errorBound: number | null;
  /** perStake · weight: what the first-order account says of the whole link. */
  readonly timesWeight: number;
}

/** What an axon does. */
export interface LinkExplanation {
  readonly weight: number;
  /** From p to q. */
  readonly ahead: Flow & { readonly total: number };
  /** ahead.total / φ_q. */
  readonly shareOfTarget: number;
  /** From q to p: springs and heat. */
  readonly back: Pick<Flow, 'springs' | 'heat'> & { readonly total: number };
  /** Of syntropy J = ln n − H, and of the focus of the target. */
  readonly slopes: { readonly syntropy: LinkSlope; readonly targetFocus: LinkSlope };
  /** Δφ of removing it; null where it is the only axon. */
  readonly removal: Shift | null;
}

/** How closely. */
export interface LinkExplanationOptions {
  /** L1 error of what the shift of the removal leaves out; default 1e-9. */
  readonly tolerance?: number | undefined;
  readonly floor?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Explains an axon by the particles at its ends. Costs two adjoint solves and one shift. Throws
 * `bad-input` where there is no axon from → to.
 */
export async function explainLink(
  graph: Graph,
  result: FocusResult,
  flows: Flows,
  from: number,
  to: number,
  options: LinkExplanationOptions,
  backend: Backend,
): Promise<LinkExplanation> {
  const weight = axonWeight(graph, from, to);
  check(
    weight > 0,
    'bad-input',
    () => {
      const [p, q] = [graph.ids.at(from), graph.ids.at(to)];
      const other = axonWeight(graph, to, from) > 0 ? 'one the other way' : 'none';
      return `expected a link ${shown(p)} → ${shown(q)}, found ${other}`;
    },
    'a link is explained by the ids of its from and to, in this order',
  );
  const flow = flows.ahead(from, weight);
  const returned = flows.back(to, weight);
  const total = flow.diffusion + flow.springs + flow.heat;
  const { signal, tolerance = 1e-9, floor } = options;
  const { parameters, phi } = result;
  const target = new Float64Array(graph.particles);
  target[to] = 1;
  const slopeOf = async (value: 'syntropy' | Float64Array): Promise<LinkSlope> => {
    const adjoint = await adjointOf(graph, result, value, { signal }, backend);
    const perStake = adjoint.sensitivity(from, to) ?? 0;
    const errorBound = adjoint.sensitivityError(from, to);
    return { perStake, errorBound, timesWeight: perStake * weight };
  };
  const base = { parameters, phi: phi.data, errorBound: result.errorBound ?? 2 };
  const removal = { added: 0, axons: [{ from, to, before: weight, after: 0 }] };
  const shifts =
    graph.report.axons === 1
      ? [null]
      : await shiftsOf(graph, base, [removal], { tolerance, floor, signal }, backend);
  return {
    weight,
    ahead: { ...flow, total },
    shareOfTarget: total / flows.phi[to],
    back: { ...returned, total: returned.springs + returned.heat },
    slopes: { syntropy: await slopeOf('syntropy'), targetFocus: await slopeOf(target) },
    removal: shifts[0],
  };
}
