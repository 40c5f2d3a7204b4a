// Challenges and verdicts on their way into the ledger. Both only say something; the next settlement does
// what follows.

import { check, FocusError } from '../../base/errors.js';
import { pendingUnits } from '../../ledger/claim.js';
import type { Ledger } from '../../ledger/ledger.js';
import {
  challengeTransaction,
  verdictTransaction,
  type ChallengeRequest,
  type Moment,
  type Verdict,
} from './claim-transaction.js';
import { eventOf } from './events.js';

/** Posts a challenge, once for each claim and challenger; see the distributor. */
export async function postChallenge(
  ledger: Ledger,
  request: ChallengeRequest,
  moment: Moment,
): Promise<{ readonly challenge: string }> {
  await checkContestable(ledger, request.claimId);
  const transaction = challengeTransaction(request, moment);
  const [{ receipt }] = await ledger.postOnce([transaction]);
  if (receipt.refusal !== null) throw new FocusError('failure', receipt.refusal.reason);
  return { challenge: transaction.key };
}

/** Posts a verdict on a challenge; see the distributor. */
export async function postVerdict(
  ledger: Ledger,
  { challenge, ...rest }: Verdict,
  moment: Moment,
): Promise<void> {
  const [entry] = await ledger.entriesOf([challenge]);
  const event = entry === undefined ? null : eventOf(entry);
  check(
    event?.type === 'challenge',
    'bad-input',
    () => `challenge: expected one, found ${challenge}`,
  );
  check(
    event.claimId === rest.claimId,
    'bad-input',
    () => `challenge: of another claim, ${event.claimId}, not ${rest.claimId}`,
  );
  await checkContestable(ledger, rest.claimId);
  const transaction = verdictTransaction({ challenge, ...rest }, moment);
  const [{ receipt, taken }] = await ledger.postOnce([transaction]);
  if (receipt.refusal !== null) throw new FocusError('failure', receipt.refusal.reason);
  const before = taken === null ? rest.verdict : verdictIn(taken.content);
  check(
    before === rest.verdict,
    'bad-input',
    () => `challenge: decided before, ${before}; a verdict is not changed`,
  );
}

async function checkContestable(ledger: Ledger, claimId: string): Promise<void> {
  const claim = await ledger.claimOf(claimId);
  check(claim !== null, 'bad-input', () => `claim: expected one of this ledger, found ${claimId}`);
  check(
    claim.queued > 0n || pendingUnits(claim) > 0n,
    'bad-input',
    () => `claim ${claimId}: final, nothing of it is pending or queued`,
    'challenge within the challenge window',
  );
}

function verdictIn(content: string): string {
  const { details } = JSON.parse(content) as { details?: Record<string, string> };
  return details?.['verdict'] ?? '';
}
