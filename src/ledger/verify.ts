// Verification: the whole log is judged again from nothing, and every table compared with what comes
// of it, row by row. The first row that differs is named. Memory: balances, claims and epochs; the log
// and the postings are read page by page.

import { FocusError } from '../base/errors.js';
import { Book, EMPTY_HEAD } from './book.js';
import { tranchesText } from './claim-row.js';
import { grantedUnits, pendingUnits, type ClaimRecord } from './claim.js';
import type { Entry } from './entry.js';
import { pendingAccount, isPending } from './account.js';
import { checkSealable } from './journal.js';
import { differs, keysOf, readLogged, replayEntry } from './replay.js';
import type { Changes, Head, LedgerStore, Reader, RowCounts } from './store.js';

/** The outcome of a verification. */
export interface Verification {
  readonly verified: boolean;
  /** What differs first, with its table and row; null for nothing. */
  readonly difference: string | null;
  readonly head: Head;
  readonly balances: number;
  readonly claims: number;
  readonly postings: number;
  readonly sealedEpochs: number;
}

/** How a verification tells how far it is. */
export interface VerifyOptions {
  readonly onProgress?: ((entries: number, total: number) => void) | undefined;
}

const PAGE = 2000;

type Counts = { -readonly [K in keyof RowCounts]: number };

/**
 * Recomputes hash chain, postings, balances, claims and seals from the log, on one snapshot. Differences
 * are a result, not an error. About 50 µs an entry.
 */
export function verifyLedger(
  store: LedgerStore,
  { onProgress }: VerifyOptions = {},
): Promise<Verification> {
  return store.read(async (reader) => {
    const head = await reader.head();
    const book = new Book({ head: EMPTY_HEAD, balances: [], claims: [], epochs: [] });
    const counts = { keys: 0, postings: 0, links: 0 };
    let difference: string | null = null;
    try {
      const damage = await reader.damage();
      if (damage !== null) throw mismatch(`the file is torn: ${damage}`);
      while (book.head.entries < head.entries) {
        await verifyPage(reader, book, counts);
        onProgress?.(book.head.entries, head.entries);
      }
      await compareTables(reader, book, head, counts);
      checkClaims(book);
    } catch (error) {
      if (!(error instanceof FocusError) || error.code !== 'mismatch') throw error;
      difference = error.message;
    }
    const { balances, claims, epochs } = book.rows();
    return {
      verified: difference === null,
      difference,
      head,
      balances: balances.length,
      claims: claims.length,
      postings: counts.postings,
      sealedEpochs: epochs.filter(({ root }) => root !== null).length,
    };
  });
}

/** Judges a page of entries again and compares their postings and links. */
async function verifyPage(reader: Reader, book: Book, counts: Counts): Promise<void> {
  const start = book.head.entries;
  const entries = await reader.entries(start, PAGE);
  if (entries.length === 0) throw mismatch(`entry ${start} is missing`);
  const logged = entries.map((entry, i) => {
    if (entry.sequence !== start + i) throw mismatch(`entry ${start + i} is missing`);
    return within(entry.sequence, () => readLogged(entry.content));
  });
  const keys = [...entries.map(({ key }) => key), ...logged.flatMap(keysOf)];
  const first = new Map<string, Entry>();
  for (const entry of await reader.entriesOfKeys([...new Set(keys)])) {
    const other = first.get(entry.key);
    if (other !== undefined) {
      const both = `${Math.min(other.sequence, entry.sequence)} and `;
      throw mismatch(`entries ${both}${Math.max(other.sequence, entry.sequence)} have one key`);
    }
    first.set(entry.key, entry);
  }
  for (const [i, entry] of entries.entries()) {
    const { content } = logged[i];
    let leaves: Awaited<ReturnType<Reader['leaves']>> = [];
    if (content.type === 'seal') {
      within(entry.sequence, () =>
        checkSealable(content.epoch, book.sealedThrough, openBefore(book, content.epoch)),
      );
      leaves = await reader.leaves(content.epoch);
    }
    const entryOf = (key: string): Entry | undefined => {
      const found = first.get(key);
      return found !== undefined && found.sequence < entry.sequence ? found : undefined;
    };
    const made = within(entry.sequence, () => replayEntry(book, logged[i], { entryOf, leaves }));
    compareEntry(made, entry);
    if (first.get(entry.key)?.sequence !== entry.sequence) {
      throw differs(entry.sequence, `not found by its key ${entry.key}`);
    }
  }
  counts.keys += entries.length;
  await comparePage(reader, book.takeChanges(), counts);
}

function openBefore(book: Book, epoch: number): number | null {
  const open = book
    .rows()
    .epochs.filter((row) => row.epoch < epoch && row.root === null && row.transactions > 0);
  return open.length === 0 ? null : Math.min(...open.map((row) => row.epoch));
}

/** An error inside an entry is told as a difference of that entry. */
function within<T>(sequence: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FocusError) || error.message.startsWith(`entry ${sequence}`))
      throw error;
    throw differs(sequence, error.message);
  }
}

function compareEntry(made: Entry, found: Entry): void {
  for (const name of ['key', 'epoch', 'digest', 'hash', 'content'] as const) {
    if (made[name] !== found[name]) {
      throw differs(made.sequence, `${name}: expected ${made[name]}, found ${found[name]}`);
    }
  }
}

