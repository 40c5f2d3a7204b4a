// The verbs of backend.ts as commands for the kernels, in double or single precision.

import { invariant } from '../../base/errors.js';
import type { Coefficient, Direction, Product, Reduction, Term, Vector } from '../backend.js';
import type { Control, CpuScalars, CpuTerm, CpuVector, NumberFormat } from './control.js';
import * as layout from './layout.js';
import type { PlacedMatrices } from './matrices.js';
import { ROW_COST, type Shares } from './shares.js';

/** Numbers of an IEEE format. */
export type FloatNumbers = Float64Array | Float32Array;

export const DOUBLE: NumberFormat<FloatNumbers> = {
  code: layout.NUMBER_F64,
  bytes: 8,
  partialBytes: 8,
  view: (memory, address, length) => memory.f64(address, length),
};

export const SINGLE: NumberFormat<FloatNumbers> = {
  code: layout.NUMBER_F32,
  bytes: 4,
  partialBytes: 8,
  view: (memory, address, length) => memory.f32(address, length),
};

/** Writes one verb at a time into the control block and executes it. */
export class Command {
  readonly #control: Control<FloatNumbers>;
  readonly #doubles: Float64Array;
  readonly #cpu: (vector: Vector) => CpuVector;

  constructor(control: Control<FloatNumbers>, cpu: (vector: Vector) => CpuVector) {
    this.#control = control;
    this.#doubles = control.memory.f64(control.address, layout.CONTROL_BYTES / 8);
    this.#cpu = cpu;
  }

  product(
    { out, direction, x, xIn, factor, rowScale, diagonal, terms }: Product,
    { incoming, outgoing, unit }: PlacedMatrices,
    shares: Readonly<Record<Direction, Shares>>,
    arcs: number,
  ): void {
    invariant(out !== x && out !== xIn, 'the result of a product is not its operand');
    invariant(
      xIn === undefined || direction === 'both',
      'a second operand comes with both matrices',
    );
    invariant(direction === 'in' || outgoing !== null, 'A is placed before it multiplies');
    const chosen = [];
    if (direction !== 'out') chosen.push(incoming);
    if (direction !== 'in' && outgoing !== null) chosen.push(outgoing);
    const control = this.#control;
    const cpu = this.#cpu;
    control.begin(layout.OP_PRODUCT, cpu(out), arcs * chosen.length + ROW_COST * control.rows);
    control.set(layout.OUT, cpu(out).address);
    control.set(layout.X, cpu(x).address);
    control.set(layout.SECOND, cpu(xIn ?? x).address);
    this.#doubles[layout.FACTOR / 8] = factor;
    this.#doubles[layout.UNIT / 8] = unit;
    if (rowScale !== undefined) control.set(layout.ROW_SCALE, cpu(rowScale).address);
    if (diagonal !== undefined) control.set(layout.DIAGONAL, cpu(diagonal).address);
    control.matrices(chosen, shares[direction]);
    control.terms(terms.map(this.#term), 4);
    control.execute();
  }

  combine(out: Vector, terms: readonly Term[]): void {
    const control = this.#control;
    control.begin(layout.OP_COMBINE, this.#cpu(out), control.rows * terms.length);
    control.set(layout.OUT, this.#cpu(out).address);
    control.terms(terms.map(this.#term), layout.MOST_TERMS);
    control.execute();
  }

  scale(out: Vector, x: Vector, by: Vector, factor: number, plus?: Vector): void {
    const control = this.#control;
    const cpu = this.#cpu;
    control.begin(layout.OP_SCALE, cpu(out), control.rows * 2);
    control.set(layout.OUT, cpu(out).address);
    control.set(layout.X, cpu(x).address);
    control.set(layout.ROW_SCALE, cpu(by).address);
    if (plus !== undefined) control.set(layout.SECOND, cpu(plus).address);
    this.#doubles[layout.FACTOR / 8] = factor;
    control.execute();
  }

  reduce(reductions: readonly Reduction[]): readonly CpuScalars<Float64Array>[] {
    const control = this.#control;
    const cpu = this.#cpu;
    const own = reductions.map(({ kind, x, y, weight }) => ({
      kind,
      x: cpu(x),
      y: y === undefined ? null : cpu(y),
      weight: weight === undefined ? null : cpu(weight),
    }));
    invariant(
      own.every(({ x, y }) => y === null || y.columns === x.columns),
      'x and y of a reduction have as many columns',
    );
    const { address, chunks } = control.reduce(own);
    const count = own.length;
    const { columns } = own[0].x;
    const partials = control.memory.f64(address, chunks * count * columns);
    return own.map((_, r) => {
      const values = new Float64Array(columns);
      for (let chunk = 0; chunk < chunks; chunk++) {
        for (let b = 0; b < columns; b++) values[b] += partials[(chunk * count + r) * columns + b];
      }
      return { columns, values };
    });
  }

  readonly #term = ({ coefficient, vector }: Term): CpuTerm<FloatNumbers> => ({
    vector: this.#cpu(vector),
    shift: 0,
    fill: (target) => fillCoefficients(target, coefficient),
  });
}

function fillCoefficients(target: FloatNumbers, coefficient: Coefficient): void {
  if (typeof coefficient === 'number') target.fill(coefficient);
  else {
    target.fill(0);
    target.set(
      coefficient instanceof Float64Array
        ? coefficient
        : (coefficient as CpuScalars<Float64Array>).values,
    );
  }
}
