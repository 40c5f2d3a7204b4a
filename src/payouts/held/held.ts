// Stake held as of an epoch: what is locked and what was burned, read from the ledger's log by a pure
// reducer. A transaction counts where its own epoch is at most `through`, so what comes later changes
// nothing, and the order inside an epoch does not matter beyond that a lock comes before its unlock.
//   burned for a target = Σ postings to its burned account        locks = locked and not yet unlocked
// Every posting to or from a `locked:` account must be a lock or an unlock as lock.ts makes them.

import { check, FocusError } from '../../base/errors.js';
import { checkToken } from '../../ledger/account.js';
import { checkCount } from '../../ledger/check-transaction.js';
import { readContent } from '../../ledger/entry.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Posting, Transaction } from '../../ledger/transaction.js';
import { lockTransaction, unlockKey, type Lock, type LockState } from '../locks/lock.js';
import { checkTarget, targetOf, type Target } from './target.js';

/** What was burned for a target. */
export interface Burn {
  readonly target: Target;
  readonly units: bigint;
}

/** What is held, in one token. */
export interface HeldStake {
  readonly token: string;
  /** The last epoch of the ledger that counts. */
  readonly through: number;
  /** The hash of the log's entry that sealed that epoch, or one after it. */
  readonly seal: string;
  /** By rising path of the target. */
  readonly burns: readonly Burn[];
  /** By rising id. */
  readonly locks: readonly Lock[];
}

/** What the reducer knows: locks that stand, those that do not, and what was burned by path. */
export interface HeldState extends LockState {
  readonly burns: ReadonlyMap<string, Burn>;
}

const LOCKED = 'locked:';
const BURNED = 'burned:';

/**
 * Reduces transactions in the order of a log, those up to an epoch and in one token. O(transactions).
 * Throws `mismatch` naming the transaction that moves locked stake otherwise than by a lock or its
 * unlock. Burned accounts that name no target hold stake of no weight.
 */
export function heldOf(
  transactions: Iterable<Transaction>,
  { token, through }: { readonly token: string; readonly through: number },
): HeldState {
  const locks = new Map<string, Lock>();
  const unlocked = new Set<string>();
  const burns = new Map<string, Burn>();
  for (const transaction of transactions) {
    if (transaction.epoch > through) continue;
    for (const { account, token: own, units } of transaction.postings) {
      if (own !== token || !account.startsWith(BURNED)) continue;
      const path = account.slice(BURNED.length);
      const target = targetOf(path);
      if (target === null) continue;
      burns.set(path, { target, units: units + (burns.get(path)?.units ?? 0n) });
    }
    const moved = transaction.postings.filter(({ account }) => account.startsWith(LOCKED));
    if (moved.length === 0) continue;
    const [{ units }] = moved;
    if (units > 0n) {
      const lock = lockOf(transaction);
      if (lock.token === token) locks.set(lock.id, lock);
    } else if (moved[0].token === token) {
      const id = moved[0].account.slice(LOCKED.length);
      checkUnlock(transaction, locks.get(id), id);
      locks.delete(id);
      unlocked.add(id);
    }
  }
  return { locks, unlocked, burns };
}

/**
 * What is held as of a sealed epoch of a ledger. O(its log). Throws `bad-parameter` where the epoch is
 * not sealed yet, for then more may come, and `mismatch` as heldOf does.
 */
export async function heldAt(
  ledger: Pick<Ledger, 'export'>,
  options: { readonly token: string; readonly through: number },
): Promise<HeldStake> {
  const token = checkToken(options.token, 'token');
  const through = checkCount(options.through, 'through');
  const { transactions, sealed } = await stakeLog(ledger, through);
  check(
    sealed !== null,
    'bad-parameter',
    () => `epoch ${through} of the ledger: expected it sealed, found it open`,
    'seal it first: until then what is held may still change',
  );
  const { burns, locks } = heldOf(transactions, { token, through });
  return {
    token,
    through,
    seal: sealed,
    burns: byName([...burns]),
    locks: byName([...locks]),
  };
}

