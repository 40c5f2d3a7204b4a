// Turns terms (coefficient · vector) into what a kernel binds: a few vectors in slots, and per term
// a place in `coefficients`, a slot and what makes the coefficient a factor (format.ts). A vector
// that is also the result takes no slot, because WebGPU forbids binding a buffer for reading and
// writing at once; the kernel reads it from the result itself, element by element, before it
// writes.

import { check, invariant } from '../../base/errors.js';
import type { Scalars } from '../backend.js';
import type { HostCoefficient, NumberFormat } from './format.js';
import type { Recorder } from './recorder.js';
import { DeviceScalars, StoredScalars, type ScalarRing } from './scalars.js';
import type { DeviceVector } from './vectors.js';

/** A term whose vector is known to live on this device. */
export interface OwnTerm {
  readonly coefficient: HostCoefficient | Scalars;
  /** Bits to shift the product by, rounding; 0 in f32. */
  readonly shift: number;
  readonly vector: DeviceVector;
}

/** Terms that one dispatch takes, with the vectors to bind, in slot order. */
export interface TermGroup {
  readonly terms: readonly OwnTerm[];
  readonly slots: readonly DeviceVector[];
}

/** Where coefficients go, and in which format. */
interface CoefficientPlaces {
  readonly kernels: { readonly format: NumberFormat };
  readonly recorder: Recorder;
  readonly ring: ScalarRing;
}

const BROADCAST = 256;
const TERM_WORDS = 4;

/**
 * Splits terms into groups of at most `slots` distinct vectors besides `out`. All terms on `out`
 * itself are in the first group: they mean its value before the verb.
 */
export function groupTerms(
  out: DeviceVector,
  terms: readonly OwnTerm[],
  slots: number,
): TermGroup[] {
  const groups: { terms: OwnTerm[]; slots: DeviceVector[] }[] = [
    { terms: terms.filter((term) => term.vector === out), slots: [] },
  ];
  for (const term of terms) {
    const { vector } = term;
    check(
      vector.columns === out.columns || vector.columns === 1,
      'bad-parameter',
      () =>
        `a term of ${vector.columns} columns in a block of ${out.columns}: expected as many or 1`,
    );
    if (vector === out) continue;
    const home = groups.find((group) => group.slots.includes(vector));
    const last = groups[groups.length - 1];
    if (home !== undefined) home.terms.push(term);
    else if (last.slots.length < slots) {
      last.terms.push(term);
      last.slots.push(vector);
    } else groups.push({ terms: [term], slots: [vector] });
  }
  return groups;
}

/** Constants that terms place in the coefficient buffer, at most. */
export function constantsOf(terms: readonly OwnTerm[]): number {
  return terms.reduce((sum, { coefficient }) => {
    if (coefficient instanceof StoredScalars) return sum + coefficient.columns;
    return sum + (isArray(coefficient) ? coefficient.length : 1);
  }, 0);
}

/**
 * Writes the Term structs of a group into parameter words and its constants into the coefficient
 * buffer.
 */
export function writeTerms(
  words: Uint32Array,
  out: DeviceVector,
  { terms, slots }: TermGroup,
  exponents: readonly number[],
  places: CoefficientPlaces,
): void {
  terms.forEach(({ coefficient, shift, vector }, t) => {
    const { place, stride } = placeCoefficient(coefficient, out.columns, places);
    const slot = vector === out ? 0 : slots.indexOf(vector) + 1;
    const broadcast = vector.columns < out.columns ? BROADCAST : 0;
    const scale = places.kernels.format.scaleWord(exponents[t], shift);
    words.set([place, stride, slot + broadcast, scale], TERM_WORDS * t);
  });
}

function placeCoefficient(
  coefficient: HostCoefficient | Scalars,
  columns: number,
  { kernels, recorder, ring }: CoefficientPlaces,
) {
  if (typeof coefficient !== 'object')
    return { place: recorder.constant(kernels.format.wordsOf(coefficient)), stride: 0 };
  const given = isArray(coefficient) ? coefficient.length : coefficient.columns;
  check(
    given === columns,
    'bad-parameter',
    () =>
      `a coefficient of ${given} numbers on a block of ${columns} columns: expected one for each`,
  );
  if (isArray(coefficient))
    return { place: recorder.constant(kernels.format.wordsOf(coefficient)), stride: 1 };
  if (coefficient instanceof StoredScalars) {
    invariant(coefficient.live, 'scalars are not used after their release');
    const { scalarBytes } = kernels.format;
    const place = recorder.constant(new Uint32Array((scalarBytes / 4) * columns));
    // Recorded, so after the constants are uploaded and before the dispatch that reads them.
    const to = recorder.coefficients;
    recorder.copy(coefficient.buffer, 0, to, scalarBytes * place, scalarBytes * columns);
    return { place, stride: 1 };
  }
  check(
    coefficient instanceof DeviceScalars,
    'usage',
    () => 'scalars of another backend used as a coefficient',
  );
  return { place: ring.placeOf(coefficient), stride: 1 };
}

function isArray(
  coefficient: HostCoefficient | Scalars,
): coefficient is Float64Array | BigInt64Array {
  return coefficient instanceof Float64Array || coefficient instanceof BigInt64Array;
}
