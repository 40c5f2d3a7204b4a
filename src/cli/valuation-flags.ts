// Options of valuation that commands share: how yields are weighted and shared.

import { InvalidArgumentError, type Command } from 'commander';
import { FocusError } from '../base/errors.js';
import { SHARE_READINGS, type ShareReading } from '../valuation/shares.js';
import {
  checkWeighting,
  WEIGHTINGS,
  type Weighting,
  type WeightingName,
} from '../valuation/weightings.js';
import type { KernelFlags } from './kernel-options.js';
import { choice, option, readNumber } from './settings.js';

/** Their values. */
export interface ValuationFlags extends KernelFlags {
  readonly weighting?: Weighting;
  readonly share?: ShareReading;
}

/** Adds the options. */
export function addValuationOptions(command: Command): void {
  const all = Object.entries(WEIGHTINGS).map(([name, { formula, parameter }]) =>
    parameter === null ? `${name} (${formula})` : `${name}=x (${formula})`,
  );
  option(
    command,
    '--weighting <name>',
    `of yields: ${all.join(', ')} (default constant)`,
    readWeighting,
  );
  choice(
    command,
    '--share <name>',
    'of Δφ of a target: of its axon, which each gets all, or of all links into it (default axon)',
    SHARE_READINGS,
  );
}

/** The weighting and the share, for results. */
export function chosenValuation(
  flags: ValuationFlags,
): Required<Pick<ValuationFlags, 'weighting' | 'share'>> {
  const { weighting = { name: 'constant', parameter: null }, share = 'axon' } = flags;
  return { weighting, share };
}

/** Reads `name` or `name=number`. */
export function readWeighting(text: string): Weighting {
  const [name, ...rest] = text.split('=');
  const parameter = rest.length === 0 ? null : readNumber(rest.join('='));
  const weighting = { name: name as WeightingName, parameter };
  try {
    checkWeighting(weighting);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof FocusError ? error.message : String(error));
  }
  return weighting;
}
