// The class of a link, from its curve of contributions c_a (share · Δφ*_j, before any weighting) at the
// ages a = 0 … L−1, from its first epoch with yields to the last of the sequence; 0 while it is not
// alive. gain = Σ max(0, c_a). Rules are tried in the order of the table, and the last one takes what
// is left, so every link has exactly one class.
// Numbers compare as doubles, with "at most" and "at least" where the boundary itself belongs.

import { communitiesOf, type Communities } from '../graph/communities.js';
import { check } from '../base/errors.js';
import { sharesOf } from './shares.js';
import type { Valuation } from './link-valuation.js';

/** The class of a link. */
export type LinkClass = 'inert' | 'confirming' | 'bridge' | 'viral' | 'foundational';

/** What the rules look at. */
export interface LinkFeatures {
  /** c_a by age, at least one. */
  readonly contributions: ArrayLike<number>;
  /** What of the gain focus does not prove: Σ share · (e_t + e_{t−1}); 0 where nothing is known. */
  readonly noise: number;
  /** 1/n in the last epoch: the focus of an average particle. */
  readonly meanFocus: number;
  /** Whether the axon was there in the epoch before the link came. */
  readonly joinedAxon: boolean;
  /** Its share of the axon when it came. */
  readonly axonShare: number;
  /** Whether it is alive in the last epoch, its ends in two communities of that graph. */
  readonly joinsCommunities: boolean;
}

/** The numbers of all rules. */
export const CLASS_LIMITS = {
  /** inert: a gain of at most this share of the mean focus. */
  inertGain: 1e-3,
  /** confirming: a share of its axon of at most this. */
  confirmingShare: 1 / 2,
  /** bridge: no epoch has more than this share of the gain … */
  bridgePeak: 1 / 2,
  /** … and at least this share of the epochs since it came has a gain. */
  bridgeEpochs: 1 / 2,
  /** viral: the peak, and … */
  viralWindow: 1 / 4,
  /** … at least this share of the gain fall in the first viralWindow of its epochs. */
  viralGain: 1 / 2,
} as const;

interface Measured {
  readonly features: LinkFeatures;
  readonly life: number;
  readonly gain: number;
  /** The first age at which c_a is largest. */
  readonly peakAge: number;
  readonly peak: number;
  /** Ages with c_a > 0. */
  readonly gaining: number;
  /** ⌈viralWindow · L⌉. */
  readonly window: number;
  /** Gain at ages below the window. */
  readonly early: number;
}

interface ClassRule {
  readonly name: LinkClass;
  /** In a sentence, with its numbers. */
  readonly rule: string;
  readonly holds: (measured: Measured) => boolean;
}

/** Classes in the order in which they are tried. */
export const LINK_CLASSES: readonly ClassRule[] = [
  {
    name: 'inert',
    rule: 'gains at most 1/1000 of the mean focus 1/n, or at most what the error of focus leaves open',
    holds: ({ features: { noise, meanFocus }, gain }) =>
      gain <= CLASS_LIMITS.inertGain * meanFocus || gain <= noise,
  },
  {
    name: 'confirming',
    rule: 'its axon was there before it, and it came with at most half of the axon’s weight',
    holds: ({ features: { joinedAxon, axonShare } }) =>
      joinedAxon && axonShare <= CLASS_LIMITS.confirmingShare,
  },
  {
    name: 'bridge',
    rule:
      'its ends are in two communities; no epoch has more than half of its gain, ' +
      'and it gains in at least half of its epochs',
    holds: ({ features, gain, peak, gaining, life }) =>
      features.joinsCommunities &&
      peak <= CLASS_LIMITS.bridgePeak * gain &&
      gaining >= CLASS_LIMITS.bridgeEpochs * life,
  },
  {
    name: 'viral',
    rule: 'its best epoch, and at least half of its gain, fall in the first quarter of its epochs',
    holds: ({ gain, peakAge, window, early }) =>
      peakAge < window && early >= CLASS_LIMITS.viralGain * gain,
  },
  {
    name: 'foundational',
    rule: 'all others: the best epoch, or more than half of the gain, comes after the first quarter',
    holds: () => true,
  },
];

/** The class of a link with these features. O(epochs). */
export function classOf(features: LinkFeatures): LinkClass {
  const measured = measure(features);
  const found = LINK_CLASSES.find(({ holds }) => holds(measured));
  check(found !== undefined, 'invariant', () => 'the last rule takes every link');
  return found.name;
}

/** Classes of all links of a valuation. */
export interface Classified {
  /** By slot. */
  readonly classes: readonly LinkClass[];
  readonly counts: Readonly<Record<LinkClass, number>>;
  /** Of the last graph. */
  readonly communities: Communities;
}

/**
 * Classifies all links. O(links × epochs), and communities of the last graph. Throws `bad-parameter`
 * for a valuation without curves.
 */
export function classifyLinks(valuation: Valuation): Classified {
  const { curves, epochs, count, last, lastIndex } = valuation;
  check(
    curves !== null,
    'bad-parameter',
    () => 'classes: expected a valuation with curves, found none',
    'value the links with curves: true',
  );
  const communities = communitiesOf(last.graph.axons);
  const { from, to } = sharesOf(last, 'axon');
  const meanFocus = 1 / last.graph.particles;
  const counts = { inert: 0, confirming: 0, bridge: 0, viral: 0, foundational: 0 };
  const classes = Array.from({ length: count }, (_, slot): LinkClass => {
    const i = lastIndex[slot];
    const counted = i >= 0 && from[i] >= 0;
    const name = classOf({
      contributions: curves
        .of(slot)
        .contributions.subarray(Math.max(1, valuation.born[slot]), epochs.length),
      noise: valuation.noiseAt(slot) ?? 0,
      meanFocus,
      ...valuation.birthAt(slot),
      joinsCommunities: counted && communities.labels[from[i]] !== communities.labels[to[i]],
    });
    counts[name]++;
    return name;
  });
  return { classes, counts, communities };
}

function measure(features: LinkFeatures): Measured {
  const { contributions } = features;
  const life = contributions.length;
  const window = Math.ceil(CLASS_LIMITS.viralWindow * life);
  let gain = 0;
  let early = 0;
  let gaining = 0;
  let peakAge = 0;
  for (let a = 0; a < life; a++) {
    const each = Math.max(0, contributions[a]);
    gain += each;
    if (a < window) early += each;
    if (each > 0) gaining++;
    if (each > Math.max(0, contributions[peakAge])) peakAge = a;
  }
  const peak = Math.max(0, contributions[peakAge]);
  return { features, life, gain, peakAge, peak, gaining, window, early };
}
