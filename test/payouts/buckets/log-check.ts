// The rules of the buckets, checked from a ledger's log alone by a second computation: plain sums over
// what was claimed, granted, expired and paid, hour by hour, in rationals of bigints. It shares no code
// with what it checks, beyond reading the log's JSON.

import type { Ledger } from '../../../src/ledger/ledger.js';

interface Written {
  readonly kind: string;
  readonly epoch: number;
  readonly timeMs: number;
  readonly postings: readonly { readonly account: string; readonly units: string }[];
  readonly claims?: readonly {
    readonly key: string;
    readonly effect: string;
    readonly units?: string;
    readonly recipient?: string;
    readonly to?: string;
  }[];
  readonly details?: Readonly<Record<string, string>>;
}

interface Claim {
  readonly bucket: string;
  readonly recipient: string;
  readonly hour: number;
  readonly claimed: bigint;
  queued: bigint;
  pending: bigint;
  paid: bigint;
  lost: bigint;
}

const BLY = 10n ** 9n;
const DAILY = 273_972n * BLY;
const YEARLY = 100_000_000n * BLY;
const FLOORS: Record<string, bigint> = {
  inference: 30n,
  learning: 25n,
  validation: 5n,
  dataset: 5n,
};
const CEILINGS: Record<string, bigint> = {
  inference: 60n,
  learning: 50n,
  validation: 15n,
  dataset: 15n,
};
const NAMES = Object.keys(FLOORS);

/** What was found, for tests to look at. */
export interface Checked {
  readonly hours: number;
  readonly claims: ReadonlyMap<string, Claim>;
  readonly paidTo: ReadonlyMap<string, bigint>;
  /** By bucket, over all hours. */
  readonly granted: Readonly<Record<string, bigint>>;
  /** Hours in which a bucket that asked for more than its floor was bound by its ceiling. */
  readonly atCeiling: number;
  /** Hours in which something was spent from tranches. */
  readonly fromTranches: number;
  readonly expired: bigint;
  readonly slashed: bigint;
}

/** Checks a log that the packaged policy settled; throws at the first hour that breaks a rule. */
export async function checkLog(ledger: Ledger): Promise<Checked> {
  const hours = new Map<number, Written[]>();
  const opened: { sequence: number; key: string; claim: Claim }[] = [];
  const through = new Map<number, number>();
  for await (const { content, sequence } of ledger.entries(0)) {
    const entry = JSON.parse(content) as Written;
    if (!entry.kind.startsWith('bly-')) continue;
    if (entry.kind === 'bly-claim') {
      const [{ key, units = '0', recipient = '' }] = entry.claims ?? [];
      const claim = { bucket: entry.details?.['bucket'] ?? '', recipient, hour: entry.epoch };
      const claimed = BigInt(units);
      const rest = { claimed, queued: claimed, pending: 0n, paid: 0n, lost: 0n };
      opened.push({ sequence, key, claim: { ...claim, ...rest } });
      continue;
    }
    // The time of a settlement is the end of its hour, whatever epoch it was written in.
    const hour = entry.timeMs / 3_600_000 - 1;
    if (entry.kind === 'bly-settlement') through.set(hour, Number(entry.details?.['through']));
    if (/^bly-(grant|expiry|final|slash)$/.test(entry.kind)) {
      hours.set(hour, [...(hours.get(hour) ?? []), entry]);
    }
  }
  return walk(opened, hours, through);
}

