// Signals and logs of deltas, written as they are read (signals.ts): numbers as the shortest decimal
// that reads back as the same double, absent values left out, so what is read back is the same delta.

import type { Delta, Signal } from '../graph/signal.js';
import { writeAtomically } from './atomic-file.js';
import { createTextWriter } from './text-writer.js';

const KEYS = ['from', 'to', 'amount', 'karma', 'price', 'valence', 'will', 'time', 'row'] as const;

type Entry = { readonly [Key in (typeof KEYS)[number]]?: string | number | null | undefined };

/** One signal as a line of JSON, without its line feed. Always the same bytes for the same signal. */
export function signalLine({ neuron, links, remove, change }: Signal): string {
  return JSON.stringify({
    neuron,
    links: links.map(ordered),
    ...(remove.length > 0 ? { remove: remove.map(ordered) } : {}),
    ...(change.length > 0 ? { change: change.map(ordered) } : {}),
  });
}

/** Writes a delta to `path` (`-`: standard output), one signal a line, all or nothing. */
export function writeSignals(path: string, delta: Delta): Promise<void> {
  return writeLines(path, delta.map(signalLine));
}

/**
 * Writes a log to `path` (`-`: standard output), one delta a line, all or nothing: a delta of one
 * signal as the signal, any other as a list.
 */
export function writeDeltaLog(path: string, log: readonly Delta[]): Promise<void> {
  return writeLines(
    path,
    log.map((delta) => {
      const lines = delta.map(signalLine);
      return lines.length === 1 ? lines[0] : `[${lines.join(',')}]`;
    }),
  );
}

async function writeLines(path: string, lines: readonly string[]): Promise<void> {
  await writeAtomically(path, async (sink) => {
    const writer = createTextWriter(sink);
    for (const line of lines) {
      writer.text(line);
      writer.ascii('\n');
      const pending = writer.endRow();
      if (pending !== null) await pending;
    }
    await writer.flush();
  });
}

/** An entry with its keys in one order; JSON.stringify leaves out those that are undefined. */
function ordered(entry: Entry): Readonly<Record<string, unknown>> {
  return Object.fromEntries(KEYS.map((key) => [key, entry[key]]));
}
