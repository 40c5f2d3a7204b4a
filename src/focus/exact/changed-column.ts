// What a column on a changed graph has of its own (docs/exact-arithmetic.md, section 11), as entries
// of amend over a base graph whose weights, exponents and reciprocals all columns share:
//   enter   x_p ← rnd(y_p, e_b − e), y_p = rnd(R_b φ_p, 62), at particles whose degree differs
//   leave   v_i ← v_i + rnd(Σ Δw · 2^(62 − e_b(p)) · y_p, 62), over the axons that differ at row i
// A particle whose exponent fell has no shared arcs: its x is zero and all its arcs are entries. One
// that is lost is zero; one that is gained has a spare row of the base and no shared arcs. Integers
// only, and a pure function of base and change. O(changes), and the arcs of what has fallen.

import type { ExactEntry, ExactPart } from '../../backend/exact.js';
import type { AxonChange } from '../../graph/change.js';
import type { Csr } from '../../graph/csr.js';
import { FULL, nearest, ONE } from './units.js';
import { ceilingLog2, integerWeight, sumAt, type IntegerWeights, type Sums } from './weights.js';

/** The base that columns share: `rows` particles, then spare rows, then the pool. */
export interface SharedBase {
  readonly particles: number;
  /** Weights of all rows; spare rows and the pool have no axons. */
  readonly weights: IntegerWeights;
  readonly exponents: Uint8Array;
  readonly outExponents: Uint8Array;
  readonly prior: 'degree' | 'uniform';
  /** ΣP: of degrees, or of ones. */
  readonly priorTotal: bigint;
  /** Axons out of each particle whose weight was rounded to an integer. */
  readonly roundedOut: Uint32Array;
  /** Whether the reading multiplies by W. */
  readonly hasSpread: boolean;
  /** Aᵀ with integer weights, made when it is first asked for. */
  readonly reverse: () => Csr;
  /** The row that stands for particles that became dangling: its own number is always zero. */
  readonly pool: number;
}

/** One particle whose axons differ. */
export interface TouchedParticle {
  readonly index: number;
  readonly degree: bigint;
  readonly out: bigint;
}

/** A column, ready to be placed. */
export interface ChangedColumn {
  /** Particles of the base and gained ones: n of section 11. */
  readonly counted: number;
  /** Gained particles, by row. */
  readonly gained: readonly number[];
  readonly lost: readonly number[];
  readonly touched: ReadonlyMap<number, TouchedParticle>;
  /** Rows that arcs of the column's own enter. */
  readonly ownRows: number;
  /** How many more axons out of a particle were rounded than in the base, where that differs. */
  readonly roundedMore: ReadonlyMap<number, number>;
  /** ρ: the shared prior times ρ/FULL is the column's, but at `prior`. */
  readonly priorRatio: bigint;
  readonly prior: readonly ExactEntry[];
  readonly spread: TableEntries;
  readonly transition: TableEntries;
}

/** The entries of one table, before and after a product. */
export interface TableEntries {
  readonly enter: readonly ExactEntry[];
  readonly leave: readonly ExactEntry[];
}

/** An axon's integer weight in the column, 0 where there is none; by the particle at one end. */
type Ends = Map<number, { readonly before: bigint; readonly after: bigint }>;

interface Touch {
  readonly leaving: Ends;
  readonly arriving: Ends;
}

const LARGEST_DEGREE = FULL;
const LARGEST_RATIO = 1n << 63n;

/**
 * Lays a change over the base, for one column of a block. Null where it does not fit: a degree above
 * 2⁶², or a prior that more than doubles what particles that are not touched have.
 */
export function changedColumn(
  base: SharedBase,
  changes: readonly AxonChange[],
  column: number,
): ChangedColumn | null {
  const { weights, prior } = base;
  const found = touchesOf(base, changes);
  if (found === null) return null;
  const { touches, roundedMore } = found;
  const touched = new Map<number, TouchedParticle>();
  for (const [index, { leaving, arriving }] of touches) {
    const out = sumAt(weights.outStake, index) + gainOf(leaving);
    const degree = sumAt(weights.degree, index) + gainOf(leaving) + gainOf(arriving);
    if (degree > LARGEST_DEGREE) return null;
    touched.set(index, { index, degree, out });
  }
  const present = (index: number): boolean => sumAt(weights.degree, index) > 0n;
  const all = [...touched.values()];
  const gained = all.filter(({ index, degree }) => !present(index) && degree > 0n);
  const lost = all.filter(({ index, degree }) => present(index) && degree === 0n);
  const total = priorTotalAfter(base, all, gained.length - lost.length);
  if (total <= 0n) return null;
  const priorRatio = nearest(FULL * base.priorTotal, total);
  if (priorRatio >= LARGEST_RATIO) return null;
  const priorOf = ({ degree }: TouchedParticle): bigint => {
    const weight = prior === 'degree' ? degree : degree > 0n ? 1n : 0n;
    return (weight * ONE) / total;
  };
  const none: TableEntries = { enter: [], leave: [] };
  const table = (kind: 'spread' | 'transition'): TableEntries =>
    entriesOf(base, kind, touches, touched, lost, column);
  const transition = table('transition');
  const spread = base.hasSpread ? table('spread') : none;
  const rows = [...spread.leave, ...transition.leave].filter(({ keep }) => keep);
  return {
    counted: base.particles + gained.length,
    gained: gained.map(({ index }) => index),
    lost: lost.map(({ index }) => index),
    touched,
    ownRows: new Set(rows.map(({ row }) => row)).size,
    roundedMore,
    priorRatio,
    prior: all.map((own) => fixed(own.index, column, priorOf(own))),
    spread,
    transition,
  };
}

