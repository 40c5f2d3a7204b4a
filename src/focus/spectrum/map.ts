// The linear maps whose spectrum is asked, on zero-sum vectors, with what must be known to prove
// anything from computed products: a bound of the norm and a bound of the rounding, both in
// ‖z‖² = Σ h z².
//   R       λ_d D + p_K(𝓛)        D        teleport included           C = 1 − 𝓛/Λ
//   adjoint in this inner product: R* z = λ_d (Pᵀz(1 − t) + t(uᵀz)1) + p_K(𝓛) z on the same z, with
//           Pᵀz = A z/out, and uᵀz where a particle dangles
//   ‖D‖ ≤ √c, c = max_i (Dh)_i/h_i        Schur's test: D has column sums 1
//   ‖fl(Bz) − Bz‖ ≤ (γ + γ')λ_d ν√c ‖z‖ + (γ + 4Ku) G ‖z‖ + truncation ‖z‖
// γ, γ' and G as in certificate.ts; 4Ku more for the coefficients of the expansion, each of which is
// within (K + 100) 4u of its value; ν = √(Σh Σu²/h) ≥ 1, which is 1 for the degree prior.
// Source: Halmos and Sunder, Bounded Integral Operators, theorem 5.2 (Schur's test).

import type { Scalars, Vector, Workspace } from '../../backend/backend.js';
import { powerOfTwoBelow } from '../../base/power-of-two.js';
import { priorOf, type Adjacency } from '../adjacency.js';
import { roundingAmplification } from '../chebyshev.js';
import type { FocusOperator } from '../operator.js';
import type { Parameters } from '../parameters.js';
import { openInnerSpace, type InnerSpace } from './inner-space.js';

/** One way to compute out = Bx: to rounding, or with a shorter expansion. Results are settled. */
export interface Application {
  /** x is settled, in blocks of `columns`; out is another block. */
  apply(out: Vector, x: Vector): void;
  /** ‖computed − exact‖ ≤ rounding · ‖x‖, for the map that this application stands for. */
  readonly rounding: number;
  /** That map's distance from B: 0, or what a shorter expansion leaves out. */
  readonly truncation: number;
}

/** B on zero-sum vectors. */
export interface SpectralMap {
  readonly space: InnerSpace;
  /** ‖B‖, at most. */
  readonly norm: number;
  /** B for single columns. */
  readonly forward: Application;
  /** B* for single columns; equal to `forward` for a self-adjoint map. */
  readonly backward: Application;
  /** B for blocks of `columns`, on scratch of its own, accurate to about `error`. */
  inBlocks(columns: number, error: number): Application;
}

/** Opens an operator for blocks of some columns on the same workspace. */
export type OpenColumns = (columns: number) => FocusOperator;

interface Parts {
  readonly workspace: Workspace;
  readonly stepNorm: number;
  readonly space: InnerSpace;
  /** λ_d · √c · ν. */
  readonly diffusion: number;
}

/** What of a map depends on the number of columns and the degree. */
function roundingOf(
  { workspace, stepNorm, space, diffusion }: Parts,
  coefficients: Float64Array,
  columns: number,
): number {
  const u = workspace.unitRoundoff;
  const gamma = (2 * workspace.summationDepth(columns) + 24) * u;
  const share = (workspace.reductionDepth(columns) + 16) * u;
  const degree = coefficients.length - 1;
  const size = coefficients.reduce((sum, c) => sum + Math.abs(c), 0);
  const series = gamma * roundingAmplification(coefficients, stepNorm);
  const known = 4 * (degree + 100) * u * size;
  // The last term: `settle` after it.
  const settled = (space.dotError(columns) + 4 * u) * 2 * (diffusion + size);
  return ((gamma + share) * diffusion + series + known + settled) * (1 + 1e-6);
}

