// The manifest of an epoch: what went in and what came out, by digest, chained to the manifest before.
// Its own SHA-256 is the epoch's digest. Canonical JSON, two spaces a level, keys in this order; any
// other text of the same content is refused. It holds no time and no machine.

import { FocusError, check, shown } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { sha256, type FileDigest } from './files.js';

/** What a manifest says. */
export interface EpochManifest {
  readonly format: 'focus-epoch-1';
  readonly epoch: number;
  /** Digest of the manifest before; null in epoch 0. */
  readonly previous: string | null;
  /** 64 hex digits that nobody could foresee before the signals were fixed. */
  readonly beacon: string;
  /** Links (epoch 0 only), signals, ruleset. */
  readonly inputs: readonly FileDigest[];
  /** Hash of the header. */
  readonly header: string;
  readonly focus: {
    readonly digest: string;
    /** Proven L1 error; null for reference-2026-07. */
    readonly errorBound: number | null;
    readonly converged: boolean;
  };
  readonly counts: {
    readonly links: number;
    readonly axons: number;
    readonly particles: number;
    readonly signals: number;
  };
  readonly outputs: readonly FileDigest[];
}

/** A manifest as text, and the epoch's digest. */
export interface SealedManifest {
  readonly manifest: EpochManifest;
  readonly text: string;
  readonly digest: string;
}

/** Writes a manifest and takes its digest. */
export function sealManifest(manifest: EpochManifest): SealedManifest {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return { manifest, text, digest: sha256(text) };
}

type Shape =
  | {
      readonly [key: string]: Shape | 'text' | 'file name' | 'digest' | 'count' | 'number' | 'flag';
    }
  | readonly [Shape];

const FILE: Shape = { name: 'file name', rows: 'count', bytes: 'count', sha256: 'digest' };
const MANIFEST: Shape = {
  format: 'text',
  epoch: 'count',
  previous: 'digest',
  beacon: 'digest',
  inputs: [FILE],
  header: 'digest',
  focus: { digest: 'digest', errorBound: 'number', converged: 'flag' },
  counts: { links: 'count', axons: 'count', particles: 'count', signals: 'count' },
  outputs: [FILE],
};
const FILE_NAME = /^[a-z0-9][a-z0-9.]{0,63}$/;
/** Keys that may be null. */
const NULLABLE = ['previous', 'errorBound'];

/** Reads a manifest. Throws `mismatch` naming the first key that is not as it must be. */
export function readManifest(text: string, place: string): SealedManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const message = `${place}: expected JSON: ${printable((cause as Error).message)}`;
    throw new FocusError('mismatch', message, '', { cause });
  }
  checkShape(value, MANIFEST, place, '');
  const sealed = sealManifest(value as EpochManifest);
  check(
    sealed.manifest.format === 'focus-epoch-1',
    'mismatch',
    () => `${place}: format: expected focus-epoch-1, found ${shown(sealed.manifest.format)}`,
  );
  check(
    sealed.text === text,
    'mismatch',
    () => `${place}: expected canonical JSON: keys in order, two spaces a level, one line feed`,
  );
  return sealed;
}

function checkShape(value: unknown, shape: Shape, place: string, path: string): void {
  if (Array.isArray(shape)) {
    check(Array.isArray(value), 'mismatch', () => `${place}: ${path}: expected a list`);
    const [each] = shape as readonly [Shape];
    (value as unknown[]).forEach((item, i) => checkShape(item, each, place, `${path}[${i}]`));
    return;
  }
  const isRecord = value !== null && typeof value === 'object' && !Array.isArray(value);
  check(isRecord, 'mismatch', () => `${place}: ${path}: expected an object`);
  const given = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(shape);
  const strange =
    Object.keys(given).find((key, i) => key !== keys[i]) ?? keys[Object.keys(given).length];
  check(
    strange === undefined,
    'mismatch',
    () =>
      `${place}: ${path}: expected the keys ${keys.join(', ')} in this order, ` +
      `found ${shown(String(strange))} out of place`,
  );
  for (const key of keys) {
    const kind = (shape as Readonly<Record<string, Shape | string>>)[key];
    const inner = path === '' ? key : `${path}.${key}`;
    if (typeof kind !== 'string') checkShape(given[key], kind, place, inner);
    else if (!(given[key] === null && NULLABLE.includes(key))) {
      check(
        isOf(given[key], kind),
        'mismatch',
        () => `${place}: ${inner}: expected a ${kind}, found ${shown(JSON.stringify(given[key]))}`,
      );
    }
  }
}

function isOf(value: unknown, kind: string): boolean {
  if (kind === 'text') return typeof value === 'string';
  // Of a file in the folder: no path, nothing that is hidden.
  if (kind === 'file name') return typeof value === 'string' && FILE_NAME.test(value);
  if (kind === 'digest') return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
  if (kind === 'flag') return typeof value === 'boolean';
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
