// Work as the flags of a command: one amount for each kind, and its multipliers. Values are decimal texts and stay so:
// no double is made of them.

import type { Command } from 'commander';
import { check } from '../base/errors.js';
import { BUCKETS, type Bucket, type PerBucket } from '../payouts/buckets/bucket.js';
import type { Work } from '../payouts/buckets/work-units.js';

/** Flags of work, as texts. */
export type WorkFlags = Readonly<Record<string, string | undefined>>;

/** A flag of a kind of work: what the command, the formulas, claims and the API call it. */
interface WorkFlag {
  /** Of the command, as commander names it. */
  readonly flag: string;
  readonly formula: string;
  readonly claim: string;
  readonly api: string;
  readonly text: string;
}

/** The first of each kind is the amount of work. */
const FLAGS: PerBucket<readonly WorkFlag[]> = {
  inference: [
    flagOf('tokens', 'tokens', 'tokens', 'tokens', 'tokens processed'),
    flagOf('quality', 'quality', 'quality', 'quality', 'quality of inference'),
  ],
  learning: [
    flagOf(
      ...(['improvementPct', 'improvementPct', 'improvement_pct', 'improvement_pct'] as const),
      'validated improvement in percent',
    ),
    flagOf('difficulty', 'difficulty', 'difficulty', 'difficulty', 'difficulty of learning'),
    flagOf(
      ...(['applicability', 'applicability', 'applicability', 'applicability'] as const),
      'how widely the improvement is of use',
    ),
  ],
  validation: [
    flagOf(
      ...(['validationTasks', 'tasks', 'validation_tasks', 'validation_tasks'] as const),
      'validation tasks completed',
    ),
    flagOf('complexity', 'complexity', 'complexity', 'complexity', 'complexity of the tasks'),
  ],
  dataset: [
    flagOf('datasetGb', 'gb', 'dataset_gb', 'dataset_gb', 'gigabytes of 10⁹ bytes'),
    flagOf('datasetQuality', 'quality', 'quality', 'dataset_quality', 'quality of the data'),
    flagOf(
      ...(['datasetDiversity', 'diversity', 'diversity', 'dataset_diversity'] as const),
      'diversity of the data',
    ),
  ],
};

function flagOf(flag: string, formula: string, claim: string, api: string, text: string): WorkFlag {
  return { flag, formula, claim, api, text };
}

/** Adds the flags of all kinds of work. */
export function addWorkOptions(command: Command): Command {
  for (const kind of BUCKETS) {
    for (const { flag, text } of FLAGS[kind]) command.option(`--${dashed(flag)} <n>`, text);
  }
  return command;
}

/** The kinds of work that flags state; a multiplier without its amount is `usage`, and so is no work at all. */
export function kindsOf(flags: WorkFlags): readonly Bucket[] {
  const kinds = BUCKETS.filter((kind) => flags[FLAGS[kind][0].flag] !== undefined);
  for (const kind of BUCKETS) {
    if (kinds.includes(kind)) continue;
    const [amount, ...factors] = FLAGS[kind];
    const alone = factors.find(({ flag }) => flags[flag] !== undefined);
    check(
      alone === undefined,
      'usage',
      () => `--${dashed(alone?.flag ?? '')}: expected --${dashed(amount.flag)} with it`,
    );
  }
  const amounts = BUCKETS.map((kind) => `--${dashed(FLAGS[kind][0].flag)}`).join(', ');
  check(kinds.length > 0, 'usage', () => `expected work of some kind: ${amounts}`);
  return kinds;
}

/** The one kind of work that flags state. Throws `usage` for several. */
export function kindOf(flags: WorkFlags): Bucket {
  const kinds = kindsOf(flags);
  check(
    kinds.length === 1,
    'usage',
    () => `expected work of one kind, found ${kinds.join(', ')}`,
    'each kind of work is a claim of its own',
  );
  return kinds[0];
}

/** Work of a kind as the formulas take it. */
export function workOf(kind: Bucket, flags: WorkFlags): Work {
  return namedBy('formula', kind, flags) as unknown as Work;
}

/** Work of a kind as a claim states it, without samples. */
export function claimedWorkOf(kind: Bucket, flags: WorkFlags): Readonly<Record<string, string>> {
  return namedBy('claim', kind, flags);
}

/** All work of flags as the query of the API. */
export function queryOf(flags: WorkFlags): URLSearchParams {
  const query = new URLSearchParams();
  for (const kind of kindsOf(flags)) {
    for (const [name, value] of Object.entries(namedBy('api', kind, flags))) query.set(name, value);
  }
  return query;
}

function namedBy(
  name: 'formula' | 'claim' | 'api',
  kind: Bucket,
  flags: WorkFlags,
): Readonly<Record<string, string>> {
  const stated = FLAGS[kind].flatMap((each) => {
    const value = flags[each.flag];
    return value === undefined ? [] : [[each[name], value] as const];
  });
  return Object.fromEntries(stated);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
