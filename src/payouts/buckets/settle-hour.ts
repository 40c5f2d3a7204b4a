// Settlement of one hour.

export type {
  BucketState,
  Cohort,
  Expiry,
  Grant,
  OpenClaim,
  Settlement,
  Tranche,
} from './bucket-state.js';