async function comparePage(
  reader: Reader,
  { postings, links }: Changes,
  counts: Counts,
): Promise<void> {
  const rows = new Map(
    (await reader.postingsOf(postings)).map((row) => [`${row.balance} ${row.sequence}`, row]),
  );
  for (const expected of postings) {
    const { balance, sequence } = expected;
    const found = rows.get(`${balance} ${sequence}`);
    if (found?.units !== expected.units || found.after !== expected.after) {
      const shown = found === undefined ? 'nothing' : `${found.units}, then ${found.after}`;
      const wanted = `${expected.units}, then ${expected.after}`;
      throw mismatch(
        `postings: balance ${balance}, entry ${sequence}: expected ${wanted}, found ${shown}`,
      );
    }
  }
  const linked = new Set(
    (await reader.linksOf(links)).map((row) => `${row.claim} ${row.sequence}`),
  );
  for (const { claim, sequence } of links) {
    if (!linked.has(`${claim} ${sequence}`)) {
      throw mismatch(`claim_entries: ${claim}: entry ${sequence} is missing`);
    }
  }
  counts.postings += postings.length;
  counts.links += links.length;
}

async function compareTables(
  reader: Reader,
  book: Book,
  head: Head,
  counts: RowCounts,
): Promise<void> {
  const { balances, claims, epochs } = book.rows();
  compareRows('head', 'of the ledger', book.head, head);
  const stored = await reader.counts();
  compareRows('rows', 'of keys, postings and claim_entries', counts, stored);
  await compareTable(
    'balances',
    balances.map((row) => [row.id, row]),
    (after) => reader.balances(after === null ? 0 : Number(after) + 1, PAGE),
    (row) => row.id,
  );
  await compareTable(
    'claims',
    claims.map((row) => [row.key, { ...row, tranches: tranchesText(row) }]),
    async (after) =>
      (await reader.claims(after === null ? '' : String(after), PAGE)).map((row) => ({
        ...row,
        tranches: tranchesText(row),
      })),
    (row) => row.key,
  );
  await compareTable(
    'epochs',
    epochs.map((row) => [row.epoch, row]),
    (after) => reader.epochs(after === null ? -1 : Number(after), PAGE),
    (row) => row.epoch,
  );
}

/** Walks through a table page by page; every row must be expected, and every expected one there. */
async function compareTable<R extends object>(
  table: string,
  expected: readonly (readonly [string | number, R])[],
  page: (after: string | number | null) => Promise<readonly R[]>,
  nameOf: (row: R) => string | number,
): Promise<void> {
  const open = new Map(expected);
  for (let after: string | number | null = null; ;) {
    const rows = await page(after);
    for (const row of rows) {
      const name = nameOf(row);
      const wanted = open.get(name);
      if (wanted === undefined) throw mismatch(`${table}: ${name}: expected no such row`);
      compareRows(table, String(name), wanted, row);
      open.delete(name);
    }
    if (rows.length < PAGE) break;
    after = nameOf(rows[rows.length - 1]);
  }
  for (const name of open.keys()) throw mismatch(`${table}: ${name} is missing`);
}

function compareRows(table: string, name: string, expected: object, found: object): void {
  const values = new Map<string, unknown>(Object.entries(found));
  for (const [field, wanted] of Object.entries(expected)) {
    const value = values.get(field);
    if (value !== wanted) {
      throw mismatch(
        `${table}: ${name}: ${field}: expected ${String(wanted)}, found ${String(value)}`,
      );
    }
  }
}

/** The equations of claims, and that pending accounts hold what claims have pending. */
function checkClaims(book: Book): void {
  const { balances, claims } = book.rows();
  const pending = new Map<string, bigint>();
  for (const claim of claims) {
    checkClaim(claim);
    const name = `${pendingAccount(claim.recipient)} ${claim.token}`;
    pending.set(name, (pending.get(name) ?? 0n) + pendingUnits(claim));
  }
  const sums = new Map<string, bigint>();
  for (const { account, token, units, lowest } of balances) {
    if (units < lowest) throw mismatch(`balances: ${account} ${token}: below its limit`);
    sums.set(token, (sums.get(token) ?? 0n) + units);
    const held = isPending(account) ? (pending.get(`${account} ${token}`) ?? 0n) : units;
    if (held !== units) {
      throw mismatch(`balances: ${account} ${token}: expected ${held} of claims, found ${units}`);
    }
  }
  for (const [token, sum] of sums) {
    if (sum !== 0n) throw mismatch(`balances: ${token}: expected a sum of 0, found ${sum}`);
  }
}

/** Throws `mismatch` unless granted + queued + expired = claimed, all from 0. */
export function checkClaim(claim: ClaimRecord): void {
  const { key, claimed, queued, expired, paid, voided } = claim;
  const sum = grantedUnits(claim) + queued + expired;
  const least = [queued, expired, paid, voided, pendingUnits(claim)].some((units) => units < 0n);
  if (sum !== claimed || least) {
    throw mismatch(`claims: ${key}: granted + queued + expired is ${sum} of ${claimed} claimed`);
  }
}

function mismatch(message: string): FocusError {
  return new FocusError('mismatch', message, 'restore the ledger from a backup');
}
