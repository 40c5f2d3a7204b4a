// Link valuation: what each link i → j earned over a sequence of epochs.
//   R(T) = Σ_e w(e) · [φ*_j(e) − φ*_j(e−1)] · share(e) · 1{alive in e}        e from the second epoch
// The first epoch is where the sequence begins: it has no epoch before, so nothing is earned in it.
// A particle that was not there before had focus 0: the links that bring it earn all it has. Yields can
// be negative, and are reported as they are. Links are valued epoch by epoch, so a sequence is
// streamed: two epochs are held, and what each link earned. Doubles with + − × ÷ in the order of
// epochs: equal inputs give equal bits.

import { check, FocusError, shown } from '../base/errors.js';
import { placesIn } from '../graph/id-places.js';
import type { Ids } from '../graph/ids.js';
import type { LinkedGraph } from '../graph/linked.js';
import { collectCurves, type YieldCurves } from './curves.js';
import { checkEpoch, shiftsOfFocus, type ValuedEpoch } from './epoch-view.js';
import { openIdentities, type Identity, type NamedSlots, type SlotIdentity } from './identities.js';
import { arcAt } from '../graph/change.js';
import { sharesOf, type LinkShares, type ShareReading } from './shares.js';
import { grown, openTotals, type SlotTotals } from './totals.js';
import { checkWeighting, weightAt, type Weighting } from './weightings.js';

/** What makes a valuation; nothing has a default. */
export interface ValuationOptions {
  readonly weighting: Weighting;
  readonly share: ShareReading;
  readonly identity: Identity;
  /** Whether curves are kept: O(links × epochs) numbers. Sums are kept in any case. */
  readonly curves: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told after each epoch. */
  readonly onEpoch?: ((epoch: number) => void) | undefined;
}

/** One link as it was valued. */
export interface ValuedLink extends SlotIdentity {
  /** Place of the epoch in which it was first seen: 0 for what the sequence begins with. */
  readonly born: number;
  /** Epochs with yields in which it was alive. */
  readonly epochs: number;
  /** Whether it is alive in the last epoch. */
  readonly isAlive: boolean;
  /** R(T). */
  readonly value: number;
  /** Proven error of R(T) by that of the focus and by roundings; null where a focus has no bound. */
  readonly errorBound: number | null;
}

/** What birth says of a link. */
export interface Birth {
  /** Whether its axon was there in the epoch before. */
  readonly joinedAxon: boolean;
  /** Its share of its axon in its first epoch; 0 where it does not count. */
  readonly axonShare: number;
}

/** A sequence of epochs valued. Links are slots: by first epoch, and there by position. */
export interface Valuation {
  readonly options: ValuationOptions;
  /** Numbers of the epochs, ascending; the first has no yields. */
  readonly epochs: readonly number[];
  /** Slots. */
  readonly count: number;
  /** All of a link; names are made anew, so the columns below are for loops over all links. */
  linkAt(slot: number): ValuedLink;
  /** By slot: place of the epoch in which it was first seen. */
  readonly born: Uint32Array;
  /** By slot: index of the signing neuron in `neurons`, or NO_NEURON. */
  readonly neuron: Uint32Array;
  readonly neurons: Ids;
  birthAt(slot: number): Birth;
  /** Σ share · (e_t + e_{t−1}): what of Σ contributions focus does not prove; null as above. */
  noiseAt(slot: number): number | null;
  /** Proven error of R(T); null as above. */
  boundAt(slot: number): number | null;
  /** R(T) by slot. */
  readonly values: Float64Array;
  /** By slot: the link's index in `last`, −1 where it is not alive. */
  readonly lastIndex: Int32Array;
  /** Null unless asked for. */
  readonly curves: YieldCurves | null;
  /** Graph of the last epoch. */
  readonly last: LinkedGraph;
}

interface Births {
  epoch: Uint32Array;
  joined: Uint8Array;
  axonShare: Float64Array;
}

/**
 * Values the links of a sequence. O(links + particles) an epoch. Throws FocusError `bad-parameter` for a
 * weighting out of range, `bad-input` for epochs out of order, for a focus that does not fit its graph
 * and for fewer than two epochs, `too-large` where links cannot be named.
 */
export async function valueLinks(
  sequence: AsyncIterable<ValuedEpoch> | Iterable<ValuedEpoch>,
  options: ValuationOptions,
): Promise<Valuation> {
  checkWeighting(options.weighting);
  const identities = openIdentities(options.identity);
  const totals = openTotals();
  const collector = options.curves ? collectCurves() : null;
  const births: Births = {
    epoch: new Uint32Array(),
    joined: new Uint8Array(),
    axonShare: new Float64Array(),
  };
  const epochs: number[] = [];
  let before: ValuedEpoch | null = null;
  let slots: Uint32Array = new Uint32Array();
  for await (const view of sequence) {
    options.signal?.throwIfAborted();
    checkEpoch(view, before);
    const known = identities.count;
    slots = identities.match(view.linked);
    totals.grow(identities.count);
    const shares = sharesOf(view.linked, options.share);
    const places = before === null ? null : placesBefore(before, view);
    addBirths(births, { slots, known, t: epochs.length, shares, before, places }, identities.count);
    const t = epochs.length === 0 ? 0 : view.epoch - epochs[0];
    const { contributions, yields } = yieldsOf({ before, view, places, shares, t, options });
    if (before !== null) {
      totals.add(slots, shares, yields, boundOf(before, view), (own) =>
        Math.abs(weightAt(options.weighting, t, own)),
      );
    }
    collector?.add(slots, contributions, yields);
    epochs.push(view.epoch);
    before = view;
    options.onEpoch?.(view.epoch);
  }
  check(
    before !== null && epochs.length >= 2,
    'bad-input',
    () => `expected at least two epochs, found ${epochs.length}`,
    'what a link earns is a difference of two',
  );
  const { last, lastIndex } = lastOf(before, slots, identities.count);
  const curves = collector?.finish(identities.count) ?? null;
  return assemble(options, epochs, identities.finish(), births, totals, {
    last,
    lastIndex,
    curves,
  });
}

