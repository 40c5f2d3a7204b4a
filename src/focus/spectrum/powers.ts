// The spectrum of B₂ from powers applied to random vectors. With A = (I − Π)B/τ, ‖B₂ᵏ‖ ≤ τᵏ ‖Aᵏ‖, and
//   ‖Aᵏg‖ ≥ ‖Aᵏ‖ |⟨v, g⟩|,   v the leading right singular vector of Aᵏ
// For g with entries √h z uniform in [−½, ½], the density of ⟨v, g⟩ is at most √2 for every unit v, so
// |⟨v, g⟩| < c has probability at most 2√2 c, and (2√2 c)^s for all of s columns at once: but for that,
// N_k = max ‖Aᵏg‖/c bounds ‖Aᵏ‖, and over K powers but for K times it. Rounding: with e_i the error
// made in step i (e_0: of the start),
//   ‖Aᵏg‖ ≤ ‖x_k‖ + Σ_{1≤i≤k} N_{k−i} e_i + N_k e_0
// which uses bounds already proven. N_K ≤ ½ proves the spectrum inside |z| < τ, and there
//   ‖(z − B₂)⁻¹‖ ≤ (1/τ) Σ_{k<K} N_k / (1 − N_K)
// Sources: Dixon, SIAM J. Numer. Anal. 20 (1983), for norms from random vectors; Ball, Cube slicing in
// Rⁿ, Proc. Amer. Math. Soc. 97 (1986), for the density: no section of a cube is larger than √2.

import type { Term, Vector } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { randomStream } from '../../base/random.js';
import { eventTurn } from '../../base/turn.js';
import type { Frame } from './frame.js';
import type { InnerSpace } from './inner-space.js';
import type { Application, SpectralMap } from './map.js';
import { rootOf, type Remainder, type RemainderRequest } from './remainder.js';

/** A trial by powers. */
export interface PowersRequest extends RemainderRequest {
  /** Random columns s; a power of two. */
  readonly columns: number;
  /** Most powers K; a power of two. */
  readonly most: number;
  /** Probability that may be spent. */
  readonly failureProbability: number;
  readonly seed: number;
  readonly stream: number;
  /** Stop at once where the powers cease to fall, since more cannot reach the target. */
  readonly impatient: boolean;
}

const SLACK = 1 + 2 ** -30;
/** Powers after which a lack of progress counts. */
const FIRST_JUDGEMENT = 64;

/** A block with entries √h z uniform in [−½, ½], in steps of 2⁻⁵³. */
export function uniformVectors(
  h: Float64Array,
  columns: number,
  seed: number,
  stream: number,
): Float64Array {
  const random = randomStream(seed, stream);
  const values = new Float64Array(h.length * columns);
  for (let i = 0; i < h.length; i++) {
    const scale = 1 / Math.sqrt(h[i]);
    for (let b = 0; b < columns; b++) values[i * columns + b] = (random.double() - 0.5) * scale;
  }
  return values;
}

/** c with K (2√2 c)^s = failure probability. Square roots only: the same on every engine. */
export function leastShare(failureProbability: number, powers: number, columns: number): number {
  let root = failureProbability / powers;
  for (let s = columns; s > 1; s /= 2) root = Math.sqrt(root);
  return (root / (2 * Math.SQRT2)) * (1 - 2 ** -40);
}

/** Bounds B₂ = the rest of `map` outside `frame` by powers of `application`, an approximation of B. */
export async function remainderByPowers(
  map: SpectralMap,
  application: Application,
  frame: Frame,
  request: PowersRequest,
): Promise<Remainder> {
  const { target, columns, most, failureProbability, signal, onStep, impatient } = request;
  const { space } = map;
  const share = leastShare(failureProbability, most, columns);
  const step = openStep(space, application, frame, target, columns);
  const noise = noiseOf(map, application, frame, columns, target);
  const bounds = [1];
  const errors: number[] = [];
  const lengths: number[] = [];
  let best: { power: number; doublings: number } | null = null;
  try {
    errors.push(await step.start(request));
    const certain = share - errors[0];
    if (!(certain > 0)) return unbounded(request);
    lengths.push(await step.length());
    for (let k = 1, doublings = 0; k <= most; k++) {
      if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
      const mass = await step.mass();
      errors.push((noise.step + noise.mass * noise.dot) * lengths[k - 1] + noise.mass * mass);
      step.advance();
      lengths.push(await step.length());
      let image = lengths[k];
      for (let i = 1; i <= k; i++) image += bounds[k - i] * errors[i];
      bounds.push((image / certain) * SLACK);
      onStep?.(k / most);
      if (k % 8 === 0) await eventTurn();
      if (bounds[k] <= 0.5) return reached(request, bounds, application, frame);
      if (!(bounds[k] < 1e150)) break;
      if (2 ** doublings === k) {
        best = { power: k, doublings };
        doublings++;
        if (impatient && k > FIRST_JUDGEMENT && lengths[k] > 0.9 * lengths[k / 2]) break;
      }
    }
  } finally {
    step.destroy();
  }
  return best === null ? unbounded(request) : outside(request, bounds, best, application, frame);
}

