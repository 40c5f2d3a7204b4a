// What differs between two chains, or two copies of one: epoch by epoch, inputs first, then outputs,
// each with its first differing row. Nothing is computed anew; verify.ts says which of two is right.

import { epochsOf, fileOf, manifestOf } from './chain.js';
import { firstDifference, type RowDifference } from './files.js';
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
  const found: ChainDifference[] = [];
  for (let epoch = 0; epoch < Math.max(a, b); epoch++) {
    if (epoch >= Math.min(a, b)) {
      const has = (count: number): string | null => (epoch < count ? 'there' : null);
      const none = { row: null, rows: null };
      found.push({ epoch, what: 'epoch', ...none, first: has(a), second: has(b) });
      continue;
    }
    const manifests = [await manifestOf(first, epoch), await manifestOf(second, epoch)];
    if (manifests[0].digest === manifests[1].digest) continue;
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
    if (own?.sha256 === other?.sha256) continue;
    const [a, b] = [await fileOf(first, epoch, name), await fileOf(second, epoch, name)];
    if (a === null || b === null) {
      // Links lie beside the epochs; their digest says enough.
      const digests = { first: own?.sha256 ?? null, second: other?.sha256 ?? null };
      found.push({ epoch, what: name, row: null, rows: null, ...digests });
      continue;
    }
    const difference = firstDifference({ name, bytes: a, rows: 0 }, b);
    const rows = rowsThatDiffer(name, a, b);
    found.push({ epoch, what: name, rows, ...shownDifference(difference) });
  }
  return found;
}

function shownDifference(
  difference: RowDifference | null,
): Pick<ChainDifference, 'row' | 'first' | 'second'> {
  const { row = null, expected = null, found = null } = difference ?? {};
  return { row, first: expected?.trimEnd() ?? null, second: found?.trimEnd() ?? null };
}

function rowsThatDiffer(name: string, a: Uint8Array, b: Uint8Array): number {
  const rowsOf = (bytes: Uint8Array): string[] => {
    const text = Buffer.from(bytes);
    if (!name.endsWith('.units')) return text.toString('latin1').split('\n');
    const hex = text.toString('hex');
    return hex.match(/.{1,16}/g) ?? [];
  };
  const [x, y] = [rowsOf(a), rowsOf(b)];
  let count = Math.abs(x.length - y.length);
  for (let i = 0; i < Math.min(x.length, y.length); i++) count += Number(x[i] !== y[i]);
  return count;
}
