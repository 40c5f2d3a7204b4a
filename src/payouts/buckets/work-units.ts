// What work of any kind is worth.

import { check } from '../../base/errors.js';
import { found } from '../../ledger/amount.js';
import { BUCKETS, type Bucket } from './bucket.js';
import {
  datasetUnits,
  inferenceUnits,
  learningUnits,
  validationUnits,
  type DatasetWork,
  type InferenceWork,
  type LearningWork,
  type RangeMode,
  type ValidationWork,
  type Worth,
} from './formulas.js';
import type { BucketPolicy } from './policy.js';

/** Work of one kind. */
export type Work = InferenceWork | LearningWork | ValidationWork | DatasetWork;

/** Prices work by the formula of its bucket. Throws `bad-input` naming the field. */
export function workUnits(
  policy: BucketPolicy,
  bucket: Bucket,
  work: Work,
  mode: RangeMode,
): Worth {
  switch (bucket) {
    case 'inference':
      return inferenceUnits(policy, work as InferenceWork, mode);
    case 'learning':
      return learningUnits(policy, work as LearningWork, mode);
    case 'validation':
      return validationUnits(policy, work as ValidationWork, mode);
    case 'dataset':
      return datasetUnits(policy, work as DatasetWork, mode);
    default:
      check(
        false,
        'bad-input',
        () => `kind: expected one of ${BUCKETS.join(', ')}, found ${found(bucket)}`,
      );
  }
}
