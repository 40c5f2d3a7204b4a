// A simulated life of the buckets: random demand with bursts, droughts and outages, challenges and
// verdicts; told to a distributor hour by hour, by a clock that the life sets.

import { randomStream } from '../../../src/base/random.js';
import type { Ledger } from '../../../src/ledger/ledger.js';
import { BUCKETS, type Bucket } from '../../../src/payouts/buckets/bucket.js';
import { AutomaticRewardDistributor } from '../../../src/payouts/buckets/distributor.js';
import type { RewardConfig } from '../../../src/payouts/buckets/config.js';

export const HOUR = 3_600_000;
/** The first hour of the leap year 2028. */
export const START = Date.UTC(2028, 0, 1) / HOUR;

/** A claim of the life. */
export interface LifeClaim {
  readonly hour: number;
  readonly bucket: Bucket;
  readonly wallet: string;
  readonly workId: string;
  readonly work: Record<string, string>;
}

/** What happens in an hour. */
export interface LifeHour {
  readonly hour: number;
  readonly claims: readonly LifeClaim[];
  /** Whether nothing settles at the end of this hour. */
  readonly outage: boolean;
  /** Claims of earlier hours that are challenged, and what is decided; null: nobody decides. */
  readonly challenged: readonly {
    readonly claim: LifeClaim;
    readonly verdict: 'upheld' | 'dismissed' | null;
  }[];
}

/** Draws a life: every 40 hours the mood changes. */
export function lifeOf(seed: number, hours: number, start = START): readonly LifeHour[] {
  const random = randomStream(seed);
  const life: LifeHour[] = [];
  let mood = 0;
  let outage = 0;
  for (let i = 0; i < hours; i++) {
    const hour = start + i;
    if (i % 40 === 0) mood = random.below(5);
    if (random.below(150) === 0) outage = 1 + random.below(30);
    const count = [0, 2, 8, 20, 6][mood];
    const claims = Array.from({ length: random.below(count + 1) }, (_, n) => claimOf(hour, n));
    const recent = life.slice(-20).flatMap((each) => each.claims);
    const challenged =
      recent.length > 0 && random.below(12) === 0
        ? [
            {
              claim: recent[random.below(recent.length)],
              verdict: ([null, 'upheld', 'dismissed'] as const)[random.below(3)],
            },
          ]
        : [];
    life.push({ hour, claims, outage: outage-- > 0, challenged });
  }
  return life;

  function claimOf(hour: number, n: number): LifeClaim {
    const bucket = mood === 4 ? 'learning' : BUCKETS[random.below(4)];
    const size = String(1 + random.below(mood === 3 ? 4000 : 900));
    const work = {
      inference: { tokens: `${size}000`, quality: ['0.5', '1', '1.25', '1.5'][random.below(4)] },
      learning: { improvementPct: `${Number(size) % 7}.25`, difficulty: '2' },
      validation: { tasks: size },
      dataset: { gb: `${size}.5`, quality: '0.9' },
    }[bucket];
    const workId = `work-${hour}-${n}`;
    return { hour, bucket, wallet: `wallet:w${random.below(30)}`, workId, work };
  }
}

/** Lives it. `shuffled` submits the claims of an hour in another order. */
export async function live(
  ledger: Ledger,
  life: readonly LifeHour[],
  {
    config,
    shuffled = false,
    restartEvery = 0,
    onRestart,
  }: {
    readonly config?: RewardConfig;
    readonly shuffled?: boolean;
    /** A new distributor every so many hours; 0: one for all. */
    readonly restartEvery?: number;
    readonly onRestart?: (
      before: AutomaticRewardDistributor,
      after: AutomaticRewardDistributor,
    ) => void;
  } = {},
): Promise<{
  readonly ids: ReadonlyMap<LifeClaim, string>;
  readonly distributor: AutomaticRewardDistributor;
}> {
  let nowMs = life[0].hour * HOUR;
  const open = () => new AutomaticRewardDistributor({ ledger, config, now: () => nowMs });
  let distributor = open();
  const ids = new Map<LifeClaim, string>();
  for (const [i, { hour, claims, outage, challenged }] of life.entries()) {
    nowMs = hour * HOUR + 1000;
    const order = shuffled ? [...claims].reverse() : claims;
    await Promise.all(
      order.map(async (claim) => {
        const { bucket, wallet, work, workId } = claim;
        ids.set(claim, await distributor.submitClaim(bucket, wallet, work as never, { workId }));
      }),
    );
    for (const { claim, verdict } of challenged)
      await dispute(distributor, ids, { claim, verdict, hour });
    if (restartEvery > 0 && i % restartEvery === restartEvery - 1) {
      const after = open();
      await after.ready;
      onRestart?.(distributor, after);
      distributor = after;
    }
    nowMs = (hour + 1) * HOUR;
    if (!outage) await distributor.settleDue();
  }
  await distributor.settleDue();
  return { ids, distributor };
}

async function dispute(
  distributor: AutomaticRewardDistributor,
  ids: ReadonlyMap<LifeClaim, string>,
  { claim, verdict, hour }: LifeHour['challenged'][number] & { readonly hour: number },
): Promise<void> {
  const claimId = ids.get(claim) ?? '';
  const request = { claimId, challenger: `did:key:z${hour}`, evidence: 'a bad batch' };
  const done = await distributor.challenge(request).catch(() => null);
  if (done === null || verdict === null) return;
  await distributor.decide({ claimId, ...done, verdict, reason: 'looked at it' });
}
