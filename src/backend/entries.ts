// What entries (backend.ts) ask of the blocks and scalars that they name, found once when they are
// placed, and checked at each use: a machine that writes wherever an index says must not be given a
// wrong one. The same checks on every machine.

import { check } from '../base/errors.js';
import type { Entry, Place, Scalars, Source, Vector } from './backend.js';

/** Most sources of one amend. */
export const MOST_SOURCES = 4;

/** What one target or source must have; `byRow` is null where no entry names it. */
interface Demand {
  byRow: boolean | null;
  columns: number;
}

/** What placed entries ask of the target and of each source. */
export interface Demands {
  readonly target: Readonly<Demand>;
  readonly sources: readonly Readonly<Demand>[];
}

/**
 * Finds what entries ask for, in a workspace of so many rows. Throws `usage` for places outside it,
 * for an index above MOST_SOURCES − 1 and for two entries of one place. O(entries + parts).
 */
export function demandsOf(entries: readonly Entry[], rows: number): Demands {
  const target: Demand = { byRow: null, columns: 0 };
  const sources: Demand[] = [];
  entries.forEach((entry, e) => {
    meet(target, entry, rows, () => `entry ${e}`);
    entry.parts.forEach((part, k) => {
      const { source } = part;
      check(
        Number.isInteger(source) && source >= 0 && source < MOST_SOURCES,
        'usage',
        () => `entry ${e}, part ${k}: expected a source in 0…${MOST_SOURCES - 1}, found ${source}`,
      );
      while (sources.length <= source) sources.push({ byRow: null, columns: 0 });
      meet(sources[source], part, rows, () => `entry ${e}, part ${k}`);
    });
  });
  const seen = new Set<number>();
  entries.forEach(({ row, column }, e) => {
    const key = (row ?? 0) * target.columns + column;
    check(!seen.has(key), 'usage', () => `entry ${e}: row ${row}, column ${column} named twice`);
    seen.add(key);
  });
  return { target, sources };
}

/** Widens a demand by one place. */
function meet(demand: Demand, { row, column }: Place, rows: number, what: () => string): void {
  check(
    row === null || (Number.isInteger(row) && row >= 0 && row < rows),
    'usage',
    () => `${what()}: expected a row below ${rows} or null, found ${row}`,
  );
  check(
    Number.isInteger(column) && column >= 0,
    'usage',
    () => `${what()}: expected a column ≥ 0, found ${column}`,
  );
  const byRow = row !== null;
  check(
    demand.byRow === null || demand.byRow === byRow,
    'usage',
    () => `${what()}: its like are ${byRow ? 'numbers of scalars' : 'numbers of a block'}`,
    'give all places of one target or source a row, or none',
  );
  demand.byRow = byRow;
  demand.columns = Math.max(demand.columns, column + 1);
}

/**
 * Throws `usage` unless target and sources have what the entries ask for and no source is the
 * target. `isBlock` tells blocks from scalars.
 */
export function checkAmend(
  demands: Demands,
  target: Vector | Scalars,
  sources: readonly Source[],
  isBlock: (numbers: Vector | Scalars) => boolean,
): void {
  check(
    sources.length <= MOST_SOURCES,
    'usage',
    () => `${sources.length} sources of entries: expected at most ${MOST_SOURCES}`,
  );
  check(
    sources.length >= demands.sources.length,
    'usage',
    () => `${sources.length} sources, and entries take from ${demands.sources.length}`,
  );
  check(
    sources.every(({ numbers }) => numbers !== target),
    'usage',
    () => 'what entries write is also one of their sources',
    'an entry keeps what is at its own place by `keep`, and reads no other of the target',
  );
  fits(demands.target, target, isBlock, 'the target');
  demands.sources.forEach((demand, s) => fits(demand, sources[s].numbers, isBlock, `source ${s}`));
}

function fits(
  { byRow, columns }: Demand,
  numbers: Vector | Scalars,
  isBlock: (numbers: Vector | Scalars) => boolean,
  what: string,
): void {
  if (byRow === null) return;
  const found = isBlock(numbers);
  const kind = (block: boolean): string => (block ? 'a block' : 'scalars');
  check(
    found === byRow && numbers.columns >= columns,
    'usage',
    () =>
      `${what} is ${kind(found)} of ${numbers.columns} columns: entries expect ${kind(byRow)} of ` +
      `at least ${columns}`,
  );
}
