// Integers spread by size: what is left between a whole and the sum of its parts, in proportion to
// the sizes of the parts, so that shares add up to the whole exactly and keep their signs' say:
//   share_i = own_i + (total − Σ own) · |own_i| / Σ|own|
// Where all parts have one sign that is total · own_i/Σ own; where they cancel it stays finite; where
// all are 0 each gets as much.

import { roundedShares } from './rounded-shares.js';

/** `extra` in proportion to |sizes|, in whole units that add up to it. O(n log n); nothing for none. */
export function spread(extra: bigint, sizes: readonly bigint[]): bigint[] {
  const magnitudes = sizes.map((size) => (size < 0n ? -size : size));
  const sum = magnitudes.reduce((total, size) => total + size, 0n);
  if (extra === 0n || sizes.length === 0) return sizes.map(() => 0n);
  if (sum === 0n) {
    const each = sizes.map(() => extra);
    return roundedShares(each, BigInt(sizes.length), extra);
  }
  return roundedShares(
    magnitudes.map((size) => extra * size),
    sum,
    extra,
  );
}

/** Shares that add up to `total`: own values, and what they miss by |own|. */
export function spreadOver(total: bigint, own: readonly bigint[]): bigint[] {
  const missing = total - own.reduce((sum, value) => sum + value, 0n);
  const extra = spread(missing, own);
  return own.map((value, i) => value + extra[i]);
}
