// A line of a statement as a row of a table and as plain JSON: the command line and the service print the same.

import { canonicalJson } from '../base/canonical.js';
import type { StatementLine } from './statement.js';

/** A column of text or numbers; null is an empty field. */
export interface StatementColumn {
  readonly name: string;
  readonly kind: 'text' | 'number';
  readonly value: (line: StatementLine) => string | number | null;
}

/** Columns of CSV and Parquet; amounts are exact decimal texts. */
export const STATEMENT_COLUMNS: readonly StatementColumn[] = [
  { name: 'sequence', kind: 'number', value: (line) => line.sequence },
  { name: 'time', kind: 'text', value: (line) => line.time },
  { name: 'epoch', kind: 'number', value: (line) => line.epoch },
  { name: 'kind', kind: 'text', value: (line) => line.kind },
  { name: 'token', kind: 'text', value: (line) => line.token },
  { name: 'amount', kind: 'text', value: (line) => line.amount },
  { name: 'balance', kind: 'text', value: (line) => line.balance },
  { name: 'reason', kind: 'text', value: (line) => line.reason },
  { name: 'formula', kind: 'text', value: (line) => line.formula?.name ?? null },
  {
    name: 'inputs',
    kind: 'text',
    value: ({ formula }) => (formula === null ? null : canonicalJson(formula.inputs)),
  },
  { name: 'result', kind: 'text', value: (line) => line.formula?.result ?? null },
  { name: 'claims', kind: 'text', value: (line) => line.claims.join(' ') || null },
  { name: 'key', kind: 'text', value: (line) => line.key },
  { name: 'hash', kind: 'text', value: (line) => line.hash },
];

/** A line as plain JSON: base units as text. */
export function statementJson(line: StatementLine): object {
  return { ...line, units: String(line.units) };
}
