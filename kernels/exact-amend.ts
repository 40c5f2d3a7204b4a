// A few numbers of a block rewritten in exact arithmetic:
//   target ← (keep ? target : 0) + plus + rnd(factor · rnd(Σ weight · rnd(reciprocal · source, 62), 62), 62)
// Parts are summed in 128 bits, so they have no order, and no entry reads what another writes.
// WGSL twin: shaders/amend-exact.wgsl.

import {
  ENTRIES, ENTRIES_SHARE, ENTRY_BYTES, ENTRY_COUNT, FACTOR, OUT, PART_BYTES, PARTS, X,
} from '../src/backend/cpu/layout';
import { fraction, FULL, upper } from './exact';
import { takeShare } from './share';

/** rnd(Σ weight · rnd(reciprocal · source, 62), 62) over parts [part, end). */
// @ts-ignore: decorator
@inline
function sumOf(part: usize, end: usize, source: usize): i64 {
  let high: i64 = 0;
  let low: u64 = 0;
  for (; part < end; part += PART_BYTES) {
    const weight = load<i64>(part, 16);
    const value = fraction(load<i64>(part, 8), load<i64>(source + (<usize>load<u32>(part) << 3)));
    const less = <u64>(weight * value);
    low += less;
    high += upper(weight, value) + <i64>(low < less);
  }
  return (high << 2) + <i64>((low >> 62) + ((low >> 61) & 1));
}

export function exactAmend(control: usize): void {
  const count = load<u32>(control, ENTRY_COUNT);
  const entries = load<usize>(control, ENTRIES), parts = load<usize>(control, PARTS);
  const target = load<usize>(control, OUT), source = load<usize>(control, X);
  const factor = load<i64>(control, FACTOR);
  for (let share = takeShare(control); share * ENTRIES_SHARE < count; share = takeShare(control)) {
    const last = min<u32>(count, (share + 1) * ENTRIES_SHARE);
    for (let k = share * ENTRIES_SHARE; k < last; k++) {
      const entry = entries + <usize>k * ENTRY_BYTES;
      const place = target + (<usize>load<u32>(entry) << 3);
      const first = parts + <usize>load<u32>(entry, 16) * PART_BYTES;
      const end = parts + <usize>load<u32>(entry, 20) * PART_BYTES;
      let value = sumOf(first, end, source);
      if (factor != FULL) value = fraction(factor, value);
      value += load<i64>(entry, 8);
      if (load<u32>(entry, 4)) value += load<i64>(place);
      store<i64>(place, value);
    }
  }
}
