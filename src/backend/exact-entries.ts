// What entries of exact arithmetic (exact.ts) may say, checked once when they are placed, and what an
// amend may name, checked at each use: a machine that writes wherever an index says must not be given
// a wrong one. The same checks on every machine.

import { check } from '../base/errors.js';
import type { Vector } from './backend.js';
import { FRACTION_BITS, type ExactEntry } from './exact.js';

const LIMIT = 1n << 63n;

/**
 * Throws `usage` for places outside rows × columns, for two entries of one place and for integers
 * of more than 64 bits. O(entries + parts).
 */
export function checkEntries(entries: readonly ExactEntry[], rows: number, columns: number): void {
  const seen = new Set<number>();
  const inside = (row: number): boolean => Number.isInteger(row) && row >= 0 && row < rows;
  entries.forEach(({ row, column, plus, parts }, e) => {
    check(
      inside(row) && Number.isInteger(column) && column >= 0 && column < columns,
      'usage',
      () => `entry ${e}: expected a place in ${rows} × ${columns}, found (${row}, ${column})`,
    );
    const key = row * columns + column;
    check(!seen.has(key), 'usage', () => `entry ${e}: row ${row}, column ${column} named twice`);
    seen.add(key);
    check(plus >= -LIMIT && plus < LIMIT, 'usage', () => `entry ${e}: ${plus}, over 64 bits`);
    parts.forEach(({ row: source, reciprocal, weight }, k) => {
      const what = (): string => `entry ${e}, part ${k}`;
      check(
        inside(source),
        'usage',
        () => `${what()}: expected a row below ${rows}, found ${source}`,
      );
      check(
        reciprocal >= 0n && reciprocal < LIMIT,
        'usage',
        () => `${what()}: expected a reciprocal in 0 … 2^63 − 1, found ${reciprocal}`,
      );
      check(
        weight > -LIMIT && weight < LIMIT,
        'usage',
        () => `${what()}: expected a weight within ±2^63, found ${weight}`,
      );
    });
  });
}

/** Throws `usage` where entries for blocks of `columns` cannot be used so. */
export function checkExactAmend(
  columns: number,
  target: Vector,
  source: Vector,
  factor: bigint,
): void {
  check(
    target.columns === columns && source.columns === columns,
    'usage',
    () =>
      `entries of blocks of ${columns} columns: found a target of ${target.columns} and a source ` +
      `of ${source.columns}`,
  );
  check(
    target !== source,
    'usage',
    () => 'what entries write is also their source',
    'an entry keeps what is at its own place by `keep`, and reads no other of the target',
  );
  check(
    factor >= 0n && factor <= 1n << BigInt(FRACTION_BITS),
    'bad-parameter',
    () => `factor: expected an integer in 0 … 2^62, found ${factor}`,
  );
}