/** Locks and unlocks of a ledger so far, sealed or not: what unlockTransaction looks at. O(its log). */
export async function locksNow(ledger: Pick<Ledger, 'export'>, token: string): Promise<LockState> {
  const { transactions } = await stakeLog(ledger, Infinity);
  return heldOf(transactions, { token, through: Infinity });
}

/** The transactions that lock, unlock or burn, and the hash of the first seal that covers an epoch. */
async function stakeLog(
  ledger: Pick<Ledger, 'export'>,
  through: number,
): Promise<{ readonly transactions: readonly Transaction[]; readonly sealed: string | null }> {
  const transactions: Transaction[] = [];
  let sealed: string | null = null;
  for await (const line of ledger.export()) {
    // Names of accounts hold nothing to escape: a line without these concerns no held stake.
    if (!/"(?:locked|burned):|"kind":"seal"/.test(line)) continue;
    const { content, hash } = JSON.parse(line) as { content?: unknown; hash: string };
    if (content === undefined) continue;
    const read = readContent(contentText(line));
    if (read.type === 'transaction') transactions.push(read.transaction);
    if (read.type === 'seal' && read.epoch >= through) sealed ??= hash;
  }
  return { transactions, sealed };
}

/** The content of an exported line, as it is in the log. */
function contentText(line: string): string {
  return line.slice('{"content":'.length, line.lastIndexOf(',"hash":"'));
}

/** The lock that a transaction makes. Throws `mismatch` for any other that gives to a lock. */
function lockOf(transaction: Transaction): Lock {
  const { key, kind, epoch, timeMs, postings, details = {} } = transaction;
  const given = postings.find(({ units }) => units > 0n);
  const taken = postings.find(({ units }) => units < 0n);
  const place = `transaction ${key}`;
  const isPair = kind === 'lock' && postings.length === 2;
  check(
    isPair && given !== undefined && taken !== undefined,
    'mismatch',
    () => `${place}: expected a lock and nothing else, found postings of the kind ${kind}`,
    NOT_BY_THE_RULES,
  );
  const { particle, from, to, nonce = '' } = details;
  const { token, units } = given;
  const untilMs = Number(details['untilMs']);
  const valence = details['valence'] === '1' ? 1 : 0;
  const neuron = taken.account;
  const request = { neuron, token, units, valence, epoch, timeMs, nonce, untilMs } as const;
  try {
    const target = checkTarget(particle === undefined ? { from, to } : { particle }, 'target');
    const again = lockTransaction({ ...request, target });
    check(
      again.key === key && samePostings(again.postings, postings),
      'mismatch',
      () => `expected the lock ${again.key}, found another key or other postings`,
    );
    return { id: key, neuron, target, token, valence, units, untilMs, epoch };
  } catch (cause) {
    if (!(cause instanceof FocusError)) throw cause;
    throw new FocusError('mismatch', `${place}: ${cause.message}`, NOT_BY_THE_RULES, { cause });
  }
}

/** Throws `mismatch` unless a transaction gives a lock back as unlockTransaction does. */
function checkUnlock(transaction: Transaction, lock: Lock | undefined, id: string): void {
  const { key, timeMs, epoch, postings } = transaction;
  const expected =
    lock === undefined
      ? []
      : [
          { account: LOCKED + id, token: lock.token, units: -lock.units },
          { account: lock.neuron, token: lock.token, units: lock.units },
        ];
  const holds =
    lock !== undefined &&
    key === unlockKey(id) &&
    timeMs >= lock.untilMs &&
    epoch >= lock.epoch &&
    samePostings(expected, postings);
  check(
    holds,
    'mismatch',
    () => `transaction ${key}: expected the unlock of ${id} after its time, whole, to its owner`,
    NOT_BY_THE_RULES,
  );
}

const NOT_BY_THE_RULES =
  'locked stake was moved by something that does not keep the rules of locks';

function samePostings(expected: readonly Posting[], found: readonly Posting[]): boolean {
  return (
    expected.length === found.length &&
    expected.every(({ account, token, units }) =>
      found.some(
        (each) => each.account === account && each.token === token && each.units === units,
      ),
    )
  );
}

/** The values by rising name; names are ASCII. */
function byName<T>(named: readonly (readonly [string, T])[]): readonly T[] {
  return [...named].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value);
}
