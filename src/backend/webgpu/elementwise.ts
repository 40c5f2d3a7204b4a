// Encodes the verbs that work element by element: out = Σ coefficient · vector, six vectors besides
// out to a dispatch, and out = factor · by ⊙ x + plus. Powers of two of the vectors (scaling.ts) go
// into coefficients; the caller has put them into factors.

import { check } from '../../base/errors.js';
import type { Stage } from './product.js';
import { constantsOf, groupTerms, writeTerms, type OwnTerm, type TermGroup } from './terms.js';
import type { DeviceVector } from './vectors.js';

/** The arguments of a scaling with their vectors resolved. */
export interface OwnScale {
  readonly out: DeviceVector;
  readonly x: DeviceVector;
  readonly by: DeviceVector;
  readonly plus: DeviceVector | null;
  /** Words of both factors; null: the factor is one. */
  readonly factor: readonly [number, number] | null;
  readonly plusFactor: readonly [number, number];
}

const COMBINE_SLOTS = 6;
const COMBINE_WORDS = 4;
/** Elements of one lane of combine.wgsl and scale.wgsl. */
const LANE_ELEMENTS = 4;

/** Records out = Σ terms. */
export function recordCombination(
  stage: Stage,
  out: DeviceVector,
  terms: readonly OwnTerm[],
): void {
  const exponents = terms.map(({ vector }) => vector.exponent);
  const [first, ...rest] = groupTerms(out, terms, COMBINE_SLOTS);
  // The largest unit among the terms keeps the sum from overflowing, and from underflowing where
  // all are small.
  combine(stage, out, first, exponents.length === 0 ? 0 : Math.max(...exponents));
  for (const group of rest) recordAccumulation(stage, out, group);
}

/** Records out += Σ terms, for a group without terms on out itself. */
export function recordAccumulation(
  stage: Stage,
  out: DeviceVector,
  { terms, slots }: TermGroup,
): void {
  const itself = { coefficient: stage.kernels.format.one, shift: 0, vector: out };
  combine(stage, out, { terms: [itself, ...terms], slots }, out.exponent);
}

function combine(stage: Stage, out: DeviceVector, group: TermGroup, exponent: number): void {
  const { rows, recorder, kernels, nothing } = stage;
  const elements = rows * out.columns;
  const groups = Math.ceil(elements / (LANE_ELEMENTS * kernels.lanes));
  const slots = Array.from({ length: COMBINE_SLOTS }, (_, k) => group.slots[k]?.buffer ?? nothing);
  const buffers = [recorder.coefficients, out.buffer, ...slots];
  recorder.reserve(1, constantsOf(group.terms));
  recorder.dispatch(kernels.combine, buffers, groups, (words) => {
    words.set([out.columns, elements, groups, group.terms.length]);
    const exponents = group.terms.map(({ vector }) => vector.exponent - exponent);
    writeTerms(words.subarray(COMBINE_WORDS), out, group, exponents, stage);
  });
  out.exponent = exponent;
}

/** Records out = factor · by ⊙ x + plus. */
export function recordScale(stage: Stage, scale: OwnScale): void {
  const { out, x, by, factor, plus, plusFactor } = scale;
  const fitting = by.columns === 1 && x.columns === out.columns;
  check(
    fitting && (plus === null || plus.columns === out.columns),
    'bad-parameter',
    () =>
      `scale of ${x.columns} columns by ${by.columns} plus ${plus?.columns ?? 0} into ${out.columns}: ` +
      'expected B by 1 plus B into B',
  );
  const { rows, recorder, kernels, nothing } = stage;
  const elements = rows * out.columns;
  const groups = Math.ceil(elements / (LANE_ELEMENTS * kernels.lanes));
  const buffers = [x, by, plus].map((vector) =>
    vector === null || vector === out ? nothing : vector.buffer,
  );
  recorder.reserve(1, 0);
  recorder.dispatch(kernels.scale, [out.buffer, ...buffers], groups, (words) => {
    words.set([
      out.columns,
      elements,
      groups,
      (x === out ? 1 : 0) + (by === out ? 2 : 0) + (plus === out ? 4 : 0),
      ...(factor ?? [0, 0]),
      ...plusFactor,
      (plus === null ? 0 : 1) + (factor === null ? 0 : 2),
    ]);
  });
}
