// Rewards as rows, the same for both precisions: what --json prints and --out writes.

import { createHash } from 'node:crypto';
import { exactDecimal } from '../focus/exact/decimal.js';
import type { OutputColumn } from '../formats/write-table.js';
import { doubleOf, type ExactNumber } from '../rewards/exact-number.js';
import type { Interval } from '../rewards/interval.js';
import type { ExactRewardsOfChange } from '../rewards/rewards-exact.js';
import type { RewardsOfChange } from '../rewards/rewards-of.js';

/** A number with its proven ends; null where nothing is proven. */
interface Ends {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly errorBound: number | null;
}

/** Rewards of one signal, or of all together. */
export interface RewardRow {
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Decimal strings; in exact precision only. */
  readonly rewardsExact?: Readonly<Record<string, string | null>>;
  /** By function; in f64 only, where the value is known. */
  readonly intervals?: Readonly<Record<string, Ends>>;
  /** The parts of ΔJ, never added up; null where no function looked at a shift. */
  readonly parts: { readonly entropy: number | null; readonly discovery: number | null };
  readonly partsExact?: { readonly entropy: string | null; readonly discovery: string | null };
  /** By function: what it waits for. */
  readonly pending: Readonly<Record<string, string>>;
  /** By function: what was computed on the way. */
  readonly terms: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly converged: boolean;
  /** SHA-256 of the focus after; in exact precision only. */
  readonly digestAfter?: string;
}

/** A row with the signal it belongs to. */
export interface SignalRow extends RewardRow {
  readonly neuron: string | null;
  /** From 0, in the order of the file. */
  readonly index: number;
}

/** A row of rewards in f64. */
export function rowOf({ rewards, converged }: RewardsOfChange): RewardRow {
  const all = Object.entries(rewards);
  const parts = all.find(([, { parts: found }]) => found.entropy !== null)?.[1].parts;
  return {
    rewards: Object.fromEntries(all.map(([name, { value }]) => [name, value])),
    intervals: Object.fromEntries(
      all.flatMap(([name, { value, lower, upper, errorBound }]) =>
        value === null ? [] : [[name, { lower: finite(lower), upper: finite(upper), errorBound }]],
      ),
    ),
    parts: {
      entropy: parts?.entropy?.value ?? null,
      discovery: parts?.discovery?.value ?? null,
    },
    pending: pendingOf(all),
    terms: termsOf(all, (term: Interval) => term.value),
    converged,
  };
}

/** A row of exact rewards. */
export function exactRowOf({ rewards, converged, digestAfter }: ExactRewardsOfChange): RewardRow {
  const all = Object.entries(rewards);
  const parts = all.find(([, { parts: found }]) => found.entropy !== null)?.[1].parts;
  const [entropy, discovery] = [parts?.entropy ?? null, parts?.discovery ?? null];
  return {
    rewards: Object.fromEntries(all.map(([name, { value }]) => [name, numberOf(value)])),
    rewardsExact: Object.fromEntries(all.map(([name, { value }]) => [name, textOf(value)])),
    parts: { entropy: numberOf(entropy), discovery: numberOf(discovery) },
    partsExact: { entropy: textOf(entropy), discovery: textOf(discovery) },
    pending: pendingOf(all),
    terms: termsOf(all, doubleOf),
    converged,
    digestAfter,
  };
}

/**
 * The digest of rewards: SHA-256 of a header line and, for each row and function in order, the line
 * `index function value`, index −1 for all together, values as exact decimals or shortest doubles.
 */
export function digestOfRewards(
  header: string,
  rows: readonly SignalRow[],
  joint: RewardRow,
): string {
  const hash = createHash('sha256');
  hash.update(`focus-rewards-1\n${header}\n`);
  const add = (index: number, { rewards, rewardsExact }: RewardRow): void => {
    for (const [name, value] of Object.entries(rewards)) {
      hash.update(`${index} ${name} ${rewardsExact?.[name] ?? value ?? 'pending'}\n`);
    }
  };
  for (const row of rows) add(row.index, row);
  add(-1, joint);
  return hash.digest('hex');
}

/** One line a signal and function, and last those of all together, whose index is empty. */
export function tableOfRewards(
  rows: readonly SignalRow[],
  joint: RewardRow,
): { readonly count: number; readonly columns: readonly OutputColumn[] } {
  const lines = [...rows, { ...joint, neuron: null, index: null }].flatMap((row) =>
    Object.keys(row.rewards).map((name) => ({ row, name })),
  );
  const number = (name: string, value: (line: (typeof lines)[number]) => number | null) =>
    ({ name, kind: 'number', optional: true, value: (k: number) => value(lines[k]) }) as const;
  const text = (name: string, value: (line: (typeof lines)[number]) => string | null) =>
    ({ name, kind: 'text', optional: true, value: (k: number) => value(lines[k]) }) as const;
  const isExact = joint.rewardsExact !== undefined;
  return {
    count: lines.length,
    columns: [
      number('index', ({ row }) => row.index),
      text('neuron', ({ row }) => row.neuron),
      text('function', ({ name }) => name),
      number('value', ({ row, name }) => row.rewards[name]),
      ...(isExact
        ? [text('valueExact', ({ row, name }) => row.rewardsExact?.[name] ?? null)]
        : [
            number('lower', ({ row, name }) => row.intervals?.[name]?.lower ?? null),
            number('upper', ({ row, name }) => row.intervals?.[name]?.upper ?? null),
          ]),
      number('entropyPart', ({ row }) => row.parts.entropy),
      number('discoveryPart', ({ row }) => row.parts.discovery),
      text('pending', ({ row, name }) => row.pending[name] ?? null),
    ],
  };
}

function pendingOf(
  all: readonly (readonly [string, { readonly pending: string | null }])[],
): Record<string, string> {
  return Object.fromEntries(
    all.flatMap(([name, { pending }]) => (pending === null ? [] : [[name, pending]])),
  );
}

function termsOf<N>(
  all: readonly (readonly [string, { readonly terms: Readonly<Record<string, N>> }])[],
  valueOf: (term: N) => number,
): Record<string, Record<string, number>> {
  return Object.fromEntries(
    all.flatMap(([name, { terms }]) => {
      const values = Object.entries(terms).map(([key, term]) => [key, valueOf(term)] as const);
      return values.length === 0 ? [] : [[name, Object.fromEntries(values)]];
    }),
  );
}

function finite(end: number | null): number | null {
  return end !== null && Number.isFinite(end) ? end : null;
}

function numberOf(value: ExactNumber | null): number | null {
  return value === null ? null : doubleOf(value);
}

function textOf(value: ExactNumber | null): string | null {
  return value === null ? null : exactDecimal(value.units, value.bits);
}
