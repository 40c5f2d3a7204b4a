// What a yield is multiplied by: w(t), or the link's own weight. t counts epochs since the first of
// the sequence, so the first yields have t = 1 where epochs are numbered without gaps.
//   constant      1
//   exponential   e^{−λt}      λ ≥ 0 per epoch
//   half-life     2^{−t/h}     h > 0 epochs; as e^{−t·(ln 2)/h}
//   own-weight    w(ℓ) of the link in the epoch, as it enters the axon: a stake
// To add one: one entry of the table. A parameter is always given, none has a default.

import { check } from '../base/errors.js';
import { exponential } from '../base/exponential.js';
import { logarithm } from '../base/logarithm.js';

/** The name of a weighting. */
export type WeightingName = 'constant' | 'exponential' | 'half-life' | 'own-weight';

/** A weighting and its parameter, null where it has none. */
export interface Weighting {
  readonly name: WeightingName;
  readonly parameter: number | null;
}

interface Definition {
  readonly formula: string;
  /** What the parameter is, and whether it is in range; null where there is none. */
  readonly parameter: readonly [what: string, accepts: (value: number) => boolean] | null;
  /** w at t ≥ 0 epochs after the first, for a link of weight `own`. */
  readonly weight: (t: number, own: number, parameter: number) => number;
}

/** All weightings by name. */
export const WEIGHTINGS: Readonly<Record<WeightingName, Definition>> = {
  constant: { formula: '1', parameter: null, weight: () => 1 },
  exponential: {
    formula: 'e^(-rate t)',
    parameter: ['a rate per epoch, finite and ≥ 0', (rate) => rate >= 0 && rate < Infinity],
    weight: (t, _, rate) => exponential(-rate * t),
  },
  'half-life': {
    formula: '2^(-t/h)',
    parameter: ['a half-life in epochs, finite and > 0', (half) => half > 0 && half < Infinity],
    weight: (t, _, half) => exponential((-t * logarithm(2)) / half),
  },
  'own-weight': { formula: 'w(link)', parameter: null, weight: (_, own) => own },
};

/** Throws `bad-parameter` for a name that none has, and for a parameter out of range or too many. */
export function checkWeighting({ name, parameter }: Weighting): void {
  const names = Object.keys(WEIGHTINGS);
  check(
    names.includes(name),
    'bad-parameter',
    () => `weighting: expected one of ${names.join(', ')}, found "${String(name)}"`,
  );
  const expected = WEIGHTINGS[name].parameter;
  if (expected === null) {
    const message = (): string => `weighting ${name}: expected no parameter, found ${parameter}`;
    check(parameter === null, 'bad-parameter', message);
    return;
  }
  const [what, accepts] = expected;
  check(
    parameter !== null && accepts(parameter),
    'bad-parameter',
    () => `weighting ${name}: expected ${what}, found ${parameter === null ? 'none' : parameter}`,
    `such as ${name}=0.1`,
  );
}

/** w for a link of weight `own` in the epoch t epochs after the first. */
export function weightAt({ name, parameter }: Weighting, t: number, own: number): number {
  return WEIGHTINGS[name].weight(t, own, parameter ?? 0);
}

/** A weighting for humans and for headers: `exponential=0.1`. */
export function weightingText({ name, parameter }: Weighting): string {
  return parameter === null ? name : `${name}=${parameter}`;
}
