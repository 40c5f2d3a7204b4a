// The map of docs/exact-arithmetic.md, section 11: columns of one block on graphs that differ from a
// base by a few axons each. All share the base's arc weights; what a column has of its own is written
// by amend before and after each product, so a product costs O(changes) more. Between levels of the
// series vectors hold focus, not focus divided by degree, so that only products know of degrees:
//   M_b m = rnd(W x, 62) + the column's own arcs,  x = rnd(R_b m, 62) in the base's exponents

import type { Entries, Vector } from '../../backend/backend.js';
import {
  FRACTION_BITS,
  type ExactBackend,
  type ExactEntry,
  type ExactTerm,
  type ExactWorkspace,
} from '../../backend/exact.js';
import { check, invariant } from '../../base/errors.js';
import type { AxonChange } from '../../graph/change.js';
import { transpose, type Csr } from '../../graph/csr.js';
import type { WeightedGraph } from '../../graph/graph.js';
import type { Parameters } from '../parameters.js';
import { changedColumn, type ChangedColumn, type SharedBase } from './changed-column.js';
import {
  distributionOf,
  injectionOf,
  sharesOf,
  type ExactConstants,
  type ExactMap,
} from './operator.js';
import { diffusionFactor, expandSeries, type Series } from './series.js';
import { FULL, ONE, rationalOf, type Rational } from './units.js';
import { variedApplicationError } from './varied-certificate.js';
import {
  exponentsOf,
  integerWeights,
  reciprocalsOf,
  roundedOut,
  SHARED_QUANTUM,
  totalOf,
  type IntegerWeights,
} from './weights.js';

/** A base graph on a machine, for blocks of any width. */
export interface VariedBase {
  readonly workspace: ExactWorkspace;
  readonly shared: SharedBase;
  readonly constants: ExactConstants;
  readonly series: Series | null;
  /** One-column vectors: R, R' (FULL where dangling), the dangling rows, u. */
  readonly perDegree: Vector | null;
  readonly perOut: Vector;
  readonly dangling: Vector;
  readonly prior: Vector;
  destroy(): void;
}

/** The map of a block whose columns vary. */
export interface VariedOperator extends ExactMap {
  /**
   * Lays a change over each column; until then all columns are the base. Returns what each column
   * has of its own, null where it does not fit: such a column stands on the base.
   */
  vary(changes: readonly (readonly AxonChange[])[]): readonly (ChangedColumn | null)[];
  release(): void;
}

/**
 * Places a graph with `spare` rows for particles that changes add. Throws `bad-parameter` for a
 * reading without the random-walk Laplacian and for a prior given as numbers.
 */
