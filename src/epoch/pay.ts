// Paying for an epoch: first an entry that says what is paid and by which rules, then the mints. Its key
// is of chain and epoch alone, so an epoch is paid by one plan for ever: the same plan again goes on
// where a crash left it, another plan is refused before a unit moves.

import { sha256Hex } from '../base/canonical.js';
import { check } from '../base/errors.js';
import { inRange, unitsOf } from '../ledger/amount.js';
import { checkTransaction } from '../ledger/check-transaction.js';
import { identityKey, transactionContent } from '../ledger/entry.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Transaction } from '../ledger/transaction.js';
import { accountingHour } from '../payouts/accounting-hour.js';
import { planMint, type MintPlan } from '../payouts/minting/mint.js';
import { endOf, payoutRulesDigest, type PayoutRules } from './payout-rules.js';
import type { PaidEpoch, Works } from './works.js';

/** What an epoch pays, before it is posted. */
export interface PayoutPlan extends MintPlan {
  /** SHA-256 over the digests of the transactions, in their order. */
  readonly digest: string;
  /** The entry that says so. */
  readonly opening: Transaction;
  readonly token: string;
  readonly actual: bigint;
}

/** What posting a plan did. */
export interface Paid {
  /** Transactions that are new, and those that were there. */
  readonly posted: number;
  readonly replayed: number;
}

/** The key of the entry that opens an epoch's payout: one for ever. */
export function openingKey({ chain, epoch }: Pick<PaidEpoch, 'chain' | 'epoch'>): string {
  return identityKey({ kind: 'epoch-payout', chain, epoch });
}

/**
 * Plans an epoch's payout. Pure: every validator plans the same transactions. Throws `bad-input` for
 * what no ledger can hold, amounts of 2⁶³ and times beyond all dates: an epoch that was opened with it
 * could never be paid.
 */
export function planPayout(
  { chain, epoch, manifest }: Pick<PaidEpoch, 'chain' | 'epoch' | 'manifest'>,
  { actual, works }: Works,
  rules: PayoutRules,
): PayoutPlan {
  const { token } = rules;
  const ruleset = payoutRulesDigest(rules);
  const timeMs = endOf(rules, epoch);
  const plan = planMint({
    kind: rules.rewards.kind === 'claims' ? 'self-mint' : 'epoch-reward',
    source: manifest,
    ruleset,
    token,
    emission: unitsOf(rules.emission, 'emission'),
    actual,
    timeMs,
    challengeMs: rules.challengeSeconds * 1000,
    works,
  });
  check(
    inRange(plan.pool),
    'bad-input',
    () => `payouts: pool: expected less than 2⁶³ base units of ${token}, found ${plan.pool}`,
    'no account can hold more: lower the emission',
  );
  const transactions = plan.transactions.map(checkTransaction);
  const contents = transactions.map(transactionContent);
  const digest = sha256Hex(contents.map((content) => `${sha256Hex(content)}\n`).join(''));
  const opening: Transaction = {
    key: openingKey({ chain, epoch }),
    kind: 'epoch-payout',
    epoch: accountingHour(timeMs),
    timeMs,
    postings: [],
    reason: `epoch ${epoch} pays ${plan.pool} base units in ${contents.length} transactions`,
    details: {
      epoch: String(epoch),
      manifest,
      ruleset,
      plan: digest,
      token,
      actual: String(actual),
      claimed: String(plan.claimed),
      pool: String(plan.pool),
    },
  };
  return { ...plan, transactions, digest, opening: checkTransaction(opening), token, actual };
}

/**
 * Posts a plan, once for ever: again after a crash it posts what is missing. Throws `mismatch` where
 * the epoch was paid by another plan, or the ledger refuses a mint; what was posted stays.
 */
export async function payEpoch(ledger: Ledger, plan: PayoutPlan): Promise<Paid> {
  const first = await ledger.post(plan.opening);
  check(
    first.outcome === 'posted',
    'mismatch',
    () => `${plan.opening.reason}: ${first.refusal?.reason ?? 'refused'}`,
    'this epoch was paid before, by other rules or for another result: compare with its entry',
  );
  const receipts = await ledger.postAll(plan.transactions);
  const wrong = receipts.findIndex(({ outcome }) => outcome !== 'posted');
  check(
    wrong < 0,
    'mismatch',
    () => `${plan.transactions[wrong].reason}: ${receipts[wrong].refusal?.reason ?? 'refused'}`,
    'the rejection is an entry of the ledger: `focus ledger explain` tells more',
  );
  const all = [first, ...receipts];
  const replayed = all.filter((receipt) => receipt.replayed).length;
  return { posted: all.length - replayed, replayed };
}