function assemble(
  options: ValuationOptions,
  epochs: readonly number[],
  identities: NamedSlots,
  births: Births,
  totals: SlotTotals,
  rest: Pick<Valuation, 'last' | 'lastIndex' | 'curves'>,
): Valuation {
  const { lastIndex } = rest;
  const { values, boundAt, noiseAt, epochsAt } = totals.finish(epochs.length);
  values.forEach((value, slot) => {
    if (Number.isFinite(value)) return;
    const { from, to } = identities.at(slot);
    const message = `link ${shown(from)} → ${shown(to)}: its yields sum to more than 1.8e308`;
    throw new FocusError('bad-input', message, 'use a larger unit of stake');
  });
  return {
    options,
    epochs,
    count: values.length,
    values,
    boundAt,
    noiseAt,
    born: births.epoch,
    neuron: identities.neuron,
    neurons: identities.neurons,
    linkAt: (slot) => ({
      ...identities.at(slot),
      born: births.epoch[slot],
      epochs: epochsAt(slot),
      isAlive: lastIndex[slot] >= 0,
      value: values[slot],
      errorBound: boundAt(slot),
    }),
    birthAt: (slot) => ({
      joinedAxon: births.joined[slot] === 1,
      axonShare: births.axonShare[slot],
    }),
    ...rest,
  };
}

function placesBefore(before: ValuedEpoch, view: ValuedEpoch): Int32Array {
  return placesIn(before.linked.graph.ids, view.linked.graph.ids);
}

/** e_t + e_{t−1}; null where either is unknown. */
function boundOf({ errorBound: a }: ValuedEpoch, { errorBound: b }: ValuedEpoch): number | null {
  return a === null || b === null ? null : a + b;
}

interface YieldsOf {
  readonly before: ValuedEpoch | null;
  readonly view: ValuedEpoch;
  /** Particles of the epoch in the one before; null in the first epoch. */
  readonly places: Int32Array | null;
  readonly shares: LinkShares;
  /** Epochs since the first. */
  readonly t: number;
  readonly options: ValuationOptions;
}

/** By link of the epoch; both the same array where w is 1. */
function yieldsOf({ before, view, places, shares, t, options }: YieldsOf): {
  readonly contributions: Float64Array;
  readonly yields: Float64Array;
} {
  const { to, share, weight } = shares;
  const { weighting } = options;
  const contributions = new Float64Array(to.length);
  const yields = weighting.name === 'constant' ? contributions : new Float64Array(to.length);
  if (before === null || places === null) return { contributions, yields };
  const shifts = shiftsOfFocus(view.phi, before.phi, places);
  const ofEpoch = weighting.name === 'own-weight' ? null : weightAt(weighting, t, 0);
  for (let i = 0; i < to.length; i++) {
    if (to[i] < 0) continue;
    contributions[i] = shifts[to[i]] * share[i];
    if (yields === contributions) continue;
    yields[i] = (ofEpoch ?? weightAt(weighting, t, weight[i])) * contributions[i];
  }
  return { contributions, yields };
}

interface BirthsOf {
  readonly slots: Uint32Array;
  /** Slots that were known before this epoch. */
  readonly known: number;
  readonly t: number;
  readonly shares: LinkShares;
  readonly before: ValuedEpoch | null;
  readonly places: Int32Array | null;
}

function addBirths(births: Births, given: BirthsOf, count: number): void {
  const { slots, known, t, shares, before, places } = given;
  births.epoch = grown(births.epoch, count);
  births.joined = grown(births.joined, count);
  births.axonShare = grown(births.axonShare, count);
  slots.forEach((slot, i) => {
    if (slot < known) return;
    births.epoch[slot] = t;
    births.axonShare[slot] = shares.axonShare[i];
    if (before === null || places === null || shares.from[i] < 0) return;
    const [p, q] = [places[shares.from[i]], places[shares.to[i]]];
    const isThere = p >= 0 && q >= 0 && arcAt(before.linked.graph.axons, p, q) >= 0;
    births.joined[slot] = isThere ? 1 : 0;
  });
}

function lastOf(
  { linked }: ValuedEpoch,
  slots: Uint32Array,
  count: number,
): Pick<Valuation, 'last' | 'lastIndex'> {
  const lastIndex = new Int32Array(count).fill(-1);
  slots.forEach((slot, i) => (lastIndex[slot] = i));
  return { last: linked, lastIndex };
}
