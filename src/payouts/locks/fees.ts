// Fee pools in the ledger. A round takes the pool's units of an epoch out once, pays every share from
// them, and sends what is left to a named account:
//   open       POOL −units                 fees:EPOCH:HASH +units      key: pool, token and epoch alone
//   pay        fees:EPOCH:HASH −share      neuron:N +share             one for each lock, claim key
//   remainder  fees:EPOCH:HASH −rest       the named account +rest
// The round's account ends at zero. The opening names a digest of all shares, so a second run posts the
// same entries again and pays nothing, and a run with other shares is refused at its opening.

import { canonicalJson, sha256Hex } from '../../base/canonical.js';
import { check } from '../../base/errors.js';
import { checkAccount, checkToken } from '../../ledger/account.js';
import { decimalOf } from '../../ledger/amount.js';
import { checkCount, checkText, checkTime } from '../../ledger/check-transaction.js';
import { claimKey, identityKey } from '../../ledger/entry.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Receipt } from '../../ledger/settle.js';
import type { Transaction } from '../../ledger/transaction.js';
import { shownTarget } from '../held/target.js';
import type { Lock } from './lock.js';
import { sharePool, type AttentionOf, type LockShare, type SharedPool } from './shares.js';

/** A pool's units of an epoch, and by what they are shared. */
export interface FeeRequest {
  /** The account that is paid from. */
  readonly pool: string;
  readonly token: string;
  /** Base units to share, > 0. */
  readonly units: bigint;
  /** Where the remainder goes. */
  readonly remainderTo: string;
  /** The epoch of the chain whose attention counts. */
  readonly epoch: number;
  /** The ledger's epoch to post in. */
  readonly ledgerEpoch: number;
  /** Locks up to this epoch of the ledger earn: see sharePool. */
  readonly earningThrough: number;
  readonly timeMs: number;
  /** All locks that the epoch's graph held. */
  readonly locks: readonly Lock[];
  readonly attentionOf: AttentionOf;
  /** Digest of what attention was read from: the epoch's. */
  readonly evidence: string;
  /** Name or digest of the rules. */
  readonly ruleset: string;
}

/** The transactions of a round, in the order in which they must be posted. */
export interface FeeRound {
  readonly shared: SharedPool;
  readonly opening: Transaction;
  readonly payments: readonly Transaction[];
  /** Null where every unit was paid. */
  readonly remainder: Transaction | null;
}

/** What became of a round. */
export interface PaidRound {
  /** Whether this run opened the round, found it open, or was refused because other shares were. */
  readonly outcome: 'paid' | 'replayed' | 'refused';
  readonly opening: Receipt;
  /** Of payments and the remainder; none where the round was refused. */
  readonly receipts: readonly Receipt[];
}

