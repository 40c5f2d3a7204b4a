// Options that commands share: reading and parameters of the tri-kernel, precision, machine, and how
// links are read.

import type { Command } from 'commander';
import { BACKEND_NAMES, type BackendName } from '../backend/choose.js';
import { check } from '../base/errors.js';
import { READINGS, type FocusOptions, type Reading } from '../focus/parameters.js';
import { LINK_FORMATS, type LinkFormat } from '../formats/link-format.js';
import { choice, option, readInteger, readLambda, readNumber } from './settings.js';

/** Their values, as the command line gives them. */
export interface KernelFlags {
  readonly reading?: Reading;
  readonly precision?: 'f64' | 'exact';
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly tolerance?: number;
  readonly teleport?: number;
  readonly mu?: number;
  readonly tau?: number;
  readonly lambda?: [number, number, number];
  readonly unit?: number;
  readonly prior?: 'degree' | 'uniform';
  readonly format?: LinkFormat;
  readonly order?: 'first-seen' | 'sorted';
}

/** Adds the options; `tolerance` says what is certified. */
export function addKernelOptions(command: Command, tolerance: string): Command {
  choice(command, '--precision <name>', 'of the result (default f64)', ['f64', 'exact']);
  choice(command, '--backend <name>', 'machine (default auto)', BACKEND_NAMES);
  option(command, '--tolerance <e>', `${tolerance} (default 1e-9)`, readNumber);
  return addReadingOptions(command);
}

/** Adds those that say what is computed of which links, and on how many threads. */
export function addReadingOptions(command: Command): Command {
  choice(command, '--reading <name>', 'reading of the tri-kernel (default focus-1)', READINGS);
  option(command, '--threads <n>', 'CPU threads (default all cores)', readInteger(1));
  option(command, '--teleport <t>', 'teleport probability in (0, 1] (default 0.15)', readNumber);
  option(command, '--mu <m>', 'screening of springs, > 0 (default 1)', readNumber);
  option(command, '--tau <t>', 'heat time, ≥ 0 (default 1)', readNumber);
  option(command, '--lambda <d,s,h>', 'weights, sum 1 (default 0.5,0.3,0.2)', readLambda);
  option(command, '--unit <stake>', 'stake unit of focus-1-combinatorial', readNumber);
  choice(command, '--prior <name>', 'teleport prior (default degree)', ['degree', 'uniform']);
  choice(command, '--format <name>', 'format of LINKS (default: found out)', LINK_FORMATS);
  choice(command, '--order <name>', 'particle order (default first-seen)', [
    'first-seen',
    'sorted',
  ]);
  return command;
}

/** The parameters of the tri-kernel among the flags. */
export function parametersOf(flags: KernelFlags): FocusOptions {
  const { reading, teleport, mu, tau, lambda, unit, prior } = flags;
  return { reading, teleport, mu, tau, lambda, unit, prior };
}

/** The L1 error to certify, 1e-9 by default. Throws `usage` for one outside (0, 2]. */
export function toleranceOf({ tolerance = 1e-9 }: KernelFlags): number {
  check(
    tolerance > 0 && tolerance <= 2,
    'usage',
    () => `--tolerance: expected a number in (0, 2], found ${tolerance}`,
  );
  return tolerance;
}