/** The target is proven with the last of the bounds. */
function reached(
  { target, failureProbability }: PowersRequest,
  bounds: readonly number[],
  { truncation }: Application,
  frame: Frame,
): Remainder {
  const last = bounds[bounds.length - 1];
  const sum = bounds.slice(0, -1).reduce((all, bound) => all + bound, 0);
  const rough = (sum / (target * (1 - last))) * SLACK;
  return perturbed(
    { radius: target, resolvent: rough, reached: true, failureProbability, method: '' },
    frame.complement * truncation,
    bounds.length - 1,
  );
}

/** No power fell to ½: the radius that the best of them proves. */
function outside(
  { target, failureProbability }: PowersRequest,
  bounds: readonly number[],
  { power, doublings }: { readonly power: number; readonly doublings: number },
  { truncation }: Application,
  frame: Frame,
): Remainder {
  // In units of |z|: N_k (τ/|z|)^k at |z| = τ (2 N_K)^(1/K).
  const growth = rootOf(2 * bounds[power], doublings) * SLACK;
  let scale = 1;
  let sum = 0;
  for (let k = 0; k < power; k++) {
    sum += bounds[k] * scale;
    scale /= growth;
  }
  const radius = target * growth;
  return perturbed(
    {
      radius,
      resolvent: (2 * sum * SLACK) / radius,
      reached: false,
      failureProbability,
      method: '',
    },
    frame.complement * truncation,
    power,
  );
}

function unbounded({ failureProbability }: PowersRequest): Remainder {
  return {
    radius: Infinity,
    resolvent: 0,
    reached: false,
    failureProbability,
    method: 'no power was bounded',
  };
}

/** From the shorter expansion to B itself: ‖(z − B₂ − Δ)⁻¹‖ ≤ Γ/(1 − Γ‖Δ‖). */
function perturbed(remainder: Remainder, distance: number, powers: number): Remainder {
  const left = 1 - remainder.resolvent * distance;
  const method = `${powers} powers of random vectors`;
  return left > 0
    ? { ...remainder, resolvent: (remainder.resolvent / left) * SLACK, method }
    : { ...remainder, radius: Infinity, resolvent: 0, reached: false, method };
}

/** Errors of one step, relative to ‖x‖ and to the mass of x, and of that mass as measured. */
function noiseOf(
  { space, norm }: SpectralMap,
  { rounding, truncation }: Application,
  frame: Frame,
  columns: number,
  target: number,
): { readonly step: number; readonly mass: number; readonly dot: number } {
  const u = space.workspace.unitRoundoff;
  const { left, right, defect, complement, q } = frame;
  const size = left * right;
  const projection =
    size * (space.dotError(columns) + defect / (1 - defect)) + (q.length + 6) * u * (1 + size);
  const image = norm + truncation + rounding;
  return {
    step: ((complement * rounding + projection * image) / target) * SLACK,
    mass: ((complement * (norm + truncation + 1)) / target) * SLACK,
    dot: space.dotError(columns),
  };
}

/** The block x and the verbs of one power. */
function openStep(
  space: InnerSpace,
  application: Application,
  { q, p }: Frame,
  target: number,
  columns: number,
) {
  const { workspace } = space;
  let x = space.vector(columns);
  let next = space.vector(columns);
  const weights = p.map((vector) => {
    const weight = space.vector();
    workspace.scale(weight, vector, space.measure, -1 / target);
    return weight;
  });
  /** out ← (I − Π) out / τ. */
  const project = (out: Vector): void => {
    const shares = [];
    for (let first = 0; first < weights.length; first += 16) {
      shares.push(
        ...workspace.reduce(
          weights
            .slice(first, first + 16)
            .map((weight) => ({ kind: 'sum' as const, x: out, weight })),
        ),
      );
    }
    for (let first = 0; first < Math.max(1, shares.length); first += 20) {
      const terms: Term[] = [{ coefficient: first === 0 ? 1 / target : 1, vector: out }];
      shares.slice(first, first + 20).forEach((coefficient, i) => {
        terms.push({ coefficient, vector: q[first + i] });
      });
      workspace.combine(out, terms);
    }
  };
  return {
    /** x ← g without its mass; returns the error. */
    start: async ({ seed, stream }: PowersRequest): Promise<number> => {
      const n = workspace.rows;
      workspace.write(x, uniformVectors(space.hostMeasure, columns, seed, stream));
      const most = Math.max(...(await space.norms(x))) * SLACK;
      space.settle(x);
      // Uniform numbers stand for a continuum in steps of 2⁻⁵³, and √h and its quotient are rounded.
      return most * 4 * space.dotError(columns) + 2 ** -50 * Math.sqrt(n);
    },
    length: async () => Math.max(...(await space.norms(x))) * SLACK,
    mass: async () => Math.max(...(await space.masses(x))) * SLACK,
    advance: () => {
      application.apply(next, x);
      project(next);
      [x, next] = [next, x];
    },
    destroy: () => space.release([x, next, ...weights]),
  };
}
