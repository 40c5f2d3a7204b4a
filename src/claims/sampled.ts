// The verifier that samples: the entries of the claimed shift are under a root that was signed before
// the beacon was known; the beacon draws some, which are opened with their paths and compared with the
// verifier's own shift in doubles, whose every entry is within its bound. Of c entries that are false,
// the chance that none is drawn is `chanceUnseen`. What it does not see it does not prove: false
// entries that were not drawn, and particles that the claim leaves out.

import type { Backend } from '../backend/backend.js';
import { FocusError, check } from '../base/errors.js';
import { readBeacon } from '../base/beacon.js';
import { recordOf } from '../base/merkle-proof.js';
import { drawSample } from '../base/sample.js';
import type { BaseFocus } from '../focus/local/base.js';
import { shiftsOf } from '../focus/shifts.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import type { LinkedGraph } from '../graph/linked.js';
import { claimDigest, signalOf, type Claim } from './claim.js';
import { uncertainVerdict, unitsUp } from './recompute.js';
import { openedRefusal, type OpenedEntry } from './shift-tree.js';
import { CLAIM_ACCEPTED, refused, type ClaimVerdict, type ClaimVerifier } from './verifier.js';

/** What sampling needs. */
export interface SampledOptions {
  readonly linked: LinkedGraph;
  readonly focus: BaseFocus;
  /** 64 hex digits that nobody knew when claims were signed. */
  readonly beacon: string;
  /** Entries to draw from each claim. */
  readonly count: number;
  /** L1 error of the verifier's own shifts. */
  readonly tolerance: number;
  /** Largest `shiftError` that is paid for, in L1. */
  readonly mostError: number;
  readonly backend: Backend;
}

/** The indices of a claim's entries that a beacon draws: what its neuron has to open. */
export function drawnEntries(beacon: string, count: number, claim: Claim): readonly number[] {
  if (claim.shift.size === 0) return [];
  return drawSample(beacon, `focus-claim-sample-1 ${claimDigest(claim)}`, count, claim.shift.size);
}

/** Opens the verifier. A claim costs one shift in doubles and `count` paths. */
export function sampledVerifier(options: SampledOptions): ClaimVerifier {
  const beacon = readBeacon(options.beacon);
  const most = unitsUp(options.mostError);
  check(
    Number.isInteger(options.count) && options.count > 0,
    'bad-parameter',
    () => `count: expected an integer > 0, found ${options.count}`,
  );
  return {
    name: 'sampled',
    verify: async (_, claim, proof) => {
      const uncertain = BigInt(claim.shiftError) + BigInt(claim.omitted);
      if (uncertain > most) {
        return refused('too-uncertain', `error ${uncertain}: at most ${most} is paid for`);
      }
      const opened = openedOf(claim, drawnEntries(beacon, options.count, claim), proof);
      if (typeof opened === 'string') return refused('bad-proof', opened);
      try {
        return await compare(options, most, claim, opened);
      } catch (error) {
        if (!(error instanceof FocusError) || error.code !== 'bad-input') throw error;
        return refused('bad-signal', error.message);
      }
    },
  };
}

/** The entries that were drawn, as the proof opens them, or what is wrong with it. */
function openedOf(
  claim: Claim,
  drawn: readonly number[],
  proof: unknown,
): readonly OpenedEntry[] | string {
  const list = recordOf(proof)?.['openings'];
  if (!Array.isArray(list) || list.length !== drawn.length) {
    return `openings: expected a list of the ${drawn.length} entries drawn`;
  }
  for (const [k, opened] of list.entries()) {
    if (recordOf(opened)?.['index'] !== drawn[k]) {
      return `openings[${k}]: expected entry ${drawn[k]}, as the beacon draws it`;
    }
    const refusal = openedRefusal(claim.shift, opened);
    if (refusal !== null) return `openings[${k}]: ${refusal}`;
  }
  return list as readonly OpenedEntry[];
}

async function compare(
  { linked, focus, tolerance, backend }: SampledOptions,
  most: bigint,
  claim: Claim,
  opened: readonly OpenedEntry[],
): Promise<ClaimVerdict> {
  const changes = axonChangesOf(linked, [signalOf(claim)]);
  const { graph } = linked;
  const [shift] = await shiftsOf(graph, focus, [changes], { tolerance, floor: 0 }, backend);
  const shiftError = unitsUp(shift.errorBound);
  const uncertain = uncertainVerdict({ ...shift, shiftError }, most, tolerance);
  if (uncertain !== null) return uncertain;
  const values = new Map<number, number>();
  shift.particles.forEach((i, k) => values.set(i, shift.values[k]));
  const added = new Map(changes.names.map((id, k) => [id, graph.particles + k]));
  const error = shiftError + BigInt(claim.shiftError);
  for (const { entry } of opened) {
    const known = graph.ids.indexOf(entry.id);
    const i = known >= 0 ? known : (added.get(entry.id) ?? -1);
    const rest = i >= 0 && i < graph.particles ? -shift.share * focus.phi[i] : 0;
    const own = BigInt(Math.round((values.get(i) ?? rest) * 2 ** 61));
    const distance = BigInt(entry.units) - own;
    if ((distance < 0n ? -distance : distance) <= error) continue;
    return refused(
      'wrong-shift',
      `shift of ${entry.id}: claimed ${entry.units}, found ${own} with an error of ${error} at most`,
    );
  }
  const { norm, entropyPart, entropyBound } = shift;
  const isNorm = claim.function === 'delta-norm';
  const value = isNorm
    ? norm
    : claim.function === 'syntropy'
      ? entropyPart
      : Math.max(0, entropyPart);
  const highest = unitsUp(Math.max(0, value + (isNorm ? shift.errorBound : entropyBound)));
  if (BigInt(claim.value) <= highest) return CLAIM_ACCEPTED;
  return refused('over-claimed', `value ${claim.value}: found ${highest} at most`);
}
