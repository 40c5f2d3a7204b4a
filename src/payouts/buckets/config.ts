// Where a policy comes from: a file, or the one in the package. A file states what it changes; what it leaves
// out is as in the packaged policy. `RewardConfig` is what calculators and the distributor take.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FocusError } from '../../base/errors.js';
import { scaleFloor, UNITS_PER_TOKEN, type Rational } from '../../ledger/amount.js';
import { BlyAmount } from './bly-amount.js';
import type { BucketPolicy } from './policy.js';
import { readPolicy } from './read-policy.js';

/** The packaged policy. */
const PACKAGED = fileURLToPath(new URL('../../../datasets/reward_policy.yaml', import.meta.url));

/** A policy and its rates as amounts. */
export class RewardConfig {
  /** For 1,000 tokens at quality 1. */
  readonly per1kTokensBly: BlyAmount;
  /** For 1 % of validated improvement. */
  readonly per1pctImprovementBly: BlyAmount;
  readonly perValidationTaskBly: BlyAmount;
  /** For 10⁹ bytes. */
  readonly perGbDatasetBly: BlyAmount;

  constructor(readonly policy: BucketPolicy) {
    const { per1kTokens, per1pctImprovement, perValidationTask, perGbDataset } = policy.rates;
    this.per1kTokensBly = amountOf(per1kTokens);
    this.per1pctImprovementBly = amountOf(per1pctImprovement);
    this.perValidationTaskBly = amountOf(perValidationTask);
    this.perGbDatasetBly = amountOf(perGbDataset);
  }

  /**
   * Reads a policy file, by default the packaged one. Throws `bad-input` for a file that cannot be read,
   * and with line and reason for one that is no policy.
   */
  static fromYaml(path: string = PACKAGED): RewardConfig {
    const text = textOf(path);
    return path === PACKAGED
      ? new RewardConfig(readPolicy(text, path))
      : RewardConfig.fromText(text, path);
  }

  /** Reads the text of a policy file; `name` is the file, for errors. */
  static fromText(text: string, name = 'policy'): RewardConfig {
    return new RewardConfig(readPolicy(text, name, textOf(PACKAGED)));
  }

  /** The packaged policy, read once. */
  static packaged(): RewardConfig {
    packaged ??= RewardConfig.fromYaml();
    return packaged;
  }
}

let packaged: RewardConfig | undefined;

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const fix = 'name a readable YAML file, or none for the packaged policy';
    throw new FocusError('bad-input', `policy: ${why}`, fix, { cause });
  }
}

function amountOf(rate: Rational): BlyAmount {
  return new BlyAmount(scaleFloor(UNITS_PER_TOKEN, [rate]));
}
