// RFC 6962, section 2.1, read off the page: recursive, one hash of node:crypto at a time. The second
// computation of everything in src/base/merkle*.ts.

import { createHash } from 'node:crypto';

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** The largest power of two below n, for n > 1. */
function splitOf(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** MTH(D[n]). */
export function hashOf(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]);
  const k = splitOf(leaves.length);
  return sha256(Uint8Array.of(1), hashOf(leaves.slice(0, k)), hashOf(leaves.slice(k)));
}

/** PATH(m, D[n]). */
export function pathOf(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...pathOf(m, left), hashOf(right)] : [...pathOf(m - k, right), hashOf(left)];
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Values that a stranger may send in place of any part of a proof; JSON could carry all of them. */
export const HOSTILE: readonly unknown[] = [
  null,
  undefined,
  true,
  -1,
  0.5,
  2 ** 53,
  1e308,
  NaN,
  '',
  'x',
  '\ud800',
  '00',
  [],
  [null],
  {},
  { toString: 1, valueOf: 1 },
  { length: 3 },
  Object.create(null),
  new Array(5),
  Array.from({ length: 1000 }, () => 'f'.repeat(64)),
  JSON.parse('{"__proto__":{"accepted":true}}'),
];
