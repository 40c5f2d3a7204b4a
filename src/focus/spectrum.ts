// Spectral quantities of a graph under a reading, by Krylov methods on the machine:
//   |λ₂|     second largest modulus of R (or of D) on the zero-sum space: Arnoldi, restarted with
//            the leading Ritz vector
//   Fiedler  second smallest eigenvalue of the Laplacian 𝓛: Arnoldi on 𝓛 shifted, orthogonal to
//            constants; 0 with two components
// Both use the inner product Σ h x y, in which 𝓛 is self-adjoint. Each comes with its residual
// ‖Ax − λx‖, relative to ‖x‖.
// Source: Saad, Numerical Methods for Large Eigenvalue Problems, ch. 6.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Vector } from '../backend/backend.js';
import { randomStream } from '../base/random.js';
import type { FocusOperator } from './operator.js';

/**
 * An eigenvalue's modulus (or a real eigenvalue) and how well its vector satisfies the equation.
 */
export interface Eigenvalue {
  readonly value: number;
  /** ‖Ax − λx‖ / ‖x‖ in the norm Σ h x². */
  readonly residual: number;
}

/** Krylov vectors kept at once; fewer for large graphs, whose vectors are long. */
const LARGEST_BASIS = 40;
const BASIS_BYTES = 512 * 2 ** 20;
const MOST_RESTARTS = 200;

/**
 * |λ₂| of R with springs and heat to rounding. Cost: the degree of R's expansion in products per
 * step.
 */
export function secondEigenvalueOfFocus(operator: FocusOperator): Promise<Eigenvalue> {
  const { degree } = operator.expansion;
  const apply = (out: Vector, x: Vector): void => operator.apply(out, x, degree);
  return leading(operator, apply, 1e-12);
}

/** |λ₂| of the diffusion matrix D, teleport included; `share` is λ_d. */
export function secondEigenvalueOfDiffusion(
  operator: FocusOperator,
  share: number,
): Promise<Eigenvalue> {
  const apply = (out: Vector, x: Vector): void => {
    operator.diffusion(out, x);
    operator.workspace.combine(out, [{ coefficient: 1 / share, vector: out }]);
  };
  return leading(operator, apply, 1e-12);
}

/** The Fiedler value of 𝓛, in units of its spectrum [0, Λ]. */
export async function fiedlerValue(operator: FocusOperator, spectrum: number): Promise<Eigenvalue> {
  // y = 2x/Λ − 1, so 1 − y has eigenvalue 2 at constants and 2 − 2·Fiedler/Λ next: the largest once
  // constants are projected out.
  const coefficients = Float64Array.of(1, -1);
  const apply = (out: Vector, x: Vector): void => operator.spectral(out, x, coefficients);
  const { value, residual } = await leading(operator, apply, 1e-13);
  return { value: Math.max(0, (spectrum * (2 - value)) / 2), residual: (spectrum * residual) / 2 };
}

/**
 * Largest modulus on the space without mass (Σ h x = 0, invariant under both kinds of operator).
 */
async function leading(
  operator: FocusOperator,
  apply: (out: Vector, x: Vector) => void,
  tolerance: number,
): Promise<Eigenvalue> {
  const { workspace, totalMeasure, hostMeasure } = operator;
  const n = workspace.rows;
  const fitting = Math.max(6, Math.floor(BASIS_BYTES / (8 * n)));
  const size = Math.min(LARGEST_BASIS, n - 1, fitting);
  if (size < 1) return { value: 0, residual: 0 };
  const ones = workspace.vector(1);
  workspace.write(ones, new Float64Array(n).fill(1));
  const basis = Array.from({ length: size + 1 }, () => workspace.vector(1));
  const random = randomStream(0x5eed, n);
  // A start in general position: no symmetry of the graph may hide the eigenvector.
  workspace.write(
    basis[0],
    hostMeasure.map(() => random.double() - 0.5),
  );
  const project = async (x: Vector): Promise<void> => {
    const [[mass]] = await workspace.numbers(
      workspace.reduce([{ kind: 'sum', x, weight: operator.measure }]),
    );
    // Removing the mass along constants is the orthogonal projection; for R any direction of mass
    // one does as well.
    workspace.combine(x, [
      { coefficient: 1, vector: x },
      { coefficient: -mass / totalMeasure, vector: ones },
    ]);
  };
  let best: Eigenvalue = { value: 0, residual: Infinity };
  for (let restart = 0; restart < MOST_RESTARTS; restart++) {
    const step = await arnoldi(operator, basis, apply, project);
    if (step.residual < best.residual) best = { value: step.value, residual: step.residual };
    if (step.exhausted || step.residual <= tolerance * Math.max(step.value, 1e-3)) break;
    // In parts of 16 terms, into the spare last vector, because basis[0] is a term of the first
    // part.
    const ritzVector = basis[size];
    for (let first = 0; first < step.vector.length; first += 16) {
      const part = step.vector
        .slice(first, first + 16)
        .map((w, i) => ({ coefficient: w, vector: basis[first + i] }));
      const kept = first === 0 ? [] : [{ coefficient: 1, vector: ritzVector }];
      workspace.combine(ritzVector, [...kept, ...part]);
    }
    workspace.combine(basis[0], [{ coefficient: 1, vector: ritzVector }]);
  }
  for (const vector of [ones, ...basis]) workspace.release(vector);
  return best;
}

