// Shares in whole units that add up to the whole: floors of exact quotients, and what is left goes,
// a unit each, to the largest remainders, ties to the lower player.

/**
 * Rounds numerators[i]/denominator so that the sum is `total`. The exact sum should be within a few
 * units of it, as it is for exact quotients that add up to `total`. O(n log n).
 */
export function roundedShares(
  numerators: readonly bigint[],
  denominator: bigint,
  total: bigint,
): bigint[] {
  const shares = numerators.map((value) => floorOf(value, denominator));
  const remainders = numerators.map((value, i) => value - shares[i] * denominator);
  let left = total - shares.reduce((sum, share) => sum + share, 0n);
  const order = [...shares.keys()].sort((a, b) =>
    remainders[a] === remainders[b] ? a - b : remainders[a] > remainders[b] ? -1 : 1,
  );
  const count = BigInt(order.length);
  // More than a unit for each is shared out evenly first: the sums came from doubles.
  const even = floorOf(left, count);
  left -= even * count;
  for (const i of order) {
    shares[i] += even + (left > 0n ? 1n : 0n);
    if (left > 0n) left--;
  }
  return shares;
}

/** ⌊a/b⌋ for b > 0. */
export function floorOf(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}
