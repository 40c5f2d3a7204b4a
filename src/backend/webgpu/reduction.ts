// Encodes reductions: reduce.wgsl over chunks of 2,048 rows, then fold.wgsl until one sum is left,
// which lands in the ring of scalars. Reductions that share few vectors go into one dispatch. The
// depth of any sum is bounded by three such stages of depth 50 up to 8·10⁹ rows.

import { check } from '../../base/errors.js';
import type { Reduction } from '../backend.js';
import { bitsOf } from './format.js';
import { lanesFor, type Stage } from './product.js';
import { powerOfTwo } from './scaling.js';
import type { DeviceScalars } from './scalars.js';
import type { DeviceVector } from './vectors.js';

/** A Reduction of backend.ts with its vectors resolved. */
export interface OwnReduction {
  readonly kind: Reduction['kind'];
  readonly x: DeviceVector;
  readonly y: DeviceVector | null;
  readonly weight: DeviceVector | null;
}

/** Two buffers for the partial sums of alternate stages. */
export interface PartialBuffers {
  /** A buffer of at least so many totals. */
  take(which: 0 | 1, totals: number): GPUBuffer;
}

/** Reductions of one dispatch: equal columns, at most six distinct vectors. */
interface Batch {
  readonly columns: number;
  readonly reductions: OwnReduction[];
  readonly slots: DeviceVector[];
}

const SLOTS = 6;
const CHUNK = 2048;
const HEAD_WORDS = 8;
const BROADCAST = 256;
const KINDS = { sum: 0, absolute: 1, dot: 2, distance: 3 } as const;

/** Most reductions of one call. */
export const MOST_REDUCTIONS = 16;

/** Rows of the first stage's partial sums: the space that one column of one reduction needs. */
export function chunksOf(rows: number): number {
  return Math.ceil(rows / CHUNK);
}

/** Records reductions and returns their scalars in order. */
export function recordReductions(
  stage: Stage,
  reductions: readonly OwnReduction[],
  partials: PartialBuffers,
): readonly DeviceScalars[] {
  check(
    reductions.length <= MOST_REDUCTIONS,
    'usage',
    () => `${reductions.length} reductions in one call: expected at most ${MOST_REDUCTIONS}`,
  );
  const results = new Map<OwnReduction, DeviceScalars>();
  for (const batch of batches(reductions)) {
    const scalars = stage.ring.take(batch.reductions.length, batch.columns);
    recordBatch(stage, batch, stage.ring.placeOf(scalars[0]), partials);
    batch.reductions.forEach((reduction, k) => results.set(reduction, scalars[k]));
  }
  return reductions.map((reduction) => results.get(reduction) as DeviceScalars);
}

/** Packs reductions greedily, in order. */
function batches(reductions: readonly OwnReduction[]): readonly Batch[] {
  const list: Batch[] = [];
  for (const reduction of reductions) {
    const { kind, x, y, weight } = reduction;
    check(
      (kind === 'dot' || kind === 'distance') === (y !== null),
      'usage',
      () => `a reduction '${kind}' ${y === null ? 'needs' : 'has no'} second vector y`,
    );
    for (const other of [y, weight]) {
      check(
        other === null || other.columns === x.columns || other.columns === 1,
        'bad-parameter',
        () => `a reduction of ${x.columns} columns with ${other?.columns}: expected as many or 1`,
      );
    }
    const vectors = [...new Set([x, y, weight])].filter((vector) => vector !== null);
    let batch = list.at(-1);
    const extra = vectors.filter((vector) => !(batch?.slots.includes(vector) ?? false));
    if (
      batch === undefined ||
      batch.columns !== x.columns ||
      batch.slots.length + extra.length > SLOTS
    ) {
      batch = { columns: x.columns, reductions: [], slots: [] };
      list.push(batch);
    }
    batch.reductions.push(reduction);
    for (const vector of vectors) if (!batch.slots.includes(vector)) batch.slots.push(vector);
  }
  return list;
}

/**
 * All stages of a batch. The last one writes the ring, the others alternate between two buffers.
 */
function recordBatch(stage: Stage, batch: Batch, place: number, partials: PartialBuffers): void {
  const { rows, kernels, recorder, nothing } = stage;
  const { columns, reductions, slots } = batch;
  const count = reductions.length;
  const jobs = jobWords(batch);
  const { columnsLog2, tiles } = lanesFor(columns, kernels.lanes);
  let chunks = chunksOf(rows);
  const targetOf = (which: 0 | 1): GPUBuffer =>
    chunks === 1 ? recorder.coefficients : partials.take(which, count * chunks * columns);

  let target = targetOf(0);
  const vectors = Array.from({ length: SLOTS }, (_, k) => slots[k]?.buffer ?? nothing);
  recorder.reserve(1, 0);
  let groups = count * chunks * tiles;
  recorder.dispatch(kernels.reduce, [target, ...vectors], groups, (words) => {
    words.set([columns, columnsLog2, tiles, groups, rows, chunks, chunks === 1 ? place : 0, 0]);
    words.set(jobs, HEAD_WORDS);
    // Scaling waits for the last stage, where nothing is added any more.
    if (chunks > 1)
      for (let job = 0; job < count; job++) words[HEAD_WORDS + 4 * job + 3] = bitsOf(1);
  });
  for (let which: 0 | 1 = 1; chunks > 1; which = which === 0 ? 1 : 0) {
    const source = target;
    const sums = chunks;
    chunks = chunksOf(sums);
    target = targetOf(which);
    groups = count * chunks * tiles;
    recorder.reserve(1, 0);
    recorder.dispatch(kernels.fold, [target, source], groups, (words) => {
      const last = chunks === 1;
      words.set([
        columns,
        columnsLog2,
        tiles,
        groups,
        sums,
        chunks,
        last ? place : 0,
        last ? 1 : 0,
      ]);
      words.set(jobs, HEAD_WORDS);
    });
  }
}

/** The vec4s that tell reduce.wgsl what to load for each reduction. */
function jobWords({ columns, reductions, slots }: Batch): Uint32Array {
  const words = new Uint32Array(4 * reductions.length);
  const sourceOf = (vector: DeviceVector | null): number =>
    vector === null ? 0 : slots.indexOf(vector) + 1 + (vector.columns < columns ? BROADCAST : 0);
  reductions.forEach(({ kind, x, y, weight }, k) => {
    const shared = x.exponent + (weight?.exponent ?? 0);
    const exponent = kind === 'dot' ? shared + (y?.exponent ?? 0) : shared;
    const xy = sourceOf(x) + sourceOf(y) * 65_536;
    // x and y of a distance may be stored with different powers of two.
    const apart =
      kind === 'distance' ? Math.min(127, Math.max(-126, (y?.exponent ?? 0) - x.exponent)) : 0;
    words.set(
      [KINDS[kind] + 256 * (127 + apart), xy, sourceOf(weight), bitsOf(powerOfTwo(exponent))],
      4 * k,
    );
  });
  return words;
}
