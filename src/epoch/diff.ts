// What differs between two chains, or two copies of one: epoch by epoch, inputs first, then outputs,
// each with its first differing row. Nothing is computed anew; verify.ts says which of two is right.

import { check } from '../base/errors.js';
import { epochsOf, fileOf, manifestOf } from './chain.js';
import { firstDifference, rowsOf, type RowDifference } from './files.js';
import type { EpochManifest } from './manifest.js';

/** One thing that differs. */
export interface ChainDifference {
  readonly epoch: number;
  /** A key of the manifest such as `beacon`, or the name of a file. */
  readonly what: string;
  /** In a file: the first row that differs, and how many rows do. */
  readonly row: number | null;
  readonly rows: number | null;
  /** In the first and in the second chain; null where it has none. */
  readonly first: string | null;
  readonly second: string | null;
}

const KEYS = ['previous', 'beacon', 'header', 'focus', 'counts'] as const;

/** All differences, by epoch. Throws `mismatch` for manifests that cannot be read. */
export async function differencesOf(
  first: string,
  second: string,
): Promise<readonly ChainDifference[]> {
  const [a, b] = [await epochsOf(first), await epochsOf(second)];
  for (const [chain, epochs] of [[first, a] as const, [second, b] as const])
    check(epochs > 0, 'usage', () => `${chain}: expected a chain of epochs, found none`);
  const found: ChainDifference[] = [];
  for (let epoch = 0; epoch < Math.max(a, b); epoch++) {
    if (epoch >= Math.min(a, b)) {
      const has = (count: number): string | null => (epoch < count ? 'there' : null);
      const none = { row: null, rows: null };
      found.push({ epoch, what: 'epoch', ...none, first: has(a), second: has(b) });
      continue;
    }
    const manifests = [await manifestOf(first, epoch), await manifestOf(second, epoch)];
    const [ours, theirs] = manifests.map(({ manifest }) => manifest);
    found.push(...(await filesOf(first, second, epoch, ours, theirs)));
    for (const key of KEYS) {
      const [x, y] = [ours, theirs].map((manifest) => JSON.stringify(manifest[key]));
      if (x === y) continue;
      found.push({ epoch, what: key, row: null, rows: null, first: x, second: y });
    }
  }
  return found;
}

async function filesOf(
  first: string,
  second: string,
  epoch: number,
  ours: EpochManifest,
  theirs: EpochManifest,
): Promise<readonly ChainDifference[]> {
  const [x, y] = [ours, theirs].map(({ inputs, outputs }) => [...inputs, ...outputs]);
  const names = new Set([...x, ...y].map(({ name }) => name));
  const found: ChainDifference[] = [];
  for (const name of names) {
    const [own, other] = [x, y].map((files) => files.find((file) => file.name === name));
    const [a, b] = [await fileOf(first, epoch, name), await fileOf(second, epoch, name)];
    if (a === null || b === null) {
      // Links lie beside the epochs; their digest says enough.
      const isMissing = (a === null) !== (b === null);
      if (!isMissing && own?.sha256 === other?.sha256) continue;
      const shownFile = (bytes: Uint8Array | null, digest: string | undefined): string | null =>
        isMissing && bytes === null ? null : (digest ?? null);
      const digests = { first: shownFile(a, own?.sha256), second: shownFile(b, other?.sha256) };
      found.push({ epoch, what: name, row: null, rows: null, ...digests });
      continue;
    }
    const difference = firstDifference({ name, bytes: a, rows: 0 }, b);
    if (difference === null) continue;
    const rows = rowsThatDiffer(name, a, b);
    found.push({ epoch, what: name, rows, ...shownDifference(difference) });
  }
  return found;
}

function shownDifference({
  row,
  expected,
  found,
}: RowDifference): Pick<ChainDifference, 'row' | 'first' | 'second'> {
  return { row, first: expected?.trimEnd() ?? null, second: found?.trimEnd() ?? null };
}

function rowsThatDiffer(name: string, a: Uint8Array, b: Uint8Array): number {
  const [x, y] = [rowsOf(name, a), rowsOf(name, b)];
  for (let count = 0; ;) {
    const [own, other] = [x.next(), y.next()];
    if (own.done === true && other.done === true) return count;
    const isSame = !(own.done ?? false) && !(other.done ?? false);
    if (!isSame || Buffer.compare(own.value as Uint8Array, other.value as Uint8Array) !== 0)
      count++;
  }
}