export async function openVariedBase(
  graph: WeightedGraph,
  parameters: Parameters,
  spare: number,
  backend: ExactBackend,
): Promise<VariedBase> {
  const { prior } = parameters;
  check(
    parameters.unit === null,
    'bad-parameter',
    () =>
      `columns that differ: expected the reading focus-1 or pagerank, found ${parameters.reading}`,
    'solve each changed graph by itself',
  );
  check(
    prior === 'degree' || prior === 'uniform',
    'bad-parameter',
    () => 'columns that differ: expected the prior degree or uniform, found numbers by particle',
    'solve each changed graph by itself',
  );
  const injection = injectionOf(parameters);
  const [diffusion, springs, heat] = sharesOf(parameters);
  const teleport = rationalOf(parameters.teleport);
  const one: Rational = { numerator: 1n, denominator: 1n };
  const [mu, tau] = [parameters.mu, parameters.tau].map(rationalOf);
  const hasSpread = springs.numerator + heat.numerator > 0n;
  const series = hasSpread ? expandSeries({ springs, mu, heat, tau, scale: one }) : null;
  const factor = diffusionFactor(diffusion, teleport);
  const constants: ExactConstants = {
    lambda: [diffusion, springs, heat],
    teleport,
    injection,
    diffusion: factor,
    constant: FULL - factor - (series?.total ?? 0n),
  };
  const particles = graph.particles;
  const weights = integerWeights(withRows(graph.axons, particles + spare + 1), SHARED_QUANTUM);
  const exponents = exponentsOf(weights.degree, false);
  const outExponents = exponentsOf(weights.outStake, false);
  const { rows, offsets, columns } = weights.axons;
  const workspace = await backend.open({
    rows,
    offsets,
    columns,
    weights: weights.values,
    spread: hasSpread ? { by: 'source', exponents } : null,
    transitionExponents: outExponents,
  });
  let reverse: Csr | null = null;
  const shared: SharedBase = {
    particles,
    weights,
    exponents,
    outExponents,
    prior,
    roundedOut: roundedOut(weights),
    priorTotal: prior === 'degree' ? totalOf(weights.degree) : BigInt(particles),
    hasSpread,
    reverse: () => (reverse ??= transpose({ ...weights.axons, weights: valuesOf(weights) })),
    pool: rows - 1,
  };
  const column = (values: BigInt64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(vector, values);
    return vector;
  };
  const perOut = reciprocalsOf(weights.outStake, outExponents);
  const dangling = perOut.map((reciprocal) => (reciprocal === 0n ? FULL : 0n));
  return {
    workspace,
    shared,
    constants,
    series,
    perDegree: hasSpread ? column(reciprocalsOf(weights.degree, exponents)) : null,
    // No arc leads out of a dangling particle, so what it is scaled by matters to its share alone.
    perOut: column(perOut.map((reciprocal) => (reciprocal === 0n ? FULL : reciprocal))),
    dangling: column(dangling),
    prior: column(sharedPrior(shared)),
    destroy: () => workspace.destroy(),
  };
}

function valuesOf({ values }: IntegerWeights): Float64Array {
  invariant(values !== null, 'shared weights are kept, also where all are equal');
  return values;
}

/** The same arcs with empty rows up to `rows`. */
function withRows(axons: Csr, rows: number): Csr {
  const offsets = new Uint32Array(rows + 1).fill(axons.offsets[axons.rows]);
  offsets.set(axons.offsets);
  return { ...axons, rows, offsets };
}

/** u of the base, zero in rows beyond its particles. */
function sharedPrior({ prior, particles, weights }: SharedBase): BigInt64Array {
  if (prior === 'degree') return distributionOf('degree', weights);
  const units = new BigInt64Array(weights.axons.rows);
  const n = BigInt(particles);
  const [each, more] = [ONE / n, Number(ONE % n)];
  for (let i = 0; i < particles; i++) units[i] = each + (i < more ? 1n : 0n);
  return units;
}

/** Entries of all columns of a block, placed. */
interface PlacedEntries {
  readonly spread: { readonly enter: Entries; readonly leave: Entries };
  readonly transition: { readonly enter: Entries; readonly leave: Entries };
}

