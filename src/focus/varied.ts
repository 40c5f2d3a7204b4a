// Columns of one block on graphs that differ: each column has its own few changed axons over the
// graph that all share. The weights of the products stay shared; what a column has of its own is
// written after each product, at the particles its changes touch alone (Workspace.amend):
//   M_b φ = W_b (φ/d_b) = (W + ΔW_b)(σ_b ⊙ φ/d)      σ = d/d_b, 1 but at touched particles
//   D_b, the dangling particles and the prior u_b likewise
// A particle that a column loses stays zero in it; one that it gains has a spare row (adjacency.ts).
// Everything is O(changes) beside the products.

import type { Entries, Scalars, Vector } from '../backend/backend.js';
import { openTable, SCALARS, type TableWriter } from '../backend/entries.js';
import { cancellationOf, type ChangedParticle } from './local/changed-graph.js';
import type { OperatorParts } from './operator-parts.js';
import { compensatedSum } from './sums.js';

/** What bounds of a block need to know of its columns. */
export interface VariedMeasures {
  /** Σ h_b, per column. */
  readonly totals: Float64Array;
  /** Bounds of the norms of |Y_b| and |P_b|, entries by magnitude. */
  readonly stepNorms: Float64Array;
  readonly outNorms: Float64Array;
  /** Bounds of ‖u‖₁ as it is summed: what all share, and what is put right at touched particles. */
  readonly priorNorms: Float64Array;
  /** Additions that amending adds to any element, per column. */
  readonly depths: Float64Array;
  /** Σ h_b (φ/h_b)², per column. */
  squares(z: Vector): Promise<Float64Array>;
}

/** The hooks of an operator whose columns vary. */
export interface Varied {
  readonly measures: VariedMeasures;
  /** Scales x for a product; `leave` restores it. */
  enter(x: Vector): void;
  /**
   * Completes out = factorOut · A x + factorIn · Aᵀ xIn + share · u, with x as `enter` left it;
   * `own` is the coefficient of x among the terms of the product.
   */
  leave(out: Vector, after: Products): void;
  /** Completes joined = factor · z/out + ahead; without `ahead`, `leave` comes with no `enter`. */
  join(joined: Vector, z: Vector, factor: number, ahead: Vector | null): void;
  /** Completes Σ weight · z, as a factor on the prior that all columns share. */
  share(sum: Scalars, z: Vector, weight: 'fromDangling' | 'toPrior'): void;
  /** Zeroes what a vector holds for particles that a column has lost. */
  clear(vector: Vector): void;
  release(): void;
}

/** A product that was done, to be completed. */
export interface Products {
  /** Null: nothing was entered. */
  readonly x: Vector | null;
  readonly xIn: Vector;
  readonly factorOut: number;
  readonly factorIn: number;
  readonly own: number;
  readonly share: Scalars | null;
}

/** One changed particle of one column, and d/d_b there. */
interface Touched {
  readonly particle: ChangedParticle;
  readonly column: number;
  readonly sigma: number;
}

/**
 * Lays the changes of each column over an operator; particles from adjacency.particles on are spare
 * rows. O(changes).
 */
export function varied(
  parts: OperatorParts,
  columns: number,
  changes: readonly (readonly ChangedParticle[])[],
): Varied {
  const { workspace } = parts;
  const touched = touchedOf(parts, changes);
  const ratios = Float64Array.from({ length: columns }, (_, b) =>
    priorRatio(parts, changes[b] ?? []),
  );
  const saved = workspace.scalars(touched.length);
  const nothing = workspace.scalars(columns);
  const { save, restore, enter, nowhere, leave, join, lost } = placeTables(parts, touched);
  const shares = new Map<'fromDangling' | 'toPrior', Entries>();
  const sharesOf = (weight: 'fromDangling' | 'toPrior'): Entries => {
    const known = shares.get(weight);
    if (known !== undefined) return known;
    const teleport = weight === 'toPrior' ? parts.parameters.teleport : 0;
    const placed = placeShares(parts, touched, ratios, teleport);
    shares.set(weight, placed);
    return placed;
  };
  const all = [saved, nothing, save, restore, enter, nowhere, leave, join, lost];
  return {
    measures: {
      ...measuresOf(parts, ratios, changes),
      squares: async (z) => {
        workspace.amend(saved, save, [{ numbers: z, factor: 1 }]);
        workspace.amend(z, nowhere, []);
        const weight = parts.vectors.measure;
        const untouched = workspace.reduce([{ kind: 'dot', x: z, y: z, weight }]);
        workspace.amend(z, restore, [{ numbers: saved, factor: 1 }]);
        const [squares, values] = await workspace.numbers([...untouched, saved]);
        return addSquares(parts, squares, touched, values);
      },
    },
    enter: (x) => {
      workspace.amend(saved, save, [{ numbers: x, factor: 1 }]);
      workspace.amend(x, enter, []);
    },
    leave: (out, { x, xIn, factorOut, factorIn, own, share }) => {
      workspace.amend(out, leave, [
        { numbers: x ?? xIn, factor: factorOut },
        { numbers: xIn, factor: factorIn },
        { numbers: share ?? nothing, factor: 1 },
        { numbers: saved, factor: own },
      ]);
      if (x !== null) workspace.amend(x, restore, [{ numbers: saved, factor: 1 }]);
    },
    join: (joined, z, factor, ahead) =>
      workspace.amend(joined, join, [
        { numbers: z, factor },
        { numbers: ahead ?? z, factor: ahead === null ? 0 : 1 },
      ]),
    share: (sum, z, weight) => workspace.amend(sum, sharesOf(weight), [{ numbers: z, factor: 1 }]),
    clear: (vector) => workspace.amend(vector, lost, []),
    release: () => [...all, ...shares.values()].forEach((own) => workspace.release(own)),
  };
}