/** R of a reading on zero-sum vectors. `open` opens its operator. */
export async function openFocusMap(
  open: OpenColumns,
  adjacency: Adjacency,
  parameters: Parameters,
): Promise<SpectralMap> {
  const operator = open(1);
  const { workspace, stepNorm, expansion } = operator;
  const space = openInnerSpace(workspace, operator.hostMeasure);
  const share = parameters.lambda[0];
  const image = await imageOfOnes(workspace, operator.diffusion);
  const diffusion =
    Math.sqrt(share) * schurNorm(image) * priorNorm(space, priorOf(adjacency, parameters.prior));
  const parts = { workspace, stepNorm, space, diffusion };
  const full = expansion.coefficients(expansion.degree);
  const turned = openAdjoint(operator, adjacency, parameters);
  const rounding = roundingOf(parts, full, 1) + expansion.truncation(expansion.degree);
  return {
    space,
    norm: (diffusion + parameters.lambda[1] + parameters.lambda[2]) * (1 + 1e-9),
    forward: {
      apply: (out, x) => {
        operator.apply(out, x, expansion.degree);
        space.settle(out);
      },
      rounding,
      truncation: 0,
    },
    backward: {
      apply: (out, x) => {
        operator.spectral(out, x, full);
        turned(out, x, share, true);
        space.settle(out);
      },
      rounding,
      truncation: 0,
    },
    inBlocks: (columns, error) => {
      const block = open(columns);
      const degree = expansion.degreeFor(error);
      return {
        apply: (out, x) => {
          block.apply(out, x, degree);
          space.settle(out);
        },
        rounding: roundingOf(parts, expansion.coefficients(degree), columns),
        truncation: expansion.truncation(degree),
      };
    },
  };
}

/**
 * D, teleport included, on zero-sum vectors, under the measure in which its norm is about 1: close to
 * the stationary distribution of D itself.
 */
export async function openDiffusionMap(
  open: OpenColumns,
  adjacency: Adjacency,
  parameters: Parameters,
): Promise<SpectralMap> {
  const operator = open(1);
  const { workspace } = operator;
  const h = await nearlyStationary(operator, parameters);
  const space = openInnerSpace(workspace, h);
  const u = priorOf(adjacency, parameters.prior);
  const turned = openAdjoint(operator, adjacency, parameters);
  const inBlocks = openDiffusion(space, adjacency, parameters, u);
  const image = await imageOfOnes(workspace, (out, x) => inBlocks(1)(out, x));
  const norm = schurNorm(image) * priorNorm(space, u);
  const parts = { workspace, stepNorm: 1, space, diffusion: norm };
  const application = (columns: number): Application => ({
    apply: settling(space, inBlocks(columns)),
    rounding: roundingOf(parts, new Float64Array(1), columns),
    truncation: 0,
  });
  return {
    space,
    norm: norm * (1 + 1e-9),
    forward: application(1),
    backward: {
      ...application(1),
      apply: settling(space, (out, x) => turned(out, x, 1, false)),
    },
    inBlocks: application,
  };
}

type Apply = (out: Vector, x: Vector) => void;

function settling(space: InnerSpace, apply: Apply): Apply {
  return (out, x) => {
    apply(out, x);
    space.settle(out);
  };
}

/** Applications of D after which its measure is good enough: it need not be exact. */
const MOST_SMOOTHINGS = 100;

/** φ > 0 with Dφ ≤ about φ in every particle, from powers of D. */
async function nearlyStationary(
  operator: FocusOperator,
  { lambda }: Parameters,
): Promise<Float64Array> {
  const { workspace, hostMeasure } = operator;
  let here = workspace.vector(1);
  let next = workspace.vector(1);
  workspace.write(here, new Float64Array(hostMeasure.length).fill(1));
  let values = await workspace.read(here);
  for (let k = 0; k < MOST_SMOOTHINGS; k++) {
    operator.diffusion(next, here);
    workspace.combine(next, [{ coefficient: 1 / lambda[0], vector: next }]);
    const image = await workspace.read(next);
    const largest = image.reduce((most, value, i) => Math.max(most, value / values[i]), 0);
    if (largest <= 1.02) break;
    // What nothing leads to keeps some measure.
    values = image.map((value, i) => Math.max(value, values[i] / 4));
    workspace.write(next, values);
    [here, next] = [next, here];
  }
  workspace.release(here);
  workspace.release(next);
  const least = 2 ** -60;
  return values.map((value, i) => Math.max(value, least) * hostMeasure[i]);
}

