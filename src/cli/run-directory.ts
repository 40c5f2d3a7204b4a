// A run directory: what a sampled attribution has done, so that the same command goes on from there.
//   run.json          what the run is of; a directory of another run is refused
//   replicates.ndjson the start (v(N)), then finished replicates, one a line, in whatever order
//   clusters.ndjson   of a clustered run: finished batches of clusters, one a line
// Lines are appended whole; a torn last line, of a run that was killed, is left out and cut off.

import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { FinishedReplicate } from '../attribution/replicates.js';
import type { ShapleyProgress } from '../attribution/shapley.js';
import { FocusError } from '../base/errors.js';
import { writeAtomically } from '../formats/atomic-file.js';

/** What a run is of: inputs by digest, and all that its numbers depend on. */
export type RunKey = Readonly<Record<string, unknown>>;

/** A log of a run: what earlier runs wrote, and where lines are added. */
export interface RunLog<Line> {
  readonly lines: readonly Line[];
  add(line: Line): Promise<void>;
}

/** The log of sampled replicates. */
export interface RunDirectory {
  /** What earlier runs did; null where none has begun. */
  readonly done: ShapleyProgress | null;
  start(progress: ShapleyProgress): Promise<void>;
  add(replicate: FinishedReplicate): Promise<void>;
}

const FORMAT = 'focus-shapley-run-1';

/**
 * Opens a log in a run directory, which is made where it is missing. Throws `mismatch` where it
 * belongs to another run, `bad-input` for lines that are none, `failure` where it cannot be written.
 */
export async function openRunLog<Line>(
  path: string,
  name: string,
  key: RunKey,
): Promise<RunLog<Line>> {
  const named = join(path, 'run.json');
  const text = `${JSON.stringify({ format: FORMAT, ...key }, null, 1)}\n`;
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw new FocusError('failure', `--run-dir ${path}: cannot be made`, 'give another', { cause });
  });
  const known = await readIfThere(named);
  if (known === null) await writeAtomically(named, (sink) => sink.write(Buffer.from(text)));
  else if (known !== text) throw otherRun(path, known, text);
  const log = join(path, name);
  const lines = (await readLog(log)) as readonly Line[];
  return { lines, add: (line) => appendFile(log, `${JSON.stringify(line)}\n`) };
}

/** Opens the log of sampled replicates. Throws as openRunLog. */
export async function openRunDirectory(path: string, key: RunKey): Promise<RunDirectory> {
  type Start = Omit<ShapleyProgress, 'replicates'>;
  const log = await openRunLog<Start | FinishedReplicate>(path, 'replicates.ndjson', key);
  const [start, ...replicates] = log.lines as [Start | undefined, ...FinishedReplicate[]];
  // Two runs at once may have done the same replicate, with the same bits.
  const once = new Map(replicates.map((each) => [each.index, each]));
  return {
    done: start === undefined ? null : { ...start, replicates: [...once.values()] },
    start: ({ replicates: _, ...head }) => log.add(head),
    add: (replicate) => log.add(replicate),
  };
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new FocusError('failure', `${path}: cannot be read`, '', { cause });
  });
}

/** The log's whole lines; what a killed run left of another is cut off. */
async function readLog(path: string): Promise<readonly unknown[]> {
  const text = (await readIfThere(path)) ?? '';
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) await truncate(path, Buffer.byteLength(text.slice(0, end)));
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  return lines.map((line, k): unknown => {
    try {
      return JSON.parse(line);
    } catch (cause) {
      throw new FocusError(
        'bad-input',
        `${path}:${k + 1}: expected a line of JSON`,
        'give another --run-dir, or delete this one to start anew',
        { cause },
      );
    }
  });
}

/** Names the first line in which two runs differ. */
function otherRun(path: string, known: string, wanted: string): FocusError {
  const [had, has] = [known.split('\n'), wanted.split('\n')];
  const at = has.findIndex((line, k) => line !== had[k]);
  return new FocusError(
    'mismatch',
    `--run-dir ${path}: belongs to another run: expected ${has[at]?.trim() ?? 'its end'}, ` +
      `found ${had[at]?.trim() ?? 'its end'}`,
    'go on with the options it was begun with, or give another directory',
  );
}
