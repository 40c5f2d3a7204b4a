// The four buckets that the budget of work is split into, and records that hold one value of each. Their
// order here is the order of ties, of texts and of tables everywhere.

/** Kinds of work that are paid for. */
export const BUCKETS = ['inference', 'learning', 'validation', 'dataset'] as const;

/** One kind of work. */
export type Bucket = (typeof BUCKETS)[number];

/** A value for each bucket. */
export type PerBucket<T> = Readonly<Record<Bucket, T>>;

/** Names these rules in every key and digest; other rules have another name. */
export const RULESET = 'bly-buckets-1';
/** The token that buckets pay. */
export const TOKEN = 'BLY';
/** The account that issues it. */
export const SOURCE_ACCOUNT = 'source:BLY:buckets';

/** The record of a function of the bucket, in the order of buckets. */
export function perBucket<T>(value: (bucket: Bucket) => T): PerBucket<T> {
  return {
    inference: value('inference'),
    learning: value('learning'),
    validation: value('validation'),
    dataset: value('dataset'),
  };
}

/** Σ over the buckets. */
export function sumOf(values: PerBucket<bigint>): bigint {
  return BUCKETS.reduce((sum, bucket) => sum + values[bucket], 0n);
}

/** Whether a text names a bucket. */
export function isBucket(value: unknown): value is Bucket {
  return (BUCKETS as readonly unknown[]).includes(value);
}
