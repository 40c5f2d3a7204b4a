// The table of claims by node and hour, made again from a ledger's log as a server starts: of the current hour,
// of the cooldown before now, and of the last ten minutes, in which a signed claim may come again.

import type { Ledger } from '../../../ledger/ledger.js';
import { accountingHour, HOUR_MS } from '../../accounting-hour.js';
import { ClaimRate, type CountedClaim, type RateLimits } from './claim-rate.js';

/** What is read of a ledger. */
type LogReads = Pick<Ledger, 'entries' | 'epochs'>;

interface Content {
  readonly timeMs: number;
  readonly details?: Readonly<Record<string, string>>;
}

/** The table at a time. Reads the claims of the last hours, about 10 µs each. */
export async function rateOfLog(
  ledger: LogReads,
  limits: RateLimits,
  nowMs: number,
): Promise<ClaimRate> {
  const reachMs = HOUR_MS + limits.cooldownMinutes * 60_000;
  const firstHour = Math.max(0, accountingHour(nowMs - reachMs));
  let start: number | null = null;
  for await (const { first, transactions } of ledger.epochs(firstHour - 1)) {
    if (transactions === 0) continue;
    start = Math.min(start ?? first, first);
  }
  const claims: CountedClaim[] = [];
  if (start !== null) {
    for await (const { content } of ledger.entries(start)) {
      const claim = countedIn(content);
      if (claim !== null) claims.push(claim);
    }
  }
  return ClaimRate.rebuilt(limits, claims, nowMs);
}

function countedIn(content: string): CountedClaim | null {
  if (!content.includes('"kind":"bly-claim"')) return null;
  const { timeMs, details } = JSON.parse(content) as Content;
  const node = details?.['node'];
  const digest = details?.['claimDigest'];
  return node === undefined || digest === undefined ? null : { node, digest, timeMs };
}