/** Integer weights of changed axons by the particles at their ends; null where one is too large. */
function touchesOf(
  { weights }: SharedBase,
  changes: readonly AxonChange[],
): {
  readonly touches: ReadonlyMap<number, Touch>;
  readonly roundedMore: ReadonlyMap<number, number>;
} | null {
  const touches = new Map<number, Touch>();
  const touch = (index: number): Touch => {
    let found = touches.get(index);
    if (found === undefined) {
      found = { leaving: new Map(), arriving: new Map() };
      touches.set(index, found);
    }
    return found;
  };
  const roundedMore = new Map<number, number>();
  for (const change of changes) {
    const after = integerWeight(change.after, weights.exponent);
    if (after.whole > Number(LARGEST_DEGREE)) return null;
    const before = integerWeight(change.before, weights.exponent);
    const more = Number(after.rounded) - Number(before.rounded);
    if (more !== 0) roundedMore.set(change.from, (roundedMore.get(change.from) ?? 0) + more);
    const own = { before: BigInt(before.whole), after: BigInt(after.whole) };
    if (own.before === own.after) continue;
    touch(change.from).leaving.set(change.to, own);
    touch(change.to).arriving.set(change.from, own);
  }
  return { touches, roundedMore };
}

function gainOf(ends: Ends): bigint {
  let sum = 0n;
  for (const { before, after } of ends.values()) sum += after - before;
  return sum;
}

function priorTotalAfter(
  { weights, prior, priorTotal }: SharedBase,
  touched: readonly TouchedParticle[],
  more: number,
): bigint {
  if (prior === 'uniform') return priorTotal + BigInt(more);
  return touched.reduce(
    (sum, { index, degree }) => sum + degree - sumAt(weights.degree, index),
    priorTotal,
  );
}

/** A number that is written whatever was there. */
function fixed(row: number, column: number, plus: bigint): ExactEntry {
  return { row, column, keep: false, plus, parts: [] };
}

function entriesOf(
  base: SharedBase,
  kind: 'spread' | 'transition',
  touches: ReadonlyMap<number, Touch>,
  touched: ReadonlyMap<number, TouchedParticle>,
  lost: readonly TouchedParticle[],
  column: number,
): TableEntries {
  const { weights } = base;
  const isSpread = kind === 'spread';
  const sums: Sums = isSpread ? weights.degree : weights.outStake;
  const exponents = isSpread ? base.exponents : base.outExponents;
  const enter: ExactEntry[] = [];
  const parts = new Map<number, ExactPart[]>();
  const pooled: ExactPart[] = [];
  for (const [index, touch] of touches) {
    const { degree, out } = touched.get(index) as TouchedParticle;
    const before = sumAt(sums, index);
    const after = isSpread ? degree : out;
    if (degree === 0n) continue;
    if (after === 0n) {
      // Dangling in this column alone: its focus is counted in the pool.
      if (before > 0n) pooled.push({ row: index, reciprocal: FULL, weight: FULL });
      if (before > 0n) enter.push(fixed(index, column, 0n));
      continue;
    }
    const exponent = ceilingLog2(after);
    const reciprocal = (FULL << BigInt(exponent)) / after;
    const rise = exponent - exponents[index];
    const shares = before > 0n && rise >= 0;
    if (shares && after !== before) {
      const weight = FULL >> BigInt(rise);
      const part = { row: index, reciprocal, weight };
      enter.push({ ...fixed(index, column, 0n), parts: [part] });
    }
    if (!shares) enter.push(fixed(index, column, 0n));
    const visit = (end: number, weight: bigint): void => {
      if (weight === 0n) return;
      const part = { row: index, reciprocal, weight: weight << BigInt(62 - exponent) };
      const known = parts.get(end);
      if (known === undefined) parts.set(end, [part]);
      else known.push(part);
    };
    // What is not shared is all its own: without axons before, that is what differs.
    if (shares || before === 0n) {
      touch.leaving.forEach((own, end) => visit(end, own.after - own.before));
      if (isSpread) touch.arriving.forEach((own, end) => visit(end, own.after - own.before));
    } else {
      visitAll(weights.axons, weights.values, index, touch.leaving, visit);
      if (isSpread) {
        const reverse = base.reverse();
        visitAll(reverse, reverse.weights, index, touch.arriving, visit);
      }
    }
  }
  if (pooled.length > 0) enter.push({ ...fixed(base.pool, column, 0n), parts: pooled });
  for (const { index } of lost) parts.delete(index);
  const leave = [...parts].map(([row, list]): ExactEntry => ({
    ...fixed(row, column, 0n),
    keep: true,
    parts: list,
  }));
  for (const { index } of lost) leave.push(fixed(index, column, 0n));
  return { enter, leave };
}

/** Every axon of a row as the column has it. */
function visitAll(
  { offsets, columns }: Csr,
  values: Float64Array | null,
  row: number,
  changed: Ends,
  visit: (end: number, weight: bigint) => void,
): void {
  for (let k = offsets[row]; k < offsets[row + 1]; k++) {
    if (changed.has(columns[k])) continue;
    visit(columns[k], values === null ? 1n : BigInt(values[k]));
  }
  changed.forEach(({ after }, end) => visit(end, after));
}
