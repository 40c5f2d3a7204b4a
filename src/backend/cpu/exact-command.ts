// The verbs of exact.ts as commands for the kernels.

import { invariant } from '../../base/errors.js';
import type { Vector } from '../backend.js';
import { FRACTION_BITS, type ExactProduct, type ExactReduction, type ExactTerm } from '../exact.js';
import type { Control, CpuScalars, CpuTerm, CpuVector, NumberFormat } from './control.js';
import { checkExactAmend } from '../exact-entries.js';
import type { CpuExactEntries } from './exact-amend.js';
import type { PlacedTable } from './exact-matrices.js';
import * as layout from './layout.js';
import { ROW_COST, type Shares } from './shares.js';

const FULL = 1n << BigInt(FRACTION_BITS);

export const EXACT: NumberFormat<BigInt64Array> = {
  code: layout.NUMBER_EXACT,
  bytes: 8,
  partialBytes: 16,
  view: (memory, address, length) => memory.i64(address, length),
};

/** Writes one verb at a time into the control block and executes it. */
export class ExactCommand {
  readonly #control: Control<BigInt64Array>;
  readonly #wide: BigInt64Array;
  readonly #cpu: (vector: Vector) => CpuVector;

  constructor(control: Control<BigInt64Array>, cpu: (vector: Vector) => CpuVector) {
    this.#control = control;
    this.#wide = control.memory.i64(control.address, layout.CONTROL_BYTES / 8);
    this.#cpu = cpu;
  }

  product(
    { out, x, factor, rowScale, halved, diagonal, terms }: ExactProduct,
    table: PlacedTable,
    shares: Shares,
  ): void {
    invariant(out !== x, 'the result of a product is not its operand');
    const control = this.#control;
    const cpu = this.#cpu;
    control.begin(layout.OP_PRODUCT, cpu(out), table.arcs + ROW_COST * control.rows);
    control.set(layout.OUT, cpu(out).address);
    control.set(layout.X, cpu(x).address);
    control.set(layout.WEIGHTS, table.weights);
    control.set(layout.HALVED, halved === true ? 1 : 0);
    this.#wide[layout.FACTOR / 8] = factor ?? FULL;
    if (rowScale !== undefined) control.set(layout.ROW_SCALE, cpu(rowScale).address);
    if (diagonal !== undefined) control.set(layout.DIAGONAL, cpu(diagonal).address);
    control.matrices([table], shares);
    control.terms(terms.map(this.#term), 4);
    control.execute();
  }

  combine(out: Vector, terms: readonly ExactTerm[]): void {
    const control = this.#control;
    control.begin(layout.OP_COMBINE, this.#cpu(out), 4 * control.rows * terms.length);
    control.set(layout.OUT, this.#cpu(out).address);
    control.terms(terms.map(this.#term), layout.MOST_TERMS);
    control.execute();
  }

  scale(out: Vector, x: Vector, by: Vector): void {
    const control = this.#control;
    const cpu = this.#cpu;
    control.begin(layout.OP_SCALE, cpu(out), control.rows * 4);
    control.set(layout.OUT, cpu(out).address);
    control.set(layout.X, cpu(x).address);
    control.set(layout.ROW_SCALE, cpu(by).address);
    control.execute();
  }

  amend(target: Vector, placed: CpuExactEntries, source: Vector, factor = FULL): void {
    checkExactAmend(placed.columns, target, source, factor);
    if (placed.count === 0) return;
    const control = this.#control;
    const { address, stride } = this.#cpu(target);
    control.begin(layout.OP_AMEND, this.#cpu(target), placed.work / stride);
    control.set(layout.OUT, address);
    control.set(layout.X, this.#cpu(source).address);
    this.#wide[layout.FACTOR / 8] = factor;
    control.set(layout.ENTRIES, placed.entries);
    control.set(layout.PARTS, placed.parts);
    control.set(layout.ENTRY_COUNT, placed.count);
    control.execute();
  }

  reduce(reductions: readonly ExactReduction[]): readonly CpuScalars<readonly bigint[]>[] {
    const control = this.#control;
    const cpu = this.#cpu;
    const own = reductions.map(({ kind, x, y, mask }) => ({
      kind,
      x: cpu(x),
      y: y === undefined ? null : cpu(y),
      weight: mask === undefined ? null : cpu(mask),
    }));
    const { address, chunks } = control.reduce(own);
    const { columns } = own[0].x;
    const count = own.length;
    const partials = control.memory.i64(address, 2 * chunks * count * columns);
    return own.map((_, r) => {
      const values = Array.from({ length: columns }, (__, b) => {
        let high = 0n;
        let low = 0n;
        for (let chunk = 0; chunk < chunks; chunk++) {
          const at = 2 * ((chunk * count + r) * columns + b);
          high += partials[at];
          low += partials[at + 1];
          // Stored as signed, meant as unsigned.
          if (partials[at + 1] < 0n) high++;
        }
        return (high << 64n) + low;
      });
      return { columns, values };
    });
  }

  readonly #term = ({ coefficient, shift, vector }: ExactTerm): CpuTerm<BigInt64Array> => ({
    vector: this.#cpu(vector),
    shift,
    fill: (target) => {
      if (typeof coefficient === 'bigint') {
        target.fill(coefficient);
        return;
      }
      const values =
        coefficient instanceof BigInt64Array
          ? coefficient
          : (coefficient as CpuScalars<readonly bigint[]>).values;
      target.fill(0n);
      for (let b = 0; b < values.length; b++) target[b] = values[b];
    },
  });
}
