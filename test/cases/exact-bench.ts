// What the shared cases of exact arithmetic work with: vectors with known integers, coefficients of
// every kind, and comparison for equality of bits.

import { expect } from 'vitest';
import type { Vector } from '../../src/backend/backend.js';
import type {
  ExactBackend,
  ExactCoefficient,
  ExactMatrices,
  ExactTerm,
  ExactWorkspace,
} from '../../src/backend/exact.js';
import { randomIntegers } from './exact-graphs.js';
import { naiveExactReduction, type IntegerBlock, type NaiveExactTerm } from './exact-naive.js';

/** Declares one case. */
export type ExactTest = (title: string, body: (bench: ExactBench) => Promise<void>) => void;

/** A vector on the backend beside the integers it should hold. */
export interface ExactTwin extends IntegerBlock {
  readonly vector: Vector;
}

/** A term as the backend takes it and as the naive verbs do. */
export interface TermTwin {
  readonly given: ExactTerm;
  readonly naive: NaiveExactTerm;
}

/** Shifts at the borders of words, and between them. */
const SHIFTS = [62, 0, 1, 24, 31, 32, 33, 40, 61] as const;
/** Elements that terms multiply: with |coefficient| ≤ 2^shift a term then stays below 2^57. */
export const TERM_BITS = 57;
const SCALAR_BITS = 20;

/** Opens workspaces, makes vectors with known integers, and compares. */
export class ExactBench {
  #seed = 100;

  constructor(readonly backend: ExactBackend) {}

  /** Runs `body` on a workspace of the graph and destroys it. */
  async on(
    matrices: ExactMatrices,
    body: (workspace: ExactWorkspace) => Promise<void>,
  ): Promise<void> {
    const workspace = await this.backend.open(matrices);
    try {
      await body(workspace);
    } finally {
      workspace.destroy();
    }
  }

  /** A vector of integers below 2^bits in magnitude, or of the given ones. */
  twin(
    workspace: ExactWorkspace,
    columns: number,
    bits: number,
    values: BigInt64Array = randomIntegers(workspace.rows * columns, this.#seed++, bits),
  ): ExactTwin {
    const vector = workspace.vector(columns);
    workspace.write(vector, values);
    return { vector, columns, values };
  }

  /**
   * Terms over the given vectors: coefficients for the block, of a reduction and for each column,
   * in turn, with shifts in turn; none is larger than 2^shift.
   */
  terms(workspace: ExactWorkspace, columns: number, vectors: readonly ExactTwin[]): TermTwin[] {
    return vectors.map((twin, t) => {
      const { given, naive, shift } = this.#coefficient(workspace, columns, t);
      return {
        given: { coefficient: given, shift, vector: twin.vector },
        naive: { coefficient: naive, shift, vector: twin },
      };
    });
  }

  async same(
    workspace: ExactWorkspace,
    vector: Vector,
    expected: BigInt64Array,
    what: string,
  ): Promise<void> {
    const found = await workspace.read(vector);
    expect(found.length, `${what}: length`).toBe(expected.length);
    const at = found.findIndex((value, k) => value !== expected[k]);
    if (at >= 0) expect(`element ${at}: ${found[at]}`, what).toBe(`element ${at}: ${expected[at]}`);
  }

  #coefficient(
    workspace: ExactWorkspace,
    columns: number,
    t: number,
  ): {
    readonly given: ExactCoefficient;
    readonly naive: bigint | readonly bigint[];
    readonly shift: number;
  } {
    if (t % 3 === 1) {
      const summed = this.twin(workspace, columns, SCALAR_BITS);
      const kind = t % 2 === 0 ? 'sum' : 'absolute';
      const [given] = workspace.reduce([{ kind, x: summed.vector }]);
      workspace.release(summed.vector);
      // Up to 2^20 rows of 20 bits.
      return { given, naive: naiveExactReduction(kind, summed, null, null), shift: 40 };
    }
    const shift = SHIFTS[t % SHIFTS.length];
    const whole = (value: bigint): bigint => (shift === 0 ? (value & 1n) * 2n - 1n : value);
    const perColumn = randomIntegers(columns, this.#seed++, Math.max(1, shift)).map(whole);
    if (t % 3 === 2) return { given: perColumn, naive: [...perColumn], shift };
    return { given: perColumn[0], naive: perColumn[0], shift };
  }
}
