// How a neuron makes a claim: from its own shift on a neighbourhood, or from a recomputation of the
// whole graph. What it claims is what it can prove: the value less its own error, and zero at least.

import type { SigningKey } from '../base/did-key.js';
import type { SealedHeader } from '../focus/header.js';
import type { SignalLink } from '../graph/signal.js';
import { signClaim, type Claim, type ClaimBody, type ClaimFunction } from './claim.js';
import type { LocalShift } from './local-shift.js';
import { unitsUp, type RecomputedShift } from './recompute.js';
import { shiftTree, type ClaimedEntry, type ShiftTree } from './shift-tree.js';

/** What a claim is about. */
export interface ClaimSubject {
  readonly header: SealedHeader;
  readonly sequence: number;
  readonly links: readonly SignalLink[];
  readonly function: ClaimFunction;
}

/** A claim and the shift that it commits to. */
export interface ProvenClaim {
  readonly claim: Claim;
  readonly tree: ShiftTree;
}

/** 2⁶¹: units in a double are exact where it is scaled. */
const UNIT = 2 ** 61;

/**
 * Claims a local shift. Entries that move by less than `floor` beside what all do are left out; what
 * that adds up to is stated. Rounding to units is in the error.
 */
export function claimLocally(
  subject: ClaimSubject,
  shift: LocalShift,
  key: SigningKey,
  floor = 0,
): ProvenClaim {
  const entries: ClaimedEntry[] = [];
  let omitted = 0n;
  for (const { id, value, own } of shift.entries) {
    const units = BigInt(Math.round(value * UNIT));
    if (units === 0n || Math.abs(own) < floor) omitted += unitsUp(Math.abs(own));
    else entries.push({ id, units: String(units) });
  }
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  const isNorm = subject.function === 'delta-norm';
  const valueError = unitsUp(isNorm ? shift.errorBound : shift.entropyBound);
  const value = BigInt(Math.floor((isNorm ? shift.norm : shift.entropyPart) * UNIT)) - valueError;
  return seal(subject, key, {
    entries,
    value,
    valueError,
    share: BigInt(Math.round(shift.share * UNIT)),
    omitted,
    // Of each entry half a unit, of `share` one of all that it multiplies.
    shiftError: unitsUp(shift.errorBound) + BigInt(shift.entries.length) + 1n,
  });
}

/** Claims what was recomputed in exact arithmetic: no error, and the same integers for everybody. */
export function claimExactly(
  subject: ClaimSubject,
  { entries, value }: RecomputedShift,
  key: SigningKey,
): ProvenClaim {
  return seal(subject, key, {
    entries,
    value,
    valueError: 0n,
    share: 0n,
    omitted: 0n,
    shiftError: 0n,
  });
}

interface Sealed {
  readonly entries: readonly ClaimedEntry[];
  readonly value: bigint;
  readonly valueError: bigint;
  readonly share: bigint;
  readonly omitted: bigint;
  readonly shiftError: bigint;
}

function seal(subject: ClaimSubject, key: SigningKey, found: Sealed): ProvenClaim {
  const tree = shiftTree(found.entries);
  const { header, sequence, links, function: name } = subject;
  const body: ClaimBody = {
    format: 'focus-claim-1',
    neuron: key.did,
    sequence,
    header: header.hash,
    links,
    function: name,
    value: String(found.value > 0n ? found.value : 0n),
    valueError: String(found.valueError),
    shift: tree.head,
    share: String(found.share),
    omitted: String(found.omitted),
    shiftError: String(found.shiftError),
  };
  return { claim: signClaim(body, key), tree };
}
