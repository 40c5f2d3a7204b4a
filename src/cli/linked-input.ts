// Reading links together with their graph, for commands that change it, and outputs that must be
// writable before any work is done.

import { access, constants, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { check, FocusError } from '../base/errors.js';
import { readLinks, type ReadNotes } from '../formats/read.js';
import type { SignalNotes } from '../formats/signals.js';
import { linksOfGraph } from '../formats/write-links.js';
import { linkGraph, type LinkedGraph } from '../graph/linked.js';
import type { FileRecord } from '../report/manifest.js';
import { describeInput, type Say } from './input.js';
import type { KernelFlags } from './kernel-options.js';

/** A graph with its links, and what was read. */
export interface LinkedInput {
  readonly linked: LinkedGraph;
  readonly notes: ReadNotes;
}

/**
 * Reads links and keeps them with their graph, and says what was read. The axons of a .focus file
 * become links without neurons.
 */
export async function readLinked(
  path: string,
  { format, order }: Pick<KernelFlags, 'format' | 'order'>,
  say: Say,
): Promise<LinkedInput> {
  const started = performance.now();
  const result = await readLinks(path, {
    ...(format === undefined ? {} : { format }),
    hash: true,
  });
  const links = result.kind === 'links' ? result.links : linksOfGraph(result.graph);
  const linked = linkGraph(links, order === undefined ? {} : { order });
  for (const line of describeInput(linked.graph, result, performance.now() - started)) say(line);
  if (result.kind === 'graph') {
    say('  a .focus file holds axons: each is taken as one link without a neuron');
  }
  return { linked, notes: result };
}

/** Says what a file of signals holds. */
export function describeSignals(notes: SignalNotes, say: Say): void {
  const { name, signals, links, removals, changes, roundedAmounts } = notes;
  const parts = [
    `${links} links to add`,
    ...(removals > 0 ? [`${removals} to remove`] : []),
    ...(changes > 0 ? [`${changes} to change`] : []),
  ];
  say(`read ${name}: ${signals} signals, ${parts.join(', ')}`);
  if (roundedAmounts > 0) {
    say(`  ${roundedAmounts} amounts above 2^53 rounded to the nearest double`);
  }
}

/** Refuses, before any work, an output that cannot be written or that is an input itself. */
export async function checkOutput(
  flag: string,
  out: string,
  inputs: readonly string[],
): Promise<void> {
  const folder = dirname(resolve(out));
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    const message = `${flag} ${out}: expected a folder to write to, found none`;
    throw new FocusError('usage', message, '', { cause });
  });
  const real = async (path: string) => realpath(path).catch(() => resolve(path));
  const target = await real(out);
  for (const input of inputs) {
    check(
      input === '-' || (await real(input)) !== target,
      'usage',
      () => `${flag} ${out}: expected another file than the input ${input}`,
    );
  }
}

/** At most one input may be standard input. */
export function checkStandardInput(inputs: readonly string[]): void {
  check(
    inputs.filter((path) => path === '-').length < 2,
    'usage',
    () => 'expected standard input (-) once, found it twice',
    'give one of the inputs as a file',
  );
}

/** The record of an input for a manifest. */
export function inputRecord(notes: ReadNotes): FileRecord {
  const { name, format, bytes, sha256 } = notes;
  return { name, format, bytes, sha256 };
}

/** The record of a file of signals for a manifest. */
export function signalRecord({ name, bytes, sha256 }: SignalNotes): FileRecord {
  return { name, format: 'signals', bytes, sha256 };
}