/** D for blocks of columns on z = φ/h, with any measure h. Six vectors and a block. */
function openDiffusion(
  { workspace, hostMeasure: h }: InnerSpace,
  { outStake, totalDegree }: Adjacency,
  { teleport }: Parameters,
  u: Float64Array,
): (columns: number) => Apply {
  const scale = powerOfTwoBelow(totalDegree / outStake.length);
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    return vector;
  };
  const leaving = column(outStake.map((stake, i) => (stake > 0 ? h[i] / (stake / scale) : 0)));
  const arriving = column(h.map((value) => (1 - teleport) / scale / value));
  const prior = column(u.map((value, i) => value / h[i]));
  const toPrior = column(outStake.map((stake, i) => (stake > 0 ? teleport : 1) * h[i]));
  return (columns) => {
    const scaled = workspace.vector(columns);
    return (out, x) => {
      const [share] = workspace.reduce([{ kind: 'sum', x, weight: toPrior }]) as readonly [Scalars];
      workspace.scale(scaled, x, leaving, 1);
      workspace.product({
        out,
        direction: 'in',
        x: scaled,
        factor: 1,
        rowScale: arriving,
        terms: [{ coefficient: share, vector: prior }],
      });
    };
  };
}

/** C = 1 − 𝓛/Λ in [0, 1], whose largest eigenvalue without constants is 1 − Fiedler/Λ. */
export function openLaplacianMap(open: OpenColumns): SpectralMap {
  const operator = open(1);
  const { workspace, stepNorm } = operator;
  const space = openInnerSpace(workspace, operator.hostMeasure);
  const coefficients = Float64Array.of(0.5, -0.5);
  const inBlocks = (columns: number): Application => {
    const block = columns === 1 ? operator : open(columns);
    return {
      apply: (out, x) => {
        block.spectral(out, x, coefficients);
        space.settle(out);
      },
      rounding: roundingOf({ workspace, stepNorm, space, diffusion: 0 }, coefficients, columns),
      truncation: 0,
    };
  };
  const forward = inBlocks(1);
  return { space, norm: 1 + 2 ** -40, forward, backward: forward, inBlocks };
}

/** The image of constants, on the host. */
async function imageOfOnes(workspace: Workspace, apply: Apply): Promise<Float64Array> {
  const ones = workspace.vector(1);
  const image = workspace.vector(1);
  workspace.write(ones, new Float64Array(workspace.rows).fill(1));
  apply(image, ones);
  const values = await workspace.read(image);
  workspace.release(ones);
  workspace.release(image);
  return values;
}

/** √c of a non-negative map with column sums 1, from its image of constants; rounded up. */
function schurNorm(image: Float64Array): number {
  return Math.sqrt(image.reduce((most, value) => Math.max(most, value), 0)) * (1 + 1e-6);
}

/** ν = √(Σh Σu²/h) ≥ 1, rounded up. */
function priorNorm({ hostMeasure, totalMeasure }: InnerSpace, u: Float64Array): number {
  let square = 0;
  for (let i = 0; i < u.length; i++) square += (u[i] * u[i]) / hostMeasure[i];
  return Math.sqrt(Math.max(1, totalMeasure * square)) * (1 + 1e-6);
}

/** Prepares out = factor · D* x (+ out where `plus`) for single columns. Three vectors. */
function openAdjoint(
  { workspace }: FocusOperator,
  adjacency: Adjacency,
  { teleport, prior }: Parameters,
): (out: Vector, x: Vector, factor: number, plus: boolean) => void {
  const { outStake, totalDegree } = adjacency;
  // Stakes near the ends of the range of doubles have no inverse in it.
  const scale = powerOfTwoBelow(totalDegree / outStake.length);
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    return vector;
  };
  const perOut = column(
    outStake.map((stake) => (stake > 0 ? (1 - teleport) / (stake / scale) : 0)),
  );
  const fromPrior = column(outStake.map((stake) => (stake > 0 ? teleport : 1)));
  const weights = column(priorOf(adjacency, prior));
  const part = workspace.vector(1);
  return (out, x, factor, plus) => {
    const [share] = workspace.reduce([{ kind: 'sum', x, weight: weights }]) as readonly [Scalars];
    workspace.product({
      out: part,
      direction: 'out',
      x,
      factor: 1 / scale,
      rowScale: perOut,
      terms: [{ coefficient: share, vector: fromPrior }],
    });
    const terms = [{ coefficient: factor, vector: part }];
    workspace.combine(out, plus ? [{ coefficient: 1, vector: out }, ...terms] : terms);
  };
}
