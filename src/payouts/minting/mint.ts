// An epoch's mints as transactions of the ledger. Each recipient's work is a claim of its own, opened,
// granted and, after the challenge window, final; the same work has the same key for ever, so an epoch
// that is posted again, after a crash or by another process, pays nothing twice.
//   source:TOKEN:minting → pending:RECIPIENT        what flooring leaves → unallocated:minting:TOKEN

import { check } from '../../base/errors.js';
import { sha256Hex } from '../../base/canonical.js';
import { pendingAccount } from '../../ledger/account.js';
import { accountPart } from '../account-part.js';
import { accountingHour } from '../accounting-hour.js';
import { claimKey, identityKey } from '../../ledger/entry.js';
import type { ClaimEffect, Posting, Transaction } from '../../ledger/transaction.js';
import { conserve, type Minted } from './conserve.js';

/** One piece of work that is paid for. */
export interface Work {
  /** Account of the recipient. */
  readonly recipient: string;
  /** Names the work for ever: the same id is the same work. */
  readonly id: string;
  /** Digest of what proves it. */
  readonly evidence: string;
  /** Units of 2⁻⁶¹; what is 0 or less is posted nowhere. */
  readonly value: bigint;
  /** For people: what the value is. */
  readonly reason: string;
  /** Postings that go with it, whatever it is paid; they sum to zero per token. */
  readonly postings?: readonly Posting[] | undefined;
}

/** An epoch's minting. */
export interface Minting {
  /** Kind of its claims, like `epoch-reward` or `self-mint`. */
  readonly kind: string;
  /** What the works are part of; digest of a manifest or a header. */
  readonly source: string;
  /** Digest of the rules that priced them. */
  readonly ruleset: string;
  readonly token: string;
  /** Base units for a value of 1. */
  readonly emission: bigint;
  /** Units of 2⁻⁶¹ that the epoch moved. */
  readonly actual: bigint;
  /** When it is paid; the hour of it is the ledger's epoch. */
  readonly timeMs: number;
  /** Milliseconds before a mint is final; 0: final at once. */
  readonly challengeMs: number;
  readonly works: readonly Work[];
}

/** Transactions to post, and the sums behind them. */
export interface MintPlan extends Minted {
  readonly transactions: readonly Transaction[];
}

/**
 * Plans an epoch's minting. O(works). Pure: the same minting, in any order of works, gives the same
 * transactions. Throws `bad-input` for two works of one id.
 */
export function planMint(minting: Minting): MintPlan {
  const works = [...minting.works].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  works.forEach(({ id }, i) => {
    const isTwice = i > 0 && works[i - 1].id === id;
    check(!isTwice, 'bad-input', () => `minting: expected each work once, found ${id} twice`);
  });
  const minted = conserve(
    works.map(({ value }) => value),
    minting,
  );
  const transactions = works.flatMap((work, i) =>
    minted.mints[i] > 0n || work.postings !== undefined
      ? [mintOf(minting, work, minted.mints[i], minted)]
      : [],
  );
  if (minted.remainder > 0n) transactions.push(remainderOf(minting, minted));
  return { ...minted, transactions };
}

function mintOf(minting: Minting, work: Work, units: bigint, minted: Minted): Transaction {
  const { kind, ruleset, timeMs } = minting;
  const key = claimKey({
    kind,
    recipient: work.recipient,
    workId: work.id,
    evidence: work.evidence,
    ruleset,
  });
  const paid = units > 0n ? payment(minting, work.recipient, key, units) : NOTHING;
  return {
    key,
    kind,
    epoch: accountingHour(timeMs),
    timeMs,
    postings: [...paid.postings, ...(work.postings ?? [])],
    ...(paid.claims.length === 0 ? {} : { claims: paid.claims }),
    reason: work.reason,
    formula: {
      name: 'claimed × min(actual, Σ claimed) × emission / (Σ claimed × 2⁶¹), floor',
      inputs: {
        claimed: String(work.value),
        actual: String(minting.actual),
        sumClaimed: String(minted.claimed),
        emission: String(minting.emission),
      },
      result: String(units),
    },
    details: { work: work.id, evidence: work.evidence, source: minting.source, ruleset },
  };
}

const NOTHING = { postings: [], claims: [] } as const;

/** From the source to the recipient, at once or after the challenge window. */
function payment(
  { token, timeMs, challengeMs }: Minting,
  recipient: string,
  key: string,
  units: bigint,
): { readonly postings: readonly Posting[]; readonly claims: readonly ClaimEffect[] } {
  const isFinal = challengeMs === 0;
  return {
    postings: [
      { account: sourceOf(token), token, units: -units },
      { account: isFinal ? recipient : pendingAccount(recipient), token, units },
    ],
    claims: [
      { key, effect: 'open', recipient, token, units },
      { key, effect: 'grant', units, matureAtMs: timeMs + challengeMs },
      ...(isFinal ? [{ key, effect: 'finalise' as const, units }] : []),
    ],
  };
}

function remainderOf(minting: Minting, { remainder, pool }: Minted): Transaction {
  const { kind, source, ruleset, token, timeMs } = minting;
  return {
    key: identityKey({ kind: `${kind}-remainder`, source, ruleset, token }),
    kind: `${kind}-remainder`,
    epoch: accountingHour(timeMs),
    timeMs,
    postings: [
      { account: sourceOf(token), token, units: -remainder },
      { account: `unallocated:minting:${token}`, token, units: remainder },
    ],
    reason: `what rounding down left of ${pool} base units`,
    details: { source, ruleset },
  };
}

function sourceOf(token: string): string {
  return `source:${token}:minting`;
}

/** A neuron's id as the name of its account: did:key as it is, anything else in safe characters. */
export function neuronAccount(id: string): string {
  const escaped = escapeId(id);
  const name = `neuron:${escaped}`;
  // Too long for an account: its digest, under a kind that no id can spell.
  return escaped !== '' && name.length <= 200 ? name : `neuron-digest:${sha256Hex(id)}`;
}

/** Percent-encodes what an account may not hold; colons stay where they part something. */
function escapeId(id: string): string {
  const parts = id.split(':');
  return parts.includes('') ? accountPart(id) : parts.map(accountPart).join(':');
}
