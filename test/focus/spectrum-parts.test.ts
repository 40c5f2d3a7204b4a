// The pieces of the proofs, where their bounds are put to the test: rough subspaces, so that what is
// left out is large, and perturbations as large as allowed.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { adjacencyOf } from '../../src/focus/adjacency.js';
import { openOperator } from '../../src/focus/operator.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import { dense, type Dense } from '../../src/focus/spectrum/dense.js';
import { encloseEigenvalues, modulusBounds } from '../../src/focus/spectrum/discs.js';
import { distanceOf, openFrame } from '../../src/focus/spectrum/frame.js';
import { openFocusMap, openLaplacianMap } from '../../src/focus/spectrum/map.js';
import { largestAtMost, measureRayleigh } from '../../src/focus/spectrum/rayleigh.js';
import { formDense, remainderBySquaring } from '../../src/focus/spectrum/squaring.js';
import { subspaceOutside } from '../../src/focus/spectrum/subspace.js';
import { graphOf, randomLinks } from '../graphs.js';

const toMatrix = ({ rows, columns, values }: Dense): Matrix =>
  new Matrix(
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => values[i * columns + j]),
    ),
  );

/** Eigenvalues as pairs, by falling modulus. */
function eigenvalues(a: Matrix): [number, number][] {
  const { realEigenvalues: x, imaginaryEigenvalues: y } = new EigenvalueDecomposition(a);
  return x
    .map((real, i): [number, number] => [real, y[i]])
    .sort((p, q) => Math.hypot(...q) - Math.hypot(...p));
}

async function openMaps(seed: number) {
  const graph = graphOf(randomLinks(seed, 25, 70));
  const parameters = resolveParameters({}, graph);
  const adjacency = adjacencyOf(graph.axons);
  const workspace = await openCpu({ threads: 1 }).open(graph.axons, 'both');
  const open = (columns: number) => openOperator(workspace, adjacency, parameters, columns);
  return {
    workspace,
    focus: await openFocusMap(open, adjacency, parameters),
    laplacian: openLaplacianMap(open),
  };
}

describe('discs', () => {
  it('hold the eigenvalues of every perturbation up to δ', () => {
    const random = randomStream(11);
    const entry = (): number => 2 * random.double() - 1;
    let outside = 0;
    for (let trial = 0; trial < 60; trial++) {
      const n = 2 + random.below(7);
      const t = dense(n, n, entry);
      const delta = 10 ** -(1 + random.below(4));
      const discs = encloseEigenvalues(t, delta);
      expect(discs).not.toBeNull();
      const plain = encloseEigenvalues(t, 0);
      for (let k = 0; k < 20; k++) {
        // Rank one, of norm δ: u vᵀ of unit vectors.
        const unit = (): number[] => {
          const u = Array.from({ length: n }, entry);
          const length = Math.sqrt(u.reduce((sum, x) => sum + x * x, 0));
          return u.map((x) => x / length);
        };
        const [u, v] = [unit(), unit()];
        const moved = dense(n, n, (i, j) => t.values[i * n + j] + delta * u[i] * v[j]);
        const truth = eigenvalues(toMatrix(moved));
        const bounds = modulusBounds(discs ?? [], 0);
        const largest = Math.hypot(...truth[0]);
        expect(largest).toBeLessThanOrEqual(bounds.upper + 1e-13);
        expect(largest).toBeGreaterThanOrEqual(bounds.lower - 1e-13);
        const inside = (list: typeof discs): boolean =>
          truth.every(([x, y]) =>
            (list ?? []).some(
              ({ real, imaginary, radius }) =>
                Math.hypot(x - real, Math.abs(y) - imaginary) <= radius + 1e-12,
            ),
          );
        expect(inside(discs)).toBe(true);
        if (!inside(plain)) outside++;
      }
    }
    // Without δ nearly all would be missed, so the check has teeth.
    expect(outside).toBeGreaterThan(1000);
  });

  it('are found for matrices without a basis of eigenvectors', () => {
    const jordan = dense(4, 4, (i, j) => (i === j ? 0.5 : j === i + 1 ? 1 : 0));
    const discs = encloseEigenvalues(jordan, 0);
    const { lower, upper } = modulusBounds(discs ?? [{ real: 0, imaginary: 0, radius: 9 }], 0);
    expect(lower).toBeLessThanOrEqual(0.5);
    expect(upper).toBeGreaterThanOrEqual(0.5);
  });
});

