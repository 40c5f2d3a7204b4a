// The LEDGER argument of commands: a file of SQLite, or a connection to PostgreSQL.

import { openLedger, type Ledger } from '../ledger/ledger.js';
import { isPostgresUrl, openPostgresStore } from '../ledger/stores/postgres.js';
import { openSqliteStore } from '../ledger/stores/sqlite.js';

/** Opens a ledger, one that is there unless `create`, and closes it in the end. */
export async function withLedger(
  target: string,
  work: (ledger: Ledger) => Promise<void>,
  { create = false }: { readonly create?: boolean } = {},
): Promise<void> {
  const ledger = await openTarget(target, create);
  try {
    await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Opens the ledger that an argument names; `create` makes it where there is none. */
export async function openTarget(target: string, create: boolean): Promise<Ledger> {
  return openLedger(
    isPostgresUrl(target)
      ? await openPostgresStore(target, { create })
      : openSqliteStore(target, { create }),
  );
}
