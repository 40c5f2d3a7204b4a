// What the command line of focus shapley says.

import type { EstimatorName } from '../attribution/estimators/estimators.js';
import type { ValueName } from '../attribution/value-function.js';
import type { KernelFlags } from './kernel-options.js';

/** Its options, as they are given. */
export interface ShapleyFlags extends KernelFlags {
  readonly value: ValueName;
  readonly exact?: boolean;
  readonly orderings?: number;
  readonly width?: number;
  readonly time?: number;
  readonly estimator?: EstimatorName;
  readonly control?: 'default' | 'none';
  readonly beacon?: string;
  readonly blend?: number;
  readonly confidence?: number;
  readonly columns?: number;
  readonly clusters?: boolean;
  readonly epsilon?: number;
  readonly audit?: number;
  readonly runDir?: string;
  readonly out?: string;
  readonly svg?: string;
  readonly json?: boolean;
}
