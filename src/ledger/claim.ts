// Claims: how much was claimed, and what became of it. Units move queued → pending → paid | voided,
// or queued → expired, and never back.
//   granted = pending + paid + voided        granted + queued + expired = claimed        all ≥ 0

import type { Refusal } from './refusal.js';
import type { ClaimEffect } from './transaction.js';

/** Pending units that may become final at the same moment. */
export interface Tranche {
  readonly matureAtMs: number;
  readonly units: bigint;
}

/** What the ledger knows of a claim. */
export interface ClaimRecord {
  readonly key: string;
  readonly token: string;
  readonly recipient: string;
  readonly claimed: bigint;
  readonly queued: bigint;
  readonly expired: bigint;
  readonly paid: bigint;
  readonly voided: bigint;
  /** Pending units, by rising `matureAtMs`, each moment once. */
  readonly tranches: readonly Tranche[];
}

/** Granted units that are neither paid nor void yet. */
export function pendingUnits({ tranches }: ClaimRecord): bigint {
  return tranches.reduce((sum, { units }) => sum + units, 0n);
}

/** Units that were ever granted. */
export function grantedUnits(claim: ClaimRecord): bigint {
  return pendingUnits(claim) + claim.paid + claim.voided;
}

/** The claim after an effect at a time, or why that cannot be. */
export function afterEffect(
  claim: ClaimRecord | null,
  effect: ClaimEffect,
  timeMs: number,
): ClaimRecord | Refusal {
  const { key } = effect;
  if (effect.effect === 'open') {
    if (claim !== null) return { code: 'claim-exists', facts: { claim: key } };
    const { recipient, token, units } = effect;
    const none = { expired: 0n, paid: 0n, voided: 0n, tranches: [] };
    return { key, token, recipient, claimed: units, queued: units, ...none };
  }
  if (claim === null) return { code: 'unknown-claim', facts: { claim: key } };
  switch (effect.effect) {
    case 'grant': {
      const { units, matureAtMs } = effect;
      if (units > claim.queued) return tooMuch('queue-exceeded', claim, units, claim.queued);
      const tranches = joined(claim.tranches, matureAtMs, units);
      return { ...claim, queued: claim.queued - units, tranches };
    }
    case 'expire': {
      const { units } = effect;
      if (units > claim.queued) return tooMuch('queue-exceeded', claim, units, claim.queued);
      return { ...claim, queued: claim.queued - units, expired: claim.expired + units };
    }
    case 'finalise': {
      const matured = claim.tranches.filter(({ matureAtMs }) => matureAtMs <= timeMs);
      const ready = matured.reduce((sum, { units }) => sum + units, 0n);
      const { units } = effect;
      if (units > pendingUnits(claim)) {
        return tooMuch('pending-exceeded', claim, units, pendingUnits(claim));
      }
      if (units > ready) return immature(claim, units, ready, timeMs);
      return { ...claim, paid: claim.paid + units, tranches: withoutFirst(claim.tranches, units) };
    }
    case 'void': {
      const { units } = effect;
      const pending = pendingUnits(claim);
      if (units > pending) return tooMuch('pending-exceeded', claim, units, pending);
      const tranches = withoutFirst([...claim.tranches].reverse(), units).reverse();
      return { ...claim, voided: claim.voided + units, tranches };
    }
    case 'extend':
      return { ...claim, tranches: extended(claim.tranches, effect.matureAtMs) };
  }
}

function tooMuch(
  code: 'queue-exceeded' | 'pending-exceeded',
  { key, token }: ClaimRecord,
  units: bigint,
  available: bigint,
): Refusal {
  const facts = { claim: key, token, units: String(units), available: String(available) };
  return { code, facts };
}

function immature(claim: ClaimRecord, units: bigint, ready: bigint, timeMs: number): Refusal {
  const next = claim.tranches.find(({ matureAtMs }) => matureAtMs > timeMs);
  return {
    code: 'immature',
    facts: {
      claim: claim.key,
      token: claim.token,
      units: String(units),
      available: String(ready),
      timeMs: String(timeMs),
      matureAtMs: String(next?.matureAtMs ?? timeMs),
    },
  };
}

function joined(
  tranches: readonly Tranche[],
  matureAtMs: number,
  units: bigint,
): readonly Tranche[] {
  const same = tranches.find((each) => each.matureAtMs === matureAtMs);
  const others = tranches.filter((each) => each !== same);
  return [...others, { matureAtMs, units: units + (same?.units ?? 0n) }].sort(
    (a, b) => a.matureAtMs - b.matureAtMs,
  );
}

/** What is left when units are taken from the first tranches on. */
function withoutFirst(tranches: readonly Tranche[], units: bigint): Tranche[] {
  let left = units;
  const rest: Tranche[] = [];
  for (const tranche of tranches) {
    const taken = left < tranche.units ? left : tranche.units;
    left -= taken;
    if (taken < tranche.units) rest.push({ ...tranche, units: tranche.units - taken });
  }
  return rest;
}

function extended(tranches: readonly Tranche[], matureAtMs: number): readonly Tranche[] {
  let result: readonly Tranche[] = [];
  for (const tranche of tranches) {
    result = joined(result, Math.max(matureAtMs, tranche.matureAtMs), tranche.units);
  }
  return result;
}