function walk(
  opened: readonly { sequence: number; key: string; claim: Claim }[],
  hours: ReadonlyMap<number, readonly Written[]>,
  through: ReadonlyMap<number, number>,
): Checked {
  const claims = new Map<string, Claim>();
  const paidTo = new Map<string, bigint>();
  const tranches: { hour: number; units: bigint }[] = [];
  const years = new Map<number, bigint>();
  const totals: Record<string, bigint> = Object.fromEntries(NAMES.map((name) => [name, 0n]));
  const days = new Map<number, { granted: bigint; carried: bigint }>();
  const waiting = [...opened];
  let [atCeiling, fromTranches, expired, slashed] = [0, 0, 0n, 0n];
  let expectedHour = Math.min(...through.keys());
  for (const hour of [...through.keys()].sort((a, b) => a - b)) {
    must(hour === expectedHour++, hour, 'no hour is left out');
    for (let i = 0; i < waiting.length;) {
      const { sequence, key, claim } = waiting[i];
      if (sequence < (through.get(hour) ?? 0) && claim.hour <= hour) {
        claims.set(key, claim);
        waiting.splice(i, 1);
      } else if (claim.hour > hour) break;
      else i++;
    }
    const entries = hours.get(hour) ?? [];
    for (const entry of entries.filter(({ kind }) => kind === 'bly-slash')) {
      for (const { key, effect, units = '0' } of entry.claims ?? []) {
        const claim = known(claims, key, hour);
        slashed += BigInt(units);
        claim.lost += BigInt(units);
        if (effect === 'void') claim.pending -= BigInt(units);
        else claim.queued -= BigInt(units);
      }
    }
    const k = BigInt(((hour % 24) + 24) % 24);
    const fresh = (DAILY * (k + 1n)) / 24n - (DAILY * k) / 24n;
    while (tranches.length > 0 && tranches[0].hour < hour - 24) tranches.shift();
    const carried = tranches.reduce((sum, { units }) => sum + units, 0n);
    const year = new Date(hour * 3_600_000).getUTCFullYear();
    const before = years.get(year) ?? 0n;
    const available = min(fresh + carried, YEARLY - before);
    const demand: Record<string, bigint> = Object.fromEntries(NAMES.map((name) => [name, 0n]));
    for (const { bucket, queued } of claims.values()) demand[bucket] += queued;

    const granted: Record<string, bigint> = Object.fromEntries(NAMES.map((name) => [name, 0n]));
    for (const entry of entries) {
      if (entry.kind === 'bly-grant') applyGrant(entry, claims, granted, hour);
      if (entry.kind === 'bly-final') applyFinal(entry, claims, paidTo, hour);
    }
    for (const entry of entries.filter(({ kind }) => kind === 'bly-expiry')) {
      for (const { key, units = '0' } of entry.claims ?? []) {
        const claim = known(claims, key, hour);
        must(hour - claim.hour >= 168, hour, 'nothing expires before seven days');
        must(claim.queued === BigInt(units), hour, 'what expires is all that waits');
        claim.queued = 0n;
        claim.lost += BigInt(units);
        expired += BigInt(units);
      }
    }
    const sum = NAMES.reduce((total, name) => total + granted[name], 0n);
    for (const name of NAMES) totals[name] += granted[name];
    must(sum <= available, hour, `granted ${sum} of ${available}`);
    for (const name of NAMES) {
      const most = (CEILINGS[name] * available) / 100n;
      const least = min(demand[name], (FLOORS[name] * available) / 100n);
      must(granted[name] <= most + 1n, hour, `${name} is above its ceiling`);
      // A cohort that is cut pro rata leaves less than one unit a claim.
      const cut = BigInt([...claims.values()].filter(({ bucket }) => bucket === name).length);
      must(granted[name] >= least - cut - 1n, hour, `${name} got ${granted[name]}, floor ${least}`);
      if (demand[name] > most && granted[name] >= most - cut - 1n) atCeiling++;
    }
    for (const [key, claim] of claims) {
      must(claim.queued >= 0n && claim.pending >= 0n, hour, 'nothing is below zero');
      const rest = claim.queued + claim.pending + claim.paid + claim.lost;
      must(rest === claim.claimed, hour, 'granted + queued + expired = claimed');
      must(claim.queued === 0n || hour - claim.hour < 168, hour, 'nothing waits for ever');
      if (claim.queued === 0n && claim.pending === 0n && hour - claim.hour > 400)
        claims.delete(key);
    }
    spend(tranches, hour, fresh, sum);
    if (sum > 0n && carried > 0n) fromTranches++;
    years.set(year, before + sum);
    must(before + sum <= YEARLY, hour, 'the cap of the year');
    const day = Math.floor(hour / 24);
    const of = days.get(day) ?? { granted: 0n, carried };
    days.set(day, { ...of, granted: of.granted + sum });
    must(of.granted + sum <= DAILY + of.carried, hour, 'the budget of the day');
  }
  return {
    hours: through.size,
    claims,
    paidTo,
    granted: totals,
    atCeiling,
    fromTranches,
    expired,
    slashed,
  };
}

function applyGrant(
  entry: Written,
  claims: ReadonlyMap<string, Claim>,
  granted: Record<string, bigint>,
  hour: number,
): void {
  const [{ key, units = '0' }] = entry.claims ?? [];
  const claim = known(claims, key, hour);
  const size = BigInt(units);
  must(size > 0n && size <= claim.queued, hour, 'a grant is of what waits');
  claim.queued -= size;
  claim.pending += size;
  granted[claim.bucket] += size;
  const to = entry.postings.find(({ account }) => account === `pending:${claim.recipient}`);
  must(to?.units === units, hour, 'a grant is posted to whom it is granted');
}

function applyFinal(
  entry: Written,
  claims: ReadonlyMap<string, Claim>,
  paidTo: Map<string, bigint>,
  hour: number,
): void {
  for (const { key, units = '0' } of entry.claims ?? []) {
    const claim = known(claims, key, hour);
    const size = BigInt(units);
    must(size <= claim.pending, hour, 'final is what was pending');
    claim.pending -= size;
    claim.paid += size;
    paidTo.set(claim.recipient, (paidTo.get(claim.recipient) ?? 0n) + size);
  }
}

/** Oldest first, then the hour's own; what is left of that is a tranche. */
function spend(
  tranches: { hour: number; units: bigint }[],
  hour: number,
  fresh: bigint,
  granted: bigint,
): void {
  let open = granted;
  for (const tranche of tranches) {
    const taken = min(open, tranche.units);
    tranche.units -= taken;
    open -= taken;
  }
  const left = tranches.filter(({ units }) => units > 0n);
  tranches.splice(0, tranches.length, ...left);
  if (fresh > open) tranches.push({ hour, units: fresh - open });
}

function known(claims: ReadonlyMap<string, Claim>, key: string, hour: number): Claim {
  const claim = claims.get(key);
  if (claim === undefined) throw new Error(`hour ${hour}: ${key} is not a claim that waits`);
  return claim;
}

function must(holds: boolean, hour: number, rule: string): void {
  if (!holds) throw new Error(`hour ${hour}: ${rule}`);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