/** Makes the transactions of a round. Throws `bad-input` naming the field. O(locks). */
export function feeRound(request: FeeRequest): FeeRound {
  const { units, locks, attentionOf, earningThrough } = request;
  const epoch = checkCount(request.epoch, 'epoch');
  const ledgerEpoch = checkCount(request.ledgerEpoch, 'ledgerEpoch');
  const pool = checkMovable(request.pool, 'pool');
  const token = checkToken(request.token, 'token');
  const timeMs = checkTime(request.timeMs, 'timeMs');
  const remainderTo = checkMovable(request.remainderTo, 'remainderTo');
  const evidence = checkText(request.evidence, 'evidence', 200, 1);
  const ruleset = checkText(request.ruleset, 'ruleset', 200, 1);
  check(units > 0n, 'bad-input', () => `units: expected more than 0, found ${units}`);
  const foreign = locks.find((lock) => lock.token !== token);
  check(
    foreign === undefined,
    'bad-input',
    () => `lock ${foreign?.id}: expected one in ${token}, found ${foreign?.token}`,
  );
  const shared = sharePool({ units, earningThrough }, locks, attentionOf);
  const identity = { pool, token, epoch };
  const round = `fees:${epoch}:${identityKey({ kind: 'fee-account', ...identity })}`;
  const common = { epoch: ledgerEpoch, timeMs };
  const amounts = { token, round, units };
  return {
    shared,
    opening: {
      ...common,
      key: identityKey({ kind: 'fee-round', ...identity }),
      kind: 'fee-round',
      postings: [
        { account: pool, token, units: -units },
        { account: round, token, units },
      ],
      reason: `${decimalOf(units)} ${token} of ${pool} are shared for epoch ${epoch}`,
      details: { evidence, ruleset, shares: sharesDigest(shared), remainderTo },
    },
    payments: shared.shares
      .filter((share) => share.units > 0n)
      .map((share) => {
        const workId = canonicalJson({ ...identity, lock: share.lock.id });
        const recipient = share.lock.neuron;
        const key = claimKey({ kind: 'lock-fee', recipient, workId, evidence, ruleset });
        return { ...common, ...payment(share, shared, amounts), key };
      }),
    remainder:
      shared.remainder === 0n
        ? null
        : {
            ...common,
            key: identityKey({ kind: 'fee-remainder', ...identity }),
            kind: 'fee-remainder',
            postings: [
              { account: round, token, units: -shared.remainder },
              { account: remainderTo, token, units: shared.remainder },
            ],
            reason: remainderReason(shared, token),
            details: { evidence, ruleset },
          },
  };
}

/**
 * Posts a round: its opening, and, unless that is refused, payments and remainder. A run that was cut
 * off is finished by the next one with the same request; a second one pays nothing.
 */
export async function payFees(
  ledger: Pick<Ledger, 'post' | 'postAll'>,
  { opening, payments, remainder }: FeeRound,
): Promise<PaidRound> {
  const opened = await ledger.post(opening);
  if (opened.outcome === 'rejected') return { outcome: 'refused', opening: opened, receipts: [] };
  const rest = remainder === null ? [] : [remainder];
  const receipts = await ledger.postAll([...payments, ...rest]);
  const isNew = !opened.replayed || receipts.some(({ replayed }) => !replayed);
  return { outcome: isNew ? 'paid' : 'replayed', opening: opened, receipts };
}

/** An account whose units a round may move: not one with rules of its own. */
function checkMovable(value: unknown, name: string): string {
  const account = checkAccount(value, name);
  check(
    !/^(?:locked|burned|pending|fees):/.test(account),
    'bad-input',
    () => `${name}: expected an account of a pool, a treasury or a neuron, found ${account}`,
  );
  return account;
}

function payment(
  { lock, attention, units }: LockShare,
  { totalWeight }: SharedPool,
  pool: { readonly token: string; readonly round: string; readonly units: bigint },
): Pick<Transaction, 'kind' | 'postings' | 'reason' | 'formula' | 'details'> {
  const { token, round } = pool;
  return {
    kind: 'lock-fee',
    postings: [
      { account: round, token, units: -units },
      { account: lock.neuron, token, units },
    ],
    reason: `fee of the lock on ${shownTarget(lock.target)}`,
    formula: {
      name: 'floor(pool * stake * attention / totalWeight)',
      inputs: {
        pool: String(pool.units),
        stake: String(lock.units),
        attention: String(attention),
        totalWeight: String(totalWeight),
      },
      result: String(units),
    },
    details: { lock: lock.id },
  };
}

function remainderReason({ totalWeight }: SharedPool, token: string): string {
  if (totalWeight === 0n) return `no active lock attracted attention: all ${token} of the round`;
  return `what floors left of the round's ${token}`;
}

function sharesDigest({ shares, totalWeight, remainder }: SharedPool): string {
  const rows = shares.map(({ lock, weight, units }) => [lock.id, String(weight), String(units)]);
  return sha256Hex(canonicalJson([rows, String(totalWeight), String(remainder)]));
}