/** Prepares blocks of `columns` columns over a base: six blocks of its own. */
export function variedOperator(base: VariedBase, columns: number): VariedOperator {
  const { workspace, constants, series, perDegree } = base;
  const { diffusion, constant } = constants;
  const blocks = Array.from({ length: series === null ? 4 : 6 }, () => workspace.vector(columns));
  const [priorVector, constantVector, danglingShare, scaled, first = scaled, second = scaled] =
    blocks;
  let own: readonly (ChangedColumn | null)[] = [];
  let placed: PlacedEntries | null = null;
  let passes = 0;

  /** out = factor · M_b m + share · of. */
  const average = (out: Vector, m: Vector, factor: bigint, term: ExactTerm): void => {
    invariant(perDegree !== null && placed !== null, 'a series has a table, and columns vary');
    passes += 2;
    workspace.scale(scaled, m, perDegree);
    workspace.amend(scaled, placed.spread.enter, m);
    workspace.product({
      out,
      table: 'spread',
      x: scaled,
      terms: [term],
      ...(factor === FULL ? {} : { factor }),
    });
    workspace.amend(out, placed.spread.leave, m, factor);
  };

  const spectral = (out: Vector, phi: Vector, whole: Series, degree: number): void => {
    if (degree === 0) {
      workspace.combine(out, [{ coefficient: whole.total, shift: FRACTION_BITS, vector: phi }]);
      return;
    }
    const { own: shares, factor, halved } = whole.levels(degree);
    let m = phi;
    for (let k = degree - 1; k >= 0; k--) {
      const next = k === 0 ? out : m === first ? second : first;
      invariant(!halved[k] || factor[k] === FULL, 'a level is halved or has a factor');
      const by = halved[k] ? FULL / 2n : factor[k];
      average(next, m, by, { coefficient: shares[k], shift: FRACTION_BITS, vector: phi });
      m = next;
    }
  };

  const removeEntries = (): void => {
    if (placed === null) return;
    for (const { enter, leave } of [placed.spread, placed.transition]) {
      workspace.release(enter);
      workspace.release(leave);
    }
    placed = null;
  };

  const vary = (changes: readonly (readonly AxonChange[])[]): readonly (ChangedColumn | null)[] => {
    own = Array.from({ length: columns }, (_, b) =>
      changedColumn(base.shared, changes[b] ?? [], b),
    );
    removeEntries();
    const place = (entriesOf: (column: ChangedColumn) => readonly ExactEntry[]): Entries =>
      workspace.place(
        own.flatMap((column) => (column === null ? [] : entriesOf(column))),
        columns,
      );
    placed = {
      spread: { enter: place((c) => c.spread.enter), leave: place((c) => c.spread.leave) },
      transition: {
        enter: place((c) => c.transition.enter),
        leave: place((c) => c.transition.leave),
      },
    };
    const prior = place((c) => c.prior);
    const ratios = BigInt64Array.from(own, (column) => column?.priorRatio ?? FULL);
    const bits = FRACTION_BITS;
    workspace.combine(priorVector, [{ coefficient: ratios, shift: bits, vector: base.prior }]);
    workspace.amend(priorVector, prior, scaled);
    workspace.release(prior);
    workspace.combine(constantVector, [
      { coefficient: constant, shift: bits, vector: priorVector },
    ]);
    workspace.combine(danglingShare, [
      { coefficient: diffusion, shift: bits, vector: priorVector },
    ]);
    return own;
  };
  vary([]);

  return {
    workspace,
    constants,
    columns,
    series,
    priorVector,
    constantVector,
    passes: () => passes,
    particles: (b) => own[b]?.counted ?? base.shared.particles,
    applicationError: (degree, b) => variedApplicationError(base, own[b], degree),
    apply: (out, phi, degree, right, less) => {
      invariant(placed !== null, 'columns vary before they are applied');
      const terms: ExactTerm[] = [{ coefficient: 1n, shift: 0, vector: right }];
      if (less !== undefined) terms.push({ coefficient: -1n, shift: 0, vector: less });
      if (series !== null) {
        spectral(out, phi, series, degree);
        terms.push({ coefficient: 1n, shift: 0, vector: out });
      }
      workspace.scale(scaled, phi, base.perOut);
      workspace.amend(scaled, placed.transition.enter, phi);
      const [share] = workspace.reduce([{ kind: 'sum', x: scaled, mask: base.dangling }]);
      terms.push({ coefficient: share, shift: 61, vector: danglingShare });
      passes += 1;
      const product = { out, table: 'transition', x: scaled, factor: diffusion, terms } as const;
      workspace.product(product);
      workspace.amend(out, placed.transition.leave, phi, diffusion);
    },
    vary,
    release: () => {
      removeEntries();
      for (const block of blocks) workspace.release(block);
    },
  };
}