interface ArnoldiStep extends Eigenvalue {
  /** Weights of the basis that make the leading Ritz vector (its real part). */
  readonly vector: number[];
  /** The space is invariant: the Ritz values are eigenvalues. */
  readonly exhausted: boolean;
}

/** One Arnoldi factorisation from basis[0], with two passes of orthogonalisation. */
async function arnoldi(
  operator: FocusOperator,
  basis: readonly Vector[],
  apply: (out: Vector, x: Vector) => void,
  project: (x: Vector) => Promise<void>,
): Promise<ArnoldiStep> {
  const { workspace, measure } = operator;
  const most = basis.length - 1;
  const hessenberg = Array.from({ length: most + 1 }, () => new Float64Array(most));
  const norm = async (x: Vector): Promise<number> => {
    const [[square]] = await workspace.numbers(
      workspace.reduce([{ kind: 'dot', x, y: x, weight: measure }]),
    );
    return Math.sqrt(square);
  };
  await project(basis[0]);
  workspace.combine(basis[0], [{ coefficient: 1 / (await norm(basis[0])), vector: basis[0] }]);
  let used = 0;
  let last = 0;
  for (; used < most; used++) {
    const next = basis[used + 1];
    apply(next, basis[used]);
    await project(next);
    const before = await norm(next);
    for (let pass = 0; pass < 2; pass++) {
      for (let first = 0; first <= used; first += 16) {
        const some = basis.slice(first, Math.min(used + 1, first + 16));
        const dots = await workspace.numbers(
          workspace.reduce(
            some.map((y) => ({ kind: 'dot' as const, x: next, y, weight: measure })),
          ),
        );
        dots.forEach(([dot], i) => {
          hessenberg[first + i][used] += dot;
        });
        workspace.combine(next, [
          { coefficient: 1, vector: next },
          ...some.map((vector, i) => ({ coefficient: -dots[i][0], vector })),
        ]);
      }
    }
    last = await norm(next);
    hessenberg[used + 1][used] = last;
    if (last <= 1e-14 * before || last === 0) {
      used++;
      last = 0;
      break;
    }
    workspace.combine(next, [{ coefficient: 1 / last, vector: next }]);
  }
  return { ...ritz(hessenberg, used, last), exhausted: last === 0 };
}

/** The leading Ritz pair of the leading block of a Hessenberg matrix. */
function ritz(
  hessenberg: readonly Float64Array[],
  size: number,
  last: number,
): Omit<ArnoldiStep, 'exhausted'> {
  const block = new Matrix(
    Array.from({ length: size }, (_, i) => Array.from(hessenberg[i].subarray(0, size))),
  );
  const decomposition = new EigenvalueDecomposition(block, { assumeSymmetric: false });
  const real = decomposition.realEigenvalues;
  const imaginary = decomposition.imaginaryEigenvalues;
  const modulus = real.map((x, i) => Math.hypot(x, imaginary[i]));
  let lead = 0;
  for (let i = 1; i < size; i++) if (modulus[i] > modulus[lead] * (1 + 1e-14)) lead = i;
  // A complex pair stands in two columns: real part, then imaginary part.
  const vectors = decomposition.eigenvectorMatrix;
  const column = imaginary[lead] < 0 ? lead - 1 : lead;
  const vector = vectors.getColumn(column);
  const other = imaginary[lead] === 0 ? null : vectors.getColumn(column + 1);
  const square = vector.reduce(
    (sum, x, i) => sum + x * x + (other === null ? 0 : other[i] ** 2),
    0,
  );
  const end = Math.hypot(vector[size - 1], other === null ? 0 : other[size - 1]);
  return { value: modulus[lead], residual: (last * end) / Math.sqrt(square), vector };
}
