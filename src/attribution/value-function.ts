// Value functions of coalitions: v(S) from what the links of S, added to the graph before, move.
// v(∅) = 0. None is clipped but `directed`, whose definition clips.

import { check, invariant } from '../base/errors.js';
import type { CoalitionMeasures } from '../focus/coalitions/measures.js';
import { VALUE_ONE } from './game.js';

/** A value of a coalition, and its proven error. */
export interface Value {
  readonly value: number;
  /** Null where nothing is proven. */
  readonly errorBound: number | null;
}

/** A named value function. */
export interface ValueFunction {
  readonly name: string;
  /** One line for humans. */
  readonly description: string;
  readonly of: (measures: CoalitionMeasures) => Value;
}

const entropyPart = ({ entropyPart: value, entropyBound }: CoalitionMeasures): Value => ({
  value,
  errorBound: entropyBound,
});

/** The table of value functions by name. */
export const VALUE_FUNCTIONS = {
  directed: {
    name: 'directed',
    description: 'H before − H after where that is positive, else 0',
    of: (measures) => ({ ...entropyPart(measures), value: Math.max(0, measures.entropyPart) }),
  },
  syntropy: {
    name: 'syntropy',
    description: 'H before − H after: the entropy part alone',
    of: entropyPart,
  },
  'delta-j': {
    name: 'delta-j',
    description: 'the entropy part and the discovery part, ln n after − ln n before',
    of: (measures) => ({
      value: measures.entropyPart + measures.discoveryPart,
      errorBound: measures.entropyBound + 2 ** -50,
    }),
  },
  'delta-norm': {
    name: 'delta-norm',
    description: 'Σ|Δφ| over all particles',
    of: ({ norm, errorBound }) => ({ value: norm, errorBound }),
  },
  'free-energy': {
    name: 'free-energy',
    description: 'F before − F after, F as focus rank --details reports it',
    of: ({ freeEnergy }) => {
      invariant(freeEnergy !== null, 'a game of free energies has them');
      return { value: freeEnergy, errorBound: null };
    },
  },
} as const satisfies Record<string, ValueFunction>;

/** Names of value functions. */
export type ValueName = keyof typeof VALUE_FUNCTIONS;

/** A value in units, to the nearest. Throws `bad-input` where it is no finite number. */
export function unitsOfValue(value: number): bigint {
  check(
    Number.isFinite(value),
    'bad-input',
    () => `a coalition's value: expected a finite number, found ${value}`,
  );
  return BigInt(Math.round(value * Number(VALUE_ONE)));
}
