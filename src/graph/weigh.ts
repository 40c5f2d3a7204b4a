// The weight of each link:
//   w(ℓ) = (a + ⌊will(ν)/#links(ν)⌋) · karma(ν) · f(price) · e^{−λ(t_epoch − t)}
// #links(ν) counts every link of ν in the input, dropped ones too. A row's own karma and will hold
// for its link alone; a value given for a neuron by option overrides them. A link without a neuron
// has no will share. The product is formed from left to right in doubles, so a given input has one
// weight on every machine.

import { FocusError, check, shown } from '../base/errors.js';
import { exponential } from '../base/exponential.js';
import { NO_NEURON } from './links.js';
import type { Links } from './links.js';

/** What enters the weights besides the links. */
export interface WeightOptions {
  /**
   * Divide each link's stake by the largest (amount + will share) of all links, as
   * `reference-2026-07` does.
   */
  readonly normalize?: 'none' | 'largest-stake';
  /** Karma by neuron id, finite and ≥ 0; overrides the rows'. Ids that sign no link are ignored. */
  readonly karma?: ReadonlyMap<string, number>;
  /** Will by neuron id, finite and ≥ 0; overrides the rows'. */
  readonly will?: ReadonlyMap<string, number>;
  /** f: factor of a price, finite and ≥ 0; default: the price clamped to [0, 1]. */
  readonly priceFactor?: (price: number) => number;
  /**
   * e^{−rate · (epochTime − time)}: rate ≥ 0 per unit of time; every link needs a time ≤ epochTime.
   */
  readonly decay?: { readonly rate: number; readonly epochTime: number };
}

/** Weights of links. */
export interface Weights {
  /** One per link, finite and ≥ 0; may be the links' own amounts, so it must not be written to. */
  readonly values: Float64Array;
  /** Largest (amount + will share) over all links. */
  readonly largestStake: number;
}

/**
 * Computes the weight of every link; O(links), and no new array where weights are the amounts.
 * Throws `bad-parameter` for an option out of range, `bad-input` for a weight that overflows, will
 * on a link without a neuron, or decay where a link has no time or one after the epoch's.
 */
export function weighLinks(links: Links, options: WeightOptions): Weights {
  checkOptions(options);
  const shares = willShares(links, options);
  const largestStake = largest(links, shares);
  const isPlain =
    shares === null &&
    links.karma === null &&
    links.price === null &&
    options.priceFactor === undefined &&
    !hasEntries(options.karma) &&
    options.decay === undefined &&
    options.normalize !== 'largest-stake';
  if (isPlain) return { values: links.amount, largestStake };
  const values = new Float64Array(links.count);
  const divisor = options.normalize === 'largest-stake' && largestStake > 0 ? largestStake : 1;
  for (let i = 0; i < links.count; i++) {
    const stake = shares === null ? links.amount[i] : links.amount[i] + shares[i];
    values[i] = stake / divisor;
  }
  multiplyKarma(values, links, options);
  multiplyPrice(values, links, options);
  multiplyDecay(values, links, options);
  for (let i = 0; i < links.count; i++) {
    // False for NaN too, which an overflow followed by a factor of zero gives.
    if (!(values[i] < Infinity)) throw overflow(links, i);
  }
  return { values, largestStake };
}

function checkOptions(options: WeightOptions): void {
  for (const name of ['karma', 'will'] as const) {
    for (const [id, value] of options[name] ?? []) {
      check(
        value >= 0 && value < Infinity,
        'bad-parameter',
        () => `${name} of ${shown(id)}: expected a finite number from 0, found ${value}`,
      );
    }
  }
  const { decay } = options;
  if (decay === undefined) return;
  check(
    decay.rate >= 0 && decay.rate < Infinity,
    'bad-parameter',
    () => `decay rate: expected a finite number from 0, found ${decay.rate}`,
  );
  check(
    Number.isFinite(decay.epochTime),
    'bad-parameter',
    () => `epoch time: expected a finite number, found ${decay.epochTime}`,
  );
}

function hasEntries(map: ReadonlyMap<string, number> | undefined): boolean {
  return map !== undefined && map.size > 0;
}

