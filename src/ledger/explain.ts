// Explanations: what became of a claim and why, from the log alone: each entry that touched it, each
// refusal of one that would have, with time, reason and formula; and the same in sentences.

import { decimalOf } from './amount.js';
import { checkKey } from './check-transaction.js';
import { grantedUnits, pendingUnits, type ClaimRecord } from './claim.js';
import { readContent, type Entry } from './entry.js';
import { refusalSentence, type RefusalCode } from './refusal.js';
import type { LedgerStore } from './store.js';
import type { ClaimEffect, Formula } from './transaction.js';

/** One thing that happened to a claim, or was refused. */
export interface ClaimEvent {
  readonly sequence: number;
  readonly timeMs: number;
  readonly epoch: number;
  readonly kind: string;
  readonly outcome: 'posted' | 'rejected';
  /** Its effects on this claim, in order; of a rejection what it would have done. */
  readonly effects: readonly ClaimEffect[];
  /** What the transaction says of itself. */
  readonly reason: string;
  readonly formula: Formula | null;
  /** Why it was rejected; null where it was posted. */
  readonly refusal: { readonly code: RefusalCode; readonly reason: string } | null;
}

/** What became of a claim. */
export interface ClaimExplanation {
  readonly key: string;
  /** Null where it was never opened. */
  readonly claim: ClaimRecord | null;
  /** The first that holds of: nothing granted, units waiting, some lost, all paid. */
  readonly status: 'unknown' | 'rejected' | 'unpaid' | 'pending' | 'reduced' | 'paid';
  readonly events: readonly ClaimEvent[];
  /** For people, in the order of the log; the last one sums up. */
  readonly sentences: readonly string[];
}

/** Most entries of one claim that are told; further ones are left out, and the last sentence says so. */
const MOST_EVENTS = 1000;

/** Explains a claim. Throws `bad-input` for a key that is none. */
export async function explainClaim(store: LedgerStore, key: string): Promise<ClaimExplanation> {
  checkKey(key, 'claim');
  const { claims, entries } = await store.read(async (reader) => ({
    claims: await reader.claimsOf([key]),
    entries: await reader.entriesOfClaim(key, -1, MOST_EVENTS),
  }));
  const claim = claims[0] ?? null;
  const events = entries.map((entry) => eventOf(entry, key));
  const status = statusOf(claim, events);
  const sentences = [
    ...events.map((event) => sentenceOf(event, claim?.token ?? '')),
    ...(entries.length === MOST_EVENTS ? ['Later entries are left out.'] : []),
    summaryOf(claim, status),
  ];
  return { key, claim, status, events, sentences };
}

function eventOf({ sequence, content }: Entry, key: string): ClaimEvent {
  const read = readContent(content);
  // Links lead to transactions and rejections only.
  const transaction = read.type === 'rejected' ? read.offered : transactionIn(read);
  const refusal = read.type === 'rejected' ? read.refusal : null;
  const { timeMs, epoch, kind, claims = [], reason, formula } = transaction;
  return {
    sequence,
    timeMs,
    epoch,
    kind,
    outcome: refusal === null ? 'posted' : 'rejected',
    effects: claims.filter((effect) => effect.key === key),
    reason,
    formula: formula ?? null,
    refusal: refusal === null ? null : { code: refusal.code, reason: refusalSentence(refusal) },
  };
}

function transactionIn(read: ReturnType<typeof readContent>) {
  if (read.type === 'transaction') return read.transaction;
  throw new TypeError('a seal concerns no claim');
}

function statusOf(
  claim: ClaimRecord | null,
  events: readonly ClaimEvent[],
): ClaimExplanation['status'] {
  if (claim === null) return events.length === 0 ? 'unknown' : 'rejected';
  if (pendingUnits(claim) > 0n) return 'pending';
  if (claim.paid === claim.claimed) return 'paid';
  return claim.paid > 0n ? 'reduced' : 'unpaid';
}

const VERBS: Readonly<Record<ClaimEffect['effect'], string>> = {
  open: 'claimed',
  grant: 'granted',
  expire: 'expired unfunded',
  finalise: 'paid',
  void: 'void',
  extend: 'held back',
};

function sentenceOf(event: ClaimEvent, token: string): string {
  const { sequence, timeMs, effects, reason, refusal, formula } = event;
  const time = new Date(timeMs).toISOString();
  const done = effects.filter(isMove).map((effect) => {
    const units = 'units' in effect ? `${decimalOf(effect.units)} ${tokenOf(effect, token)} ` : '';
    const until =
      'matureAtMs' in effect ? ` until ${new Date(effect.matureAtMs).toISOString()}` : '';
    const to = effect.effect === 'void' ? ` to ${effect.to}` : '';
    return `${units}${VERBS[effect.effect]}${effect.effect === 'grant' ? ', pending' : ''}${until}${to}`;
  });
  const what = done.length === 0 ? event.kind : done.join(', ');
  if (refusal !== null) return `${time}, entry ${sequence}: refused (${what}): ${refusal.reason}.`;
  const inputs = Object.entries(formula?.inputs ?? {}).map(([name, value]) => `${name} ${value}`);
  const how =
    formula === null ? '' : ` [${formula.name}: ${inputs.join(', ')} → ${formula.result}]`;
  return `${time}, entry ${sequence}: ${what}: ${reason}${how}.`;
}

/** Not one that only says which claim a transaction concerns. */
function isMove(effect: ClaimEffect): boolean {
  return effect.effect !== 'extend' || effect.matureAtMs > 0;
}

function tokenOf(effect: ClaimEffect, token: string): string {
  return effect.effect === 'open' ? effect.token : token;
}

function summaryOf(claim: ClaimRecord | null, status: ClaimExplanation['status']): string {
  if (claim === null) {
    return status === 'unknown'
      ? 'The ledger knows nothing of this claim.'
      : 'The claim was never opened: every attempt was refused, see above.';
  }
  const { token, claimed, queued, expired, paid, voided } = claim;
  const of = (units: bigint): string => `${decimalOf(units)} ${token}`;
  const parts = [
    `${of(paid)} paid`,
    ...(pendingUnits(claim) > 0n ? [`${of(pendingUnits(claim))} pending`] : []),
    ...(queued > 0n ? [`${of(queued)} queued, not funded yet`] : []),
    ...(expired > 0n ? [`${of(expired)} expired in the queue`] : []),
    ...(voided > 0n ? [`${of(voided)} void after a challenge`] : []),
  ];
  return `Of ${of(claimed)} claimed, ${of(grantedUnits(claim))} were granted: ${parts.join(', ')}.`;
}