/** Changed particles by column and row, with the operator's numbers for them. */
function touchedOf(
  { vectors, host: { measure: h }, scale }: OperatorParts,
  changes: readonly (readonly ChangedParticle[])[],
): readonly Touched[] {
  const touched: Touched[] = [];
  changes.forEach((list, column) => {
    for (const particle of [...list].sort((a, b) => a.index - b.index)) {
      const { degree, outStake, index } = particle;
      const whole = vectors.perOut === null ? outStake : degree;
      touched.push({ particle, column, sigma: whole > 0 ? (h[index] * scale) / whole : 0 });
    }
  });
  return touched;
}

/** What is done at touched particles around a product: Varied's hooks as entries. */
interface Tables {
  /** saved[e] = x there, and back. */
  readonly save: Entries;
  readonly restore: Entries;
  readonly enter: Entries;
  readonly nowhere: Entries;
  readonly leave: Entries;
  readonly join: Entries;
  readonly lost: Entries;
}

function placeTables(parts: OperatorParts, touched: readonly Touched[]): Tables {
  const { workspace, scale } = parts;
  const h = parts.host.measure;
  const count = touched.length;
  const away = touched.reduce(
    (sum, { particle }) => sum + particle.leaving.length + particle.arriving.length,
    0,
  );
  const table = {
    save: openTable(count, count),
    restore: openTable(count, count),
    enter: openTable(count, 0),
    nowhere: openTable(count, 0),
    leave: openTable(count, away + 2 * count),
    join: openTable(count, 2 * count),
  };
  const gone = touched.filter(({ particle }) => particle.degree === 0);
  const lost = openTable(gone.length, 0);
  for (const { particle, column } of gone) lost.entry(particle.index, column, 0);
  touched.forEach((each, e) => {
    const { column, sigma } = each;
    const { index, outStake } = each.particle;
    table.save.entry(SCALARS, e, 0);
    table.save.part(0, index, column, 1);
    table.restore.entry(index, column, 0);
    table.restore.part(0, SCALARS, e, 1);
    table.enter.entry(index, column, sigma);
    table.nowhere.entry(index, column, 0);
    writeLeaving(table.leave, parts, each, e);
    table.join.entry(index, column, 0);
    table.join.part(0, index, column, outStake > 0 ? (h[index] * scale) / outStake : 0);
    table.join.part(1, index, column, sigma);
  });
  const place = (writer: TableWriter): Entries => workspace.place(writer.end());
  return {
    save: place(table.save),
    restore: place(table.restore),
    enter: place(table.enter),
    nowhere: place(table.nowhere),
    leave: place(table.leave),
    join: place(table.join),
    lost: place(lost),
  };
}

/** out at one touched particle: the arcs that differ, its own term, and its own prior. */
function writeLeaving(
  table: TableWriter,
  parts: OperatorParts,
  { particle, column, sigma }: Touched,
  e: number,
): void {
  const { index, degree, leaving, arriving } = particle;
  // It is no longer there: no rounding may bring it back.
  table.entry(index, column, degree === 0 ? 0 : 1);
  if (degree === 0) return;
  const { measure: h, prior } = parts.host;
  for (const { end, weight } of leaving) table.part(0, end, column, weight / h[index]);
  for (const { end, weight } of arriving) table.part(1, end, column, weight / h[index]);
  // In terms of the shared prior, which `share` has been scaled for.
  table.part(2, SCALARS, column, ownPrior(parts, degree) / h[index] - prior[index]);
  table.part(3, SCALARS, e, 1 - sigma);
}

