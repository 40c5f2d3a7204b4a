// The reading reference-2026-07 in exact arithmetic (docs/exact-arithmetic.md, section 7): its
// springs are one Jacobi step, and the blend is divided by its sum. The map is no contraction, so the
// plain iteration is run and its residual reported.

import type { Vector } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import type { Parameters } from '../parameters.js';
import { unitOf, type ExactOperator } from './operator.js';
import { CERTAIN } from './series.js';
import type { ExactColumn, ExactSolveOptions } from './solve.js';
import { FULL, nearest, ONE, rationalOf, times, type Rational } from './units.js';
import { exponentsOf, sumAt } from './weights.js';

/** Steps without a new least residual after which rounding has stopped the iteration. */
const MOST_STALLED = 20;

/** Iterates φ ← Rφ in every column until the tolerance, the limit, or a stop by rounding. */
export async function solveExactReference(
  operator: ExactOperator,
  parameters: Parameters,
  phi: Vector,
  count: number | null,
  options: ExactSolveOptions,
): Promise<readonly ExactColumn[]> {
  const { workspace, columns } = operator;
  const image = workspace.vector(columns);
  const step = openStep(operator, parameters, options.tolerance);
  const tolerance = rationalOf(options.tolerance);
  const results: (ExactColumn | null)[] = Array.from({ length: columns }, () => null);
  const best: (bigint | null)[] = Array.from({ length: columns }, () => null);
  const stalled = new Uint8Array(columns);
  for (let applications = 1; ; applications++) {
    await eventTurn();
    options.signal?.throwIfAborted();
    await step(image, phi);
    const [residual, mass] = await workspace.numbers(
      workspace.reduce([
        { kind: 'distance', x: image, y: phi },
        { kind: 'sum', x: phi },
      ]),
    );
    options.onProgress?.(applications, Number(residual[0]) / Number(ONE));
    residual.forEach((error, b) => {
      if (results[b] !== null) return;
      const done = error * tolerance.denominator <= tolerance.numerator * ONE;
      const known = best[b];
      const fell = known === null || error < known;
      if (fell) best[b] = error;
      stalled[b] = fell ? 0 : stalled[b] + 1;
      const stop =
        count === null
          ? done || applications >= options.mostIterations || stalled[b] === MOST_STALLED
          : applications > count;
      if (!stop) return;
      const reached = count ?? applications;
      results[b] = {
        applications: reached,
        residual: error,
        error,
        mass: mass[b],
        done,
        degree: 0,
      };
    });
    if (results.every((result) => result !== null)) break;
    const moving = BigInt64Array.from(results, (result) => (result === null ? 1n : 0n));
    workspace.combine(phi, [
      { coefficient: moving, shift: 0, vector: image },
      { coefficient: moving.map((on) => 1n - on), shift: 0, vector: phi },
    ]);
  }
  workspace.release(image);
  return results as ExactColumn[];
}

/** R of the reading: out = Rφ. */
function openStep(
  operator: ExactOperator,
  parameters: Parameters,
  tolerance: number,
): (out: Vector, phi: Vector) => Promise<void> {
  const { workspace, weights, constants, series, columns, constantVector } = operator;
  const { rows } = weights.axons;
  const springs = constants.lambda[1];
  const unit = times(rationalOf(parameters.mu), unitOf(weights, parameters.unit ?? 1));
  const exponents = exponentsOf(weights.degree, weights.values === null);
  const jacobi = operator.column(
    BigInt64Array.from(exponents, (e, i) => {
      const { numerator, denominator } = screened(unit, sumAt(weights.degree, i));
      return ((FULL << BigInt(e)) * denominator) / numerator;
    }),
  );
  const source = operator.column(
    BigInt64Array.from({ length: rows }, (_, i) => {
      const below = screened(unit, sumAt(weights.degree, i));
      return (
        (ONE * springs.numerator * unit.numerator * below.denominator) /
        (springs.denominator * unit.denominator * BigInt(rows) * below.numerator)
      );
    }),
  );
  const share = nearest(FULL * springs.numerator, springs.denominator);
  const goal = rationalOf(tolerance);
  const bound = (CERTAIN * goal.numerator) / (5n * goal.denominator);
  const degree = series === null ? 0 : series.degreeFor(2n, bound, 0);
  const step = workspace.vector(columns);
  return async (out, phi) => {
    operator.apply(out, phi, degree, constantVector);
    workspace.product({
      out: step,
      table: 'spread',
      x: phi,
      factor: share,
      rowScale: jacobi,
      terms: [
        { coefficient: 1n, shift: 0, vector: source },
        { coefficient: 1n, shift: 0, vector: out },
      ],
    });
    const [sums] = await workspace.numbers(workspace.reduce([{ kind: 'sum', x: step }]));
    const inverse = BigInt64Array.from(sums, (sum) => {
      if (2n * sum <= ONE) {
        throw new FocusError('failure', 'reference-2026-07: a blend lost half of its mass');
      }
      return (1n << 122n) / sum;
    });
    workspace.combine(out, [{ coefficient: inverse, shift: 61, vector: step }]);
  };
}

/** U + d. */
function screened({ numerator, denominator }: Rational, degree: bigint): Rational {
  return { numerator: numerator + degree * denominator, denominator };
}
