// Made-up graphs for tests, benchmarks and trials, the same for a seed on every machine: integers
// and rejection sampling, doubles only with + − × ÷ √.
//   kronecker  R-MAT with the Graph500 probabilities .57 .19 .19 .05 and permuted labels
//   uniform    both ends of every link drawn alike
//   bostrom    the shape of a real cybergraph: about as many particles as links, one archivist
//              signing 77.8 %, bursts of links from one source, a few hubs, many small components;
//              stakes with a heavy tail, P(a ≥ x) ~ 1/x
// A link is a from, a to, a stake and, in `bostrom`, a neuron, all as numbers; generate-ids.ts
// writes their names.

import { FocusError } from '../base/errors.js';
import { randomStream } from '../base/random.js';
import type { Random } from '../base/random.js';
import { bostromSource } from './generate-bostrom.js';
import { NAME_BYTES, writeNeuron, writeParticle } from './generate-ids.js';
import type { IdStyle } from './generate-ids.js';
import type { LinkBlock, LinkSource } from './link-block.js';
import { writeInteger } from './id-bytes.js';
import { createLinkBuilder } from './link-builder.js';
import type { Links } from './links.js';

/** What to make: a shape, a seed and the kind of ids. */
export interface GenerateOptions {
  readonly profile: 'kronecker' | 'uniform' | 'bostrom';
  /** Unsigned 32-bit. */
  readonly seed: number;
  /** Particle ids: decimal integers (default) or 46-character content ids. */
  readonly ids?: IdStyle;
  /** Kronecker: 2^scale particles, 1…30. */
  readonly scale?: number;
  /** Kronecker: links per particle, default 16. */
  readonly edgeFactor?: number;
  /** Uniform: particles to draw from, 2…2³². */
  readonly particles?: number;
  /** Links to make; needed by `uniform` and `bostrom`, and it overrides scale · edgeFactor. */
  readonly links?: number;
  /** Stake of a link: 1, or an integer with a heavy tail (default for `bostrom`). */
  readonly stakes?: 'unit' | 'heavy';
}

const BLOCK_LINKS = 4096;
const CHUNK_BYTES = 1 << 20;
const MAX_STAKE = 1e12;

/**
 * Yields the links as numbers, block by block. Throws FocusError `bad-parameter` for a size out of
 * range. Cost: 15 to 100 ns a link.
 */
export function* generateBlocks(options: GenerateOptions): Generator<LinkBlock> {
  const total = linkCount(options);
  const source = sourceOf(options, total);
  const block: LinkBlock = {
    count: 0,
    from: new Float64Array(BLOCK_LINKS),
    to: new Float64Array(BLOCK_LINKS),
    amount: new Float64Array(BLOCK_LINKS),
    neuron: options.profile === 'bostrom' ? new Uint32Array(BLOCK_LINKS) : null,
  };
  const stakes = options.stakes ?? (options.profile === 'bostrom' ? 'heavy' : 'unit');
  const stakeRandom = randomStream(options.seed, 1);
  for (let made = 0; made < total; made += block.count) {
    block.count = Math.min(BLOCK_LINKS, total - made);
    for (let i = 0; i < block.count; i++) {
      source(block, i);
      block.amount[i] = stakes === 'unit' ? 1 : heavyStake(stakeRandom);
    }
    yield block;
  }
}

/** The same links as a batch for buildGraph. */
export function generateLinks(options: GenerateOptions): Links {
  const builder = createLinkBuilder(linkCount(options));
  const ids = options.ids ?? 'integer';
  const bytes = new Uint8Array(2 * NAME_BYTES);
  const particle = (index: number): number =>
    ids === 'integer'
      ? builder.particleNumber(index)
      : builder.particle(bytes, 0, writeParticle(bytes, 0, index, ids, options.seed));
  for (const block of generateBlocks(options)) {
    for (let i = 0; i < block.count; i++) {
      const from = particle(block.from[i]);
      builder.addRow(from, particle(block.to[i]), block.amount[i]);
      if (block.neuron === null) continue;
      const end = writeNeuron(bytes, 0, block.neuron[i], options.seed);
      builder.setNeuron(builder.neuron(bytes, 0, end));
    }
  }
  return builder.finish();
}

