// The fields of an epoch's header: their order and their ranges. Reading makes a new object with
// the keys in canonical order, so that its JSON is the canonical text; a missing key, an unknown one
// or a value out of range is a refusal.

import { isDigest, recordOf, shownValue } from '../base/merkle-proof.js';
import { READINGS, type Reading } from './parameters.js';

/** How a focus was made, as its digest covers it. */
export interface FocusDescription {
  readonly reading: Reading;
  readonly teleport: number;
  /** Null where springs, or heat, have no weight. */
  readonly mu: number | null;
  readonly tau: number | null;
  readonly lambda: readonly [number, number, number];
  readonly unit: number | null;
  /** `degree`, `uniform`, or the SHA-256 of given weights. */
  readonly prior: string;
  /** Exact results only, from here on. */
  readonly tolerance?: number;
  /** `prior`, `uniform`, or the digest of the focus that it is. */
  readonly start?: string;
  readonly applications?: number;
}

/** What a header says, in the order of its keys. */
export interface EpochHeader {
  readonly version: 1;
  /** 0 … 2⁵³ − 1. */
  readonly epoch: number;
  /** Hash of the header before; null for the first of a chain. */
  readonly previous: string | null;
  readonly graphRoot: string;
  /** Leaves of the graph's tree. */
  readonly axons: number;
  /** Leaves of the focus's tree. */
  readonly particles: number;
  readonly focusRoot: string;
  /** Of the focus's leaves and digest: integers, or doubles (of f32 results too). */
  readonly precision: 'exact' | 'f64';
  readonly focus: FocusDescription;
  readonly focusDigest: string;
}

interface Field {
  readonly key: string;
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const MOST_LEAVES = 2 ** 32;
/** As parameters.ts allows it. */
const SUM_SLACK = 1e-12;

const isCount = (most: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
const isNumber = (holds: (value: number) => boolean) => (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && holds(value);
const orNull = (holds: (value: unknown) => boolean) => (value: unknown) =>
  value === null || holds(value);
const isOneOf = (words: readonly string[]) => (value: unknown) =>
  typeof value === 'string' && words.includes(value);

const DIGEST = '64 lower-case hex digits';

const HEADER: readonly Field[] = [
  { key: 'version', expected: '1', holds: (value) => value === 1 },
  {
    key: 'epoch',
    expected: 'an integer in 0…2⁵³−1',
    holds: isCount(Number.MAX_SAFE_INTEGER),
  },
  { key: 'previous', expected: `null or ${DIGEST}`, holds: orNull(isDigest) },
  { key: 'graphRoot', expected: DIGEST, holds: isDigest },
  { key: 'axons', expected: 'an integer in 0…2³²', holds: isCount(MOST_LEAVES) },
  { key: 'particles', expected: 'an integer in 0…2³²', holds: isCount(MOST_LEAVES) },
  { key: 'focusRoot', expected: DIGEST, holds: isDigest },
  { key: 'precision', expected: '"exact" or "f64"', holds: isOneOf(['exact', 'f64']) },
  { key: 'focus', expected: 'an object', holds: (value) => recordOf(value) !== null },
  { key: 'focusDigest', expected: DIGEST, holds: isDigest },
];

const DESCRIPTION: readonly Field[] = [
  { key: 'reading', expected: `one of ${READINGS.join(', ')}`, holds: isOneOf(READINGS) },
  { key: 'teleport', expected: 'a number in (0, 1]', holds: isNumber((t) => t > 0 && t <= 1) },
  { key: 'mu', expected: 'null or a number > 0', holds: orNull(isNumber((mu) => mu > 0)) },
  { key: 'tau', expected: 'null or a number ≥ 0', holds: orNull(isNumber((tau) => tau >= 0)) },
  { key: 'lambda', expected: 'three numbers ≥ 0 with sum 1, the first > 0', holds: isBlend },
  { key: 'unit', expected: 'null or a number > 0', holds: orNull(isNumber((unit) => unit > 0)) },
  {
    key: 'prior',
    expected: `"degree", "uniform" or ${DIGEST}`,
    holds: (value) => isOneOf(['degree', 'uniform'])(value) || isDigest(value),
  },
];

const EXACT_DESCRIPTION: readonly Field[] = [
  ...DESCRIPTION,
  { key: 'tolerance', expected: 'a number in (0, 2]', holds: isNumber((t) => t > 0 && t <= 2) },
  {
    key: 'start',
    expected: `"prior", "uniform" or ${DIGEST}`,
    holds: (value) => isOneOf(['prior', 'uniform'])(value) || isDigest(value),
  },
  {
    key: 'applications',
    expected: 'an integer in 0…2⁵³−1',
    holds: isCount(Number.MAX_SAFE_INTEGER),
  },
];

/** The fields of a header in canonical order, or why it is none. Never throws. */
export function readFields(value: unknown): EpochHeader | string {
  const header = pickFields(value, HEADER, '');
  if (typeof header === 'string') return header;
  const fields = header.precision === 'exact' ? EXACT_DESCRIPTION : DESCRIPTION;
  const focus = pickFields(header.focus, fields, 'focus.');
  if (typeof focus === 'string') return focus;
  const read = { ...header, focus } as unknown as EpochHeader;
  if (read.epoch === 0 && read.previous !== null) {
    return 'previous: expected null in epoch 0, found a hash';
  }
  const { mu, tau, lambda } = read.focus;
  if ((mu === null) !== (lambda[1] === 0)) return 'focus.mu: expected null where λ_s is 0 only';
  if ((tau === null) !== (lambda[2] === 0)) return 'focus.tau: expected null where λ_h is 0 only';
  return read;
}

/** A new object of the given fields in their order, or the first fault. */
function pickFields(
  value: unknown,
  fields: readonly Field[],
  path: string,
): Readonly<Record<string, unknown>> | string {
  const record = recordOf(value);
  if (record === null) return `${path}: expected an object`;
  const known = new Set(fields.map(({ key }) => key));
  const strange = Object.keys(record).find((key) => !known.has(key));
  if (strange !== undefined) {
    return `${path}${strange.slice(0, 40)}: expected no such key`;
  }
  const picked: Record<string, unknown> = {};
  for (const { key, expected, holds } of fields) {
    if (!Object.hasOwn(record, key)) return `${path}${key}: expected ${expected}, found nothing`;
    if (!holds(record[key])) {
      return `${path}${key}: expected ${expected}, found ${shownValue(record[key])}`;
    }
    picked[key] = record[key];
  }
  return picked;
}

function isBlend(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const parts = value as readonly unknown[];
  if (!parts.every(isNumber((part) => part >= 0))) return false;
  const [diffusion, springs, heat] = parts as readonly number[];
  return diffusion > 0 && Math.abs(diffusion + springs + heat - 1) <= SUM_SLACK;
}
