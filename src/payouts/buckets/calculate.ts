// What work earns, for people who ask: the formulas under a configuration, by default the packaged policy.
// Multipliers outside their range are clamped, as everywhere in the library.

import { BlyAmount } from './bly-amount.js';
import { RewardConfig } from './config.js';
import type { Decimal } from './exact-decimal.js';
import {
  datasetUnits,
  inferenceUnits,
  learningUnits,
  validationUnits,
  type DatasetWork,
  type InferenceWork,
  type LearningWork,
  type ValidationWork,
} from './formulas.js';

/** tokens / 1000 · rate · quality, exactly: `calcInferenceBly(100_000, { quality: 1.1 })` is 110 BLY. */
export function calcInferenceBly(
  tokens: Decimal,
  multipliers: Omit<InferenceWork, 'tokens'> = {},
  config: RewardConfig = RewardConfig.packaged(),
): BlyAmount {
  return new BlyAmount(inferenceUnits(config.policy, { ...multipliers, tokens }).units);
}

/** percent · rate · difficulty · applicability, exactly; throws `bad-input` naming the field. */
export function calcLearningBly(
  improvementPct: Decimal,
  multipliers: Omit<LearningWork, 'improvementPct'> = {},
  config: RewardConfig = RewardConfig.packaged(),
): BlyAmount {
  return new BlyAmount(learningUnits(config.policy, { ...multipliers, improvementPct }).units);
}

/** tasks · rate · complexity, exactly; throws `bad-input` naming the field. */
export function calcValidationBly(
  tasks: Decimal,
  multipliers: Omit<ValidationWork, 'tasks'> = {},
  config: RewardConfig = RewardConfig.packaged(),
): BlyAmount {
  return new BlyAmount(validationUnits(config.policy, { ...multipliers, tasks }).units);
}

/** min(gigabytes · rate · quality · diversity, most), exactly; throws `bad-input` naming the field. */
export function calcDatasetBly(
  gb: Decimal,
  multipliers: Omit<DatasetWork, 'gb'> = {},
  config: RewardConfig = RewardConfig.packaged(),
): BlyAmount {
  return new BlyAmount(datasetUnits(config.policy, { ...multipliers, gb }).units);
}