describe('a rough subspace', () => {
  it('has the eigenvalues of the map within what the frame and the rest say', async () => {
    let missed = 0;
    let apart = 0;
    for (const seed of [0, 1, 2, 4, 5, 6]) {
      const { workspace, focus } = await openMaps(seed);
      const { space } = focus;
      const formed = await formDense(focus);
      const matrix = toMatrix(formed.matrix);
      const truth = eigenvalues(matrix).map((each) => Math.hypot(...each));
      const count = truth[0] - truth[1] > 1e-6 ? 1 : 2;
      const radius = truth[count - 1] - (truth[count - 1] - truth[count]) / 8;
      const random = randomStream(seed);
      // An orthonormal basis of the leading subspace in the coordinates √h z, then disturbed.
      const rough = (source: Dense) => {
        const basis = subspaceOutside(source, radius);
        expect(basis?.columns).toBe(count);
        return Array.from({ length: count }, (_, j) => {
          const vector = space.vector();
          const values = Float64Array.from({ length: formed.matrix.rows }, (_, i) => {
            const value = (basis?.values[i * count + j] ?? 0) + 1e-5 * (random.double() - 0.5);
            return value / Math.sqrt(space.hostMeasure[i]);
          });
          workspace.write(vector, values);
          space.settle(vector);
          return vector;
        });
      };
      const n = formed.matrix.rows;
      const turned = dense(n, n, (i, j) => formed.matrix.values[j * n + i]);
      const frame = await openFrame(focus, rough(formed.matrix), rough(turned));
      if (frame === null) throw new Error('the two sides belong together');
      const rest = await remainderBySquaring(focus, formed, frame, { target: radius });
      expect(rest.reached).toBe(true);
      const boundsFor = (delta: number) =>
        modulusBounds(encloseEigenvalues(frame.t, delta) ?? [], rest.radius);
      const { lower, upper } = boundsFor(distanceOf(frame, rest.resolvent));
      expect(lower).toBeLessThanOrEqual(truth[0]);
      expect(upper).toBeGreaterThanOrEqual(truth[0]);
      if (lower > 0) apart++;
      const blind = boundsFor(frame.shift);
      if (blind.lower > truth[0] || blind.upper < truth[0]) missed++;
      workspace.destroy();
    }
    expect(apart).toBeGreaterThan(3);
    // Without the rest the same intervals would be wrong.
    expect(missed).toBeGreaterThan(3);
  });

  it('bounds the largest eigenvalue of a self-adjoint map from both sides', async () => {
    let missed = 0;
    for (const seed of [0, 1, 2, 4, 5, 6]) {
      const { workspace, laplacian } = await openMaps(seed);
      const { space } = laplacian;
      const formed = await formDense(laplacian);
      const n = formed.matrix.rows;
      const symmetric = new EigenvalueDecomposition(toMatrix(formed.matrix), {
        assumeSymmetric: true,
      });
      const order = symmetric.realEigenvalues
        .map((_, i) => i)
        .sort((i, j) => symmetric.realEigenvalues[j] - symmetric.realEigenvalues[i]);
      const [first, second] = order.map((i) => symmetric.realEigenvalues[i]);
      const random = randomStream(seed);
      const size = 1e-2 * Math.sqrt(first - second);
      const vector = space.vector();
      workspace.write(
        vector,
        Float64Array.from({ length: n }, (_, i) => {
          const value = symmetric.eigenvectorMatrix.get(i, order[0]);
          return (value + size * (random.double() - 0.5)) / Math.sqrt(space.hostMeasure[i]);
        }),
      );
      space.settle(vector);
      const [length] = await space.norms(vector);
      space.add(vector, [], [], 1 / length);
      const rayleigh = await measureRayleigh(laplacian, [vector]);
      if (rayleigh === null) throw new Error('one unit vector is orthonormal');
      // What is orthogonal to a rough vector may reach a little above the second eigenvalue.
      const rest = second + n * size * size * (first - second);
      expect(rayleigh.lower).toBeLessThanOrEqual(first);
      expect(largestAtMost(rayleigh, rest)).toBeGreaterThanOrEqual(first);
      if (rayleigh.upper < first) missed++;
      workspace.destroy();
    }
    expect(missed).toBeGreaterThan(3);
  });
});
