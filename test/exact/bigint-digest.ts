// Section 9 of exact arithmetic: the canonical bytes of a focus and their SHA-256. Written from
// docs/exact-arithmetic.md alone.

import { createHash } from 'node:crypto';
import { integerParts } from './bigint-weights.js';

export interface DigestHeader {
  readonly reading: string;
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  /** Null for the random-walk Laplacian. */
  readonly unit: number | null;
  readonly prior: 'degree' | 'uniform' | Float64Array;
  readonly tolerance: number;
  /** `prior`, `uniform`, a digest, or units. */
  readonly start: string | readonly bigint[];
  readonly applications: number;
}

/** The SHA-256 in lower-case hexadecimal. */
export function digestOf(
  header: DigestHeader,
  ids: readonly string[],
  units: readonly bigint[],
): string {
  const hash = createHash('sha256');
  hash.update(`focus-exact-1\n${headerLine(header)}\n`);
  ids.forEach((id, i) => {
    const bytes = Buffer.from(id, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    hash
      .update(length)
      .update(bytes)
      .update(littleEndian([units[i]]));
  });
  return hash.digest('hex');
}

export function headerLine(header: DigestHeader): string {
  const { reading, teleport, lambda, unit, prior, tolerance, start, applications } = header;
  return JSON.stringify({
    reading,
    teleport,
    mu: lambda[1] === 0 ? null : header.mu,
    tau: lambda[2] === 0 ? null : header.tau,
    lambda,
    unit,
    prior: typeof prior === 'string' ? prior : integersDigest(integerParts(prior)),
    tolerance,
    start: typeof start === 'string' ? start : integersDigest(start),
    applications,
  });
}

/** The SHA-256 of integers as i64, little-endian. */
export function integersDigest(values: readonly bigint[]): string {
  return createHash('sha256').update(littleEndian(values)).digest('hex');
}

function littleEndian(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => bytes.writeBigInt64LE(value, 8 * i));
  return bytes;
}