/** u of a particle of a column, in terms of the shared prior. */
function ownPrior({ adjacency, parameters }: OperatorParts, degree: number): number {
  if (parameters.prior === 'degree') return degree / adjacency.totalDegree;
  return degree > 0 ? 1 / adjacency.particles : 0;
}

/** What makes the shared prior a column's own: Σd/Σd_b, or n/n_b. */
function priorRatio(parts: OperatorParts, changes: readonly ChangedParticle[]): number {
  const { degree, totalDegree, particles } = parts.adjacency;
  if (parts.parameters.prior === 'degree') return totalDegree / totalAfter(parts, changes);
  const gained = changes.reduce(
    (sum, each) => sum + Number(each.degree > 0) - Number(degree[each.index] > 0),
    0,
  );
  return particles / (particles + gained);
}

/** Σ d_b, where nearly all of Σ d may go. */
function totalAfter(
  { adjacency: { degree, totalDegree }, totalRest }: OperatorParts,
  changes: readonly ChangedParticle[],
): number {
  return compensatedSum(2 * changes.length + 2, (k) => {
    if (k < 2) return k === 0 ? totalDegree : totalRest;
    const each = changes[(k >> 1) - 1];
    return k % 2 === 0 ? each.degree : -degree[each.index];
  });
}

/** Σ weight · z of each column: the weights of touched particles, and the prior's ratio. */
function placeShares(
  { workspace, parameters, host }: OperatorParts,
  touched: readonly Touched[],
  ratios: Float64Array,
  teleport: number,
): Entries {
  const { lambda } = parameters;
  const { measure: h, fromDangling, toPrior } = host;
  const shared = teleport > 0 ? toPrior : fromDangling;
  const weightOf = ({ index, degree, outStake }: ChangedParticle): number => {
    if (degree === 0) return 0;
    const dangling = outStake > 0 ? 0 : 1 - parameters.teleport;
    return lambda[0] * (teleport + dangling) * h[index];
  };
  const table = openTable(ratios.length, touched.length);
  let next = 0;
  ratios.forEach((ratio, column) => {
    table.entry(SCALARS, column, ratio);
    for (; next < touched.length && touched[next].column === column; next++) {
      const { particle } = touched[next];
      const weight = (weightOf(particle) - shared[particle.index]) * ratio;
      if (weight !== 0) table.part(0, particle.index, column, weight);
    }
  });
  return workspace.place(table.end());
}

/** The parts of VariedMeasures that do not depend on a vector. */
function measuresOf(
  parts: OperatorParts,
  ratios: Float64Array,
  changes: readonly (readonly ChangedParticle[])[],
): Omit<VariedMeasures, 'squares'> {
  const { scale, host } = parts;
  const { totalDegree } = parts.adjacency;
  const totals = ratios.map(() => totalDegree / scale);
  const [stepNorms, outNorms, priorNorms, depths] = [1, 1, 1, 0].map((value) =>
    ratios.map(() => value),
  );
  changes.forEach((list, b) => {
    totals[b] = totalAfter(parts, list) / scale;
    for (const each of list) {
      const { index, leaving: away, arriving } = each;
      depths[b] = Math.max(depths[b], away.length + arriving.length + 8);
      const { step, out } = cancellationOf(parts.adjacency, each);
      stepNorms[b] = Math.max(stepNorms[b], step);
      outNorms[b] = Math.max(outNorms[b], out);
      const shared = host.prior[index] * host.measure[index];
      priorNorms[b] += ratios[b] * (2 * shared + ownPrior(parts, each.degree));
    }
  });
  return { totals, stepNorms, outNorms, priorNorms, depths };
}

/** Σ h_b (φ/h_b)² from that of the particles that are not touched. */
function addSquares(
  { host: { measure: h }, scale }: OperatorParts,
  untouched: Float64Array,
  touched: readonly Touched[],
  values: Float64Array,
): Float64Array {
  const squares = untouched.slice();
  touched.forEach(({ particle: { index, degree }, column }, e) => {
    if (degree > 0) squares[column] += (h[index] * values[e]) ** 2 * (scale / degree);
  });
  return squares;
}
