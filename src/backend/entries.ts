// What entries (backend.ts) ask of the blocks and scalars that they name, found once when they are
// placed, and checked at each use: a machine that writes wherever an index says must not be given a
// wrong one. The same checks on every machine.

import { check } from '../base/errors.js';
import type { Entry, EntryTable, Scalars, Source, Vector } from './backend.js';

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

/** Entries in the form of a table; a table is its own. O(entries + parts). */
export function tableOf(entries: readonly Entry[] | EntryTable): EntryTable {
  if ('keeps' in entries) return entries;
  checkEntries(entries);
  const parts = entries.reduce((sum, entry) => sum + entry.parts.length, 0);
  const table = openTable(entries.length, parts);
  for (const entry of entries) {
    table.entry(entry.row ?? SCALARS, entry.column, entry.keep);
    for (const { source, row, column, weight } of entry.parts) {
      table.part(source, row ?? SCALARS, column, weight);
    }
  }
  return table.end();
}

/** The row of scalars in a table. */
export const SCALARS = -1;

/** Writes a table entry by entry. */
export interface TableWriter {
  entry(row: number, column: number, keep: number): void;
  /** A part of the entry begun last. */
  part(source: number, row: number, column: number, weight: number): void;
  end(): EntryTable;
}

/** Makes room for a table of `count` entries with at most so many parts together. */
export function openTable(count: number, parts: number): TableWriter {
  const table = {
    rows: new Int32Array(count),
    columns: new Uint32Array(count),
    keeps: new Float64Array(count),
    starts: new Uint32Array(count + 1),
    sources: new Uint8Array(parts),
    partRows: new Int32Array(parts),
    partColumns: new Uint32Array(parts),
    weights: new Float64Array(parts),
  };
  let [e, k] = [0, 0];
  return {
    entry: (row, column, keep) => {
      table.rows[e] = row;
      table.columns[e] = column;
      table.keeps[e] = keep;
      table.starts[++e] = k;
    },
    part: (source, row, column, weight) => {
      table.sources[k] = source;
      table.partRows[k] = row;
      table.partColumns[k] = column;
      table.weights[k] = weight;
      table.starts[e] = ++k;
    },
    end: () => (k === parts ? table : { ...table, ...trimmed(table, k) }),
  };
}

/** The parts in use of a table that had room for more. */
function trimmed(
  { sources, partRows, partColumns, weights }: EntryTable,
  parts: number,
): Pick<EntryTable, 'sources' | 'partRows' | 'partColumns' | 'weights'> {
  return {
    sources: sources.subarray(0, parts),
    partRows: partRows.subarray(0, parts),
    partColumns: partColumns.subarray(0, parts),
    weights: weights.subarray(0, parts),
  };
}

/** Throws `usage` for places that no table can hold, which would wrap around in one. O(parts). */
function checkEntries(entries: readonly Entry[]): void {
  const natural = (value: number): boolean => Number.isInteger(value) && value >= 0;
  entries.forEach((entry, e) => {
    [entry, ...entry.parts].forEach(({ row, column }, k) => {
      const what = k === 0 ? `entry ${e}` : `entry ${e}, part ${k - 1}`;
      check(
        row === null || natural(row),
        'usage',
        () => `${what}: expected a row or null, found ${row}`,
      );
      check(natural(column), 'usage', () => `${what}: expected a column ≥ 0, found ${column}`);
    });
    entry.parts.forEach(({ source }, k) =>
      check(
        natural(source) && source < MOST_SOURCES,
        'usage',
        () => `entry ${e}, part ${k}: expected a source in 0…${MOST_SOURCES - 1}, found ${source}`,
      ),
    );
  });
}

/**
 * Finds what entries ask for, in a workspace of so many rows. Throws `usage` for places outside it
 * and for two entries of one place. O(entries + parts).
 */
export function demandsOf(table: EntryTable, rows: number): Demands {
  const target: Demand = { byRow: null, columns: 0 };
  const sources: Demand[] = [];
  const { starts } = table;
  for (let e = 0; e < table.rows.length; e++) {
    meet(target, table.rows[e], table.columns[e], rows, e, null);
    for (let k = starts[e]; k < starts[e + 1]; k++) {
      while (sources.length <= table.sources[k]) sources.push({ byRow: null, columns: 0 });
      const demand = sources[table.sources[k]];
      meet(demand, table.partRows[k], table.partColumns[k], rows, e, k - starts[e]);
    }
  }
  checkPlaces(table, target.columns);
  return { target, sources };
}

/** Throws for two entries of one place; entries by column and row cost no search. */
function checkPlaces({ rows, columns }: EntryTable, width: number): void {
  let isAscending = true;
  for (let e = 1; e < rows.length && isAscending; e++) {
    isAscending =
      columns[e] > columns[e - 1] || (columns[e] === columns[e - 1] && rows[e] > rows[e - 1]);
  }
  if (isAscending) return;
  const seen = new Set<number>();
  rows.forEach((row, e) => {
    const key = (row + 1) * width + columns[e];
    const place = `${row < 0 ? '' : `row ${row}, `}column ${columns[e]}`;
    check(!seen.has(key), 'usage', () => `entry ${e}: ${place} named twice`);
    seen.add(key);
  });
}

/** Widens a demand by one place; `part` is null for the entry's own. */
function meet(
  demand: Demand,
  row: number,
  column: number,
  rows: number,
  entry: number,
  part: number | null,
): void {
  const byRow = row >= 0;
  if (row >= rows || (demand.byRow !== null && demand.byRow !== byRow)) {
    const what = part === null ? `entry ${entry}` : `entry ${entry}, part ${part}`;
    check(row < rows, 'usage', () => `${what}: expected a row below ${rows} or null, found ${row}`);
    check(
      demand.byRow === byRow,
      'usage',
      () => `${what}: its like are ${byRow ? 'numbers of scalars' : 'numbers of a block'}`,
      'give all places of one target or source a row, or none',
    );
  }
  demand.byRow = byRow;
  if (column >= demand.columns) demand.columns = column + 1;
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