/** ⌊will/#links⌋ of every link, or null where all are zero for want of any will. */
function willShares(links: Links, options: WeightOptions): Float64Array | null {
  if (links.will === null && !hasEntries(options.will)) return null;
  const { neuron, will, count } = links;
  const signed = countSigned(links);
  const given = valuesByNeuron(links, options.will);
  const shares = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const signer = neuron === null ? NO_NEURON : neuron[i];
    if (signer === NO_NEURON) {
      if (will !== null && will[i] > 0) {
        throw new FocusError(
          'bad-input',
          `link ${i + 1} (${name(links, i)}) has a will of ${will[i]} but no neuron`,
          'will is shared over the links of its neuron: name the neuron',
        );
      }
      continue;
    }
    const own = will === null ? 0 : will[i];
    const total = given !== null && given[signer] >= 0 ? given[signer] : own;
    shares[i] = total > 0 ? floorQuotient(total, signed[signer]) : 0;
  }
  return shares;
}

/** #links(ν) by neuron index. */
function countSigned(links: Links): Uint32Array {
  const signed = new Uint32Array(links.neurons?.count ?? 0);
  if (links.neuron === null) return signed;
  for (let i = 0; i < links.count; i++) {
    if (links.neuron[i] !== NO_NEURON) signed[links.neuron[i]]++;
  }
  return signed;
}

/**
 * An option's values by neuron index, −1 where it has none; null where there is no such option or
 * neuron.
 */
function valuesByNeuron(
  links: Links,
  byId: ReadonlyMap<string, number> | undefined,
): Float64Array | null {
  if (byId === undefined || byId.size === 0 || links.neurons === null) return null;
  const values = new Float64Array(links.neurons.count).fill(-1);
  for (const [id, value] of byId) {
    const index = links.neurons.indexOf(id);
    if (index >= 0) values[index] = value;
  }
  return values;
}

/**
 * ⌊total / parts⌋, exact also where the rounded quotient of doubles would reach the next integer.
 */
function floorQuotient(total: number, parts: number): number {
  if (total < 2 ** 52) return Math.floor(total / parts);
  return Number(BigInt(Math.floor(total)) / BigInt(parts));
}

function largest(links: Links, shares: Float64Array | null): number {
  const { amount, count } = links;
  let most = 0;
  for (let i = 0; i < count; i++) {
    const stake = shares === null ? amount[i] : amount[i] + shares[i];
    if (stake > most) most = stake;
  }
  if (most === Infinity) {
    throw overflow(
      links,
      amount.findIndex((a, i) => a + (shares?.[i] ?? 0) === Infinity),
    );
  }
  return most;
}

function multiplyKarma(values: Float64Array, links: Links, options: WeightOptions): void {
  const { karma, neuron } = links;
  const given = valuesByNeuron(links, options.karma);
  for (let i = 0; i < values.length; i++) {
    const signer = given === null || neuron === null ? NO_NEURON : neuron[i];
    if (given !== null && signer !== NO_NEURON && given[signer] >= 0) values[i] *= given[signer];
    else if (karma !== null) values[i] *= karma[i];
  }
}

function multiplyPrice(values: Float64Array, links: Links, options: WeightOptions): void {
  const { price } = links;
  if (price === null && options.priceFactor === undefined) return;
  const factorOf = options.priceFactor ?? ((p: number) => (p < 0 ? 0 : p > 1 ? 1 : p));
  for (let i = 0; i < values.length; i++) {
    const own = price === null ? 1 : price[i];
    const factor = factorOf(own);
    check(
      factor >= 0 && factor < Infinity,
      'bad-parameter',
      () => `price factor of ${own}: expected a finite number from 0, found ${factor}`,
    );
    values[i] *= factor;
  }
}

function multiplyDecay(values: Float64Array, links: Links, options: WeightOptions): void {
  const { decay } = options;
  if (decay === undefined) return;
  for (let i = 0; i < values.length; i++) {
    const time = links.time === null ? NaN : links.time[i];
    if (!(time <= decay.epochTime)) {
      const found = Number.isNaN(time) ? 'none' : String(time);
      throw new FocusError(
        'bad-input',
        `link ${i + 1} (${name(links, i)}): ` +
          `expected a time up to ${decay.epochTime}, found ${found}`,
        'decay needs the time of every link; leave out links after the epoch',
      );
    }
    values[i] *= exponential(-decay.rate * (decay.epochTime - time));
  }
}

function overflow(links: Links, i: number): FocusError {
  return new FocusError(
    'bad-input',
    `link ${i + 1} (${name(links, i)}): its weight is above 1.8e308`,
    'use a larger unit of stake',
  );
}

/** A link for humans: its ids. */
function name(links: Links, i: number): string {
  return `${shown(links.particles.at(links.from[i]))} → ${shown(links.particles.at(links.to[i]))}`;
}
