// Differences of exact focuses, aligned by particle id with absent particles at zero
// (docs/exact-arithmetic.md, section 8):
//   Δφ = φ_after − φ_before      ΔJ = (H_before − H_after) + (ln n_after − ln n_before)
// All of it are integers, so both identities hold to the unit.

import { placesIn } from '../../graph/id-places.js';
import type { Ids } from '../../graph/ids.js';
import type { ExactPart } from './focus-exact.js';

/** A focus by particle id. */
export interface NamedUnits {
  readonly ids: Ids;
  /** Focus units of 2⁻⁶¹, by index of the id. */
  readonly units: BigInt64Array;
}

/** Δφ over the particles of both graphs: those after the change first, then those that are gone. */
export interface ExactDelta {
  readonly idAt: (index: number) => string;
  readonly units: BigInt64Array;
  /** ‖Δφ‖₁ in focus units. */
  readonly norm: bigint;
}

/** The units of an earlier focus in the order of `ids`, absent = 0: a warm start. O(n). */
export function alignUnits({ ids: known, units }: NamedUnits, ids: Ids): BigInt64Array {
  return alignedAt(placesIn(known, ids), units);
}

/** Δφ and its norm. O(n). */
export function deltaOf(before: NamedUnits, after: NamedUnits): ExactDelta {
  const places = placesIn(before.ids, after.ids);
  const stays = new Uint8Array(before.ids.count);
  for (const place of places) if (place >= 0) stays[place] = 1;
  const gone: number[] = [];
  stays.forEach((flag, i) => {
    if (flag === 0) gone.push(i);
  });
  const { count } = after.ids;
  const units = new BigInt64Array(count + gone.length);
  const aligned = alignedAt(places, before.units);
  for (let i = 0; i < count; i++) units[i] = after.units[i] - aligned[i];
  gone.forEach((at, k) => {
    units[count + k] = -before.units[at];
  });
  let norm = 0n;
  for (const value of units) norm += value < 0n ? -value : value;
  return {
    idAt: (index) => (index < count ? after.ids.at(index) : before.ids.at(gone[index - count])),
    units,
    norm,
  };
}

/** Rows whose words sum in doubles without rounding. */
const EXACT_ROWS = 2 ** 20;

/**
 * ‖a − b‖₁ in focus units of two focuses in one order of particles, the shorter one 0 beyond its end:
 * of columns of one block, or of a column and the base. By halves of 32 bits, O(n).
 */
export function distanceOfUnits(a: BigInt64Array, b: BigInt64Array): bigint {
  const wordsOf = (units: BigInt64Array): Uint32Array =>
    new Uint32Array(units.buffer, units.byteOffset, 2 * units.length);
  const [one, other] = a.length >= b.length ? [wordsOf(a), wordsOf(b)] : [wordsOf(b), wordsOf(a)];
  let sum = 0n;
  for (let first = 0; first < one.length; first += 2 * EXACT_ROWS) {
    const end = Math.min(one.length, first + 2 * EXACT_ROWS);
    let low = 0;
    let high = 0;
    for (let k = first; k < end; k += 2) {
      const inside = k < other.length;
      const less = one[k] - (inside ? other[k] : 0);
      const more = (one[k + 1] | 0) - (inside ? other[k + 1] | 0 : 0);
      // The low half differs by less than a unit of the high one, so that alone has the sign.
      const negative = more < 0 || (more === 0 && less < 0);
      low += negative ? -less : less;
      high += negative ? -more : more;
    }
    sum += (BigInt(high) << 32n) + BigInt(low);
  }
  return sum;
}

function alignedAt(places: Int32Array, units: BigInt64Array): BigInt64Array {
  const aligned = new BigInt64Array(places.length);
  for (let i = 0; i < places.length; i++) if (places[i] >= 0) aligned[i] = units[places[i]];
  return aligned;
}

/** ΔJ in its two parts, in units of 2⁻⁵⁶. */
export interface SyntropyChange {
  /** H_before − H_after: what the links are worth. */
  readonly entropyPart: bigint;
  /** ln n_after − ln n_before: what new particles add for everybody. */
  readonly discoveryPart: bigint;
  /** Their sum, J_after − J_before. */
  readonly total: bigint;
}

/** The change of syntropy between two exact focuses. */
export function syntropyChange(
  before: Pick<ExactPart, 'entropy' | 'syntropy'>,
  after: Pick<ExactPart, 'entropy' | 'syntropy'>,
): SyntropyChange {
  const total = after.syntropy - before.syntropy;
  const entropyPart = before.entropy - after.entropy;
  return { entropyPart, discoveryPart: total - entropyPart, total };
}
