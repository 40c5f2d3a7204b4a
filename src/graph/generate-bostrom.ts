// The shape of the bostrom cybergraph: 3.0 M links over 3.1 M particles, 1,240 neurons, one of them
// an archivist. Links come in bursts: a neuron links one source to k targets, P(k ≥ x) = x^(−4/3)
// (some bursts: x^(−8/7)), so half of them are one link. Four fifths of the targets are new
// particles, a few are hubs, the rest were there before; one burst in ten starts from a particle
// that was there before. Measured over four seeds at 50,000 links: 1.03–1.05 particles a link, mean
// out-degree 3.7–4.0, median 1, largest 2,370–2,440, largest in-degree 1,020–1,070, 6,000
// components; at 3,000,000 links: 1.025 particles a link, mean out-degree 4.1, 1,240 neurons.

import type { Random } from '../base/random.js';
import type { LinkBlock, LinkSource } from './link-block.js';

const NEURONS = 1240;
/** Of 1000 links the archivist signs 778, spread evenly. */
const ARCHIVIST_PER_MILLE = 778;
/** Shares of all links, in units of 2⁻³²; cumulative thresholds of one draw for the target. */
const HUBS = [0.022, 0.034, 0.044, 0.051].map(threshold);
const KNOWN_TARGET = threshold(0.2);
/** Links out of the one source that is linked from again and again. */
const HUB_SOURCE = threshold(0.048);
const KNOWN_SOURCE = threshold(0.1);
const LONG_BURST = threshold(0.15);
/** No burst is longer than this share of the links. */
const LONGEST_BURST = 0.02;

/**
 * A source of `links` links; particle numbers count up as particles appear, neuron 0 is the
 * archivist.
 */
export function bostromSource(links: number, random: Random): LinkSource {
  const longest = Math.max(1, Math.floor(links * LONGEST_BURST));
  // The hubs and the busy source come first.
  const busy = HUBS.length;
  let particles = busy + 1;
  let source = busy;
  let left = 0;
  let made = 0;
  const target = (from: number): number => {
    const drawn = random.uint32();
    for (let hub = 0; hub < HUBS.length; hub++) if (drawn < HUBS[hub] && hub !== from) return hub;
    if (drawn >= KNOWN_TARGET) return particles++;
    // One draw again where it hits the source itself: a self-loop is then possible, but rare.
    const known = random.below(particles);
    return known === from ? random.below(particles) : known;
  };
  return (block: LinkBlock, place: number): void => {
    let from = busy;
    if (random.uint32() >= HUB_SOURCE) {
      if (left === 0) {
        left = Math.min(longest, burstLength(random));
        source = random.uint32() < KNOWN_SOURCE ? random.below(particles) : particles++;
      }
      left--;
      from = source;
    }
    block.from[place] = from;
    block.to[place] = target(from);
    if (block.neuron !== null) block.neuron[place] = signer(made, random);
    made++;
  };
}

/** ⌊u^(−3/4)⌋, and of some bursts ⌊u^(−7/8)⌋. */
function burstLength(random: Random): number {
  const root = Math.sqrt(random.double());
  const fourth = Math.sqrt(root);
  const power = random.uint32() < LONG_BURST ? root * fourth * Math.sqrt(fourth) : root * fourth;
  const length = Math.floor(1 / power);
  return length < 2 ** 31 ? length : 2 ** 31;
}

/** The archivist, or another neuron: number x with a density falling like 1/√x. */
function signer(made: number, random: Random): number {
  const before = Math.floor((made * ARCHIVIST_PER_MILLE) / 1000);
  if (Math.floor(((made + 1) * ARCHIVIST_PER_MILLE) / 1000) > before) return 0;
  const u = random.double();
  return 1 + Math.floor(u * u * (NEURONS - 1));
}

function threshold(share: number): number {
  return Math.floor(share * 4294967296);
}