/**
 * The same links as text, in chunks of about 1 MiB: rows of from, to, amount and, in `bostrom`,
 * neuron, without a header, parted by tabs. Each chunk is a new array. Cost: 0.1 to 0.5 µs a link.
 */
export function* generateTsv(options: GenerateOptions): Generator<Uint8Array> {
  const ids = options.ids ?? 'integer';
  const { seed } = options;
  const longestRow = 3 * NAME_BYTES + 24;
  let chunk = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  for (const block of generateBlocks(options)) {
    for (let i = 0; i < block.count; i++) {
      if (at + longestRow > CHUNK_BYTES) {
        yield chunk.subarray(0, at);
        chunk = new Uint8Array(CHUNK_BYTES);
        at = 0;
      }
      at = writeParticle(chunk, at, block.from[i], ids, seed);
      chunk[at] = 0x09;
      at = writeParticle(chunk, at + 1, block.to[i], ids, seed);
      chunk[at] = 0x09;
      at = writeInteger(chunk, at + 1, block.amount[i]);
      if (block.neuron !== null) {
        chunk[at] = 0x09;
        at = writeNeuron(chunk, at + 1, block.neuron[i], seed);
      }
      chunk[at++] = 0x0a;
    }
  }
  if (at > 0) yield chunk.subarray(0, at);
}

function linkCount(options: GenerateOptions): number {
  if (options.links !== undefined) return inRange('links', options.links, 1, 2 ** 32 - 1);
  if (options.profile !== 'kronecker') {
    throw new FocusError('bad-parameter', `profile ${options.profile}: expected a number of links`);
  }
  const factor = inRange('edge factor', options.edgeFactor ?? 16, 1, 65536);
  return inRange('links', 2 ** kroneckerScale(options) * factor, 1, 2 ** 32 - 1);
}

function kroneckerScale(options: GenerateOptions): number {
  return inRange('scale', options.scale ?? NaN, 1, 30);
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const message = `${name}: expected an integer from ${least} to ${most}, found ${value}`;
  throw new FocusError('bad-parameter', message);
}

function sourceOf(options: GenerateOptions, links: number): LinkSource {
  inRange('seed', options.seed, 0, 2 ** 32 - 1);
  const random = randomStream(options.seed, 0);
  if (options.profile === 'kronecker') return kroneckerSource(kroneckerScale(options), random);
  if (options.profile === 'bostrom') return bostromSource(links, random);
  const particles = inRange('particles', options.particles ?? NaN, 2, 2 ** 32);
  return (block, place) => {
    block.from[place] = random.below(particles);
    block.to[place] = random.below(particles);
  };
}

/** Descends `scale` quadrants a link; thresholds are the probabilities in units of 2⁻³². */
function kroneckerSource(scale: number, random: Random): LinkSource {
  const a = 2448131359;
  const ab = a + 816043786;
  const abc = ab + 816043786;
  const labels = permutation(2 ** scale, random);
  return (block, place) => {
    let from = 0;
    let to = 0;
    for (let level = 0; level < scale; level++) {
      const drawn = random.uint32();
      from = (from << 1) | (drawn >= ab ? 1 : 0);
      to = (to << 1) | ((drawn >= a && drawn < ab) || drawn >= abc ? 1 : 0);
    }
    block.from[place] = labels[from];
    block.to[place] = labels[to];
  };
}

/** Fisher–Yates. */
function permutation(count: number, random: Random): Uint32Array {
  const labels = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = labels[i];
    labels[i] = labels[j];
    labels[j] = swapped;
  }
  return labels;
}

/** ⌊1/u⌋ for uniform u: at least x with probability 1/x, cut off at 10¹². */
function heavyStake(random: Random): number {
  const u = random.double();
  return u * MAX_STAKE <= 1 ? MAX_STAKE : Math.floor(1 / u);
}
