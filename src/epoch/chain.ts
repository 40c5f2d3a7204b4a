// A chain of epochs on disk:
//   CHAIN/links.*                the links of epoch 0, as they were given
//   CHAIN/epochs/000000/         ruleset.json, signals.ndjson, the outputs, manifest.json
// An epoch is written into a folder of another name, synced, and renamed: it is there whole or not at
// all, whenever the process dies. Nothing that is there is ever changed.

import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { check, FocusError } from '../base/errors.js';
import { readLinks } from '../formats/read.js';
import { readSignals } from '../formats/signals.js';
import { linksOfGraph } from '../formats/write-links.js';
import { linkGraph, type LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import { fileRecord } from '../report/manifest.js';
import { HELD, heldText, readHeld } from '../payouts/held/held-file.js';
import type { HeldStake } from '../payouts/held/held.js';
import { foundFile, sha256, type EpochFile, type FileDigest } from './files.js';
import { readManifest, type SealedManifest } from './manifest.js';
import type { Ruleset } from './ruleset.js';

/** Input files of an epoch, besides the links of epoch 0. */
export const SIGNALS = 'signals.ndjson';
export const RULESET = 'ruleset.json';
export const MANIFEST = 'manifest.json';

/** The folder of an epoch. */
export function epochFolder(chain: string, epoch: number): string {
  return join(chain, 'epochs', String(epoch).padStart(6, '0'));
}

/** Epochs that a chain holds, from 0 without gap. Throws `mismatch` for a gap. */
export async function epochsOf(chain: string): Promise<number> {
  const names = await readdir(join(chain, 'epochs')).catch(() => [] as string[]);
  const epochs = names.filter((name) => /^\d{6,}$/.test(name)).map(Number);
  epochs.sort((a, b) => a - b);
  epochs.forEach((epoch, i) => {
    check(
      epoch === i,
      'mismatch',
      () => `${join(chain, 'epochs')}: expected epoch ${i}, found ${epoch}`,
    );
  });
  return epochs.length;
}

/** The manifest of an epoch. Throws `mismatch` where it is not as it must be. */
export async function manifestOf(chain: string, epoch: number): Promise<SealedManifest> {
  const path = join(epochFolder(chain, epoch), MANIFEST);
  return readManifest(await readText(path), path);
}

/** The bytes of a file of an epoch; null where it is missing. */
export async function fileOf(
  chain: string,
  epoch: number,
  name: string,
): Promise<Uint8Array | null> {
  return readFile(join(epochFolder(chain, epoch), name)).catch(() => null);
}

/** Reads links for epoch 0, and their digest. Throws what readLinks throws. */
export async function readGenesis(
  path: string,
  { order }: Pick<Ruleset, 'order'>,
): Promise<{ readonly linked: LinkedGraph; readonly digest: FileDigest }> {
  const read = await readLinks(path, { hash: true });
  const links = read.kind === 'links' ? read.links : linksOfGraph(read.graph);
  const digest = {
    name: linksName(path),
    rows: links.count,
    bytes: read.bytes,
    sha256: read.sha256 ?? '',
  };
  return { linked: linkGraph(links, { order }), digest };
}

/** The links of epoch 0 of a chain, by the name in its manifest. */
export async function genesisOf(
  chain: string,
  { manifest }: SealedManifest,
  order: Ruleset['order'],
): Promise<{ readonly linked: LinkedGraph; readonly digest: FileDigest }> {
  const named = manifest.inputs.find(({ name }) => name.startsWith('links'));
  check(
    named !== undefined,
    'mismatch',
    () => `${chain}: epoch 0: expected links among its inputs`,
  );
  check(
    named.name === basename(named.name),
    'mismatch',
    () => `${chain}: epoch 0: expected the name of a file, found ${named.name}`,
  );
  return readGenesis(join(chain, named.name), { order });
}

/** `links` with the endings of a file's name, which tell format and compression. */
export function linksName(path: string): string {
  const endings = /(?:\.[A-Za-z0-9]{1,8}){1,2}$/.exec(basename(path));
  return `links${endings?.[0].toLowerCase() ?? ''}`;
}

/**
 * Copies the links of epoch 0 into a chain; the same bytes there already are left as they are, and
 * others are never replaced: throws `usage`. Throws `failure` where the file changed since it was read.
 */
export async function keepLinks(chain: string, path: string, digest: FileDigest): Promise<void> {
  await mkdir(chain, { recursive: true }).catch((cause: unknown) => {
    const message = `${chain}: expected a folder that can be made: ${(cause as Error).message}`;
    throw new FocusError('usage', message, '', { cause });
  });
  await removePartial(chain);
  const target = join(chain, digest.name);
  if (await isKept(target, digest)) return;
  const temporary = `${target}.partial-${process.pid}-${randomUUID()}`;
  try {
    await copyFile(path, temporary);
    const copied = await fileRecord(temporary, 'links');
    check(copied.sha256 === digest.sha256, 'failure', () => `${path}: ${CHANGED}`, QUIET);
    await syncPath(temporary);
    // Unlike a rename, a link never takes the place of what another process has put there.
    await link(temporary, target).catch(async (cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') await rename(temporary, target);
    });
  } finally {
    await rm(temporary, { force: true });
  }
  await isKept(target, digest);
  await syncPath(chain);
}

/** Whether the links of epoch 0 are there. Throws `usage` where others are. */
async function isKept(target: string, { sha256: expected }: FileDigest): Promise<boolean> {
  const there = await fileRecord(target, 'links').catch(() => null);
  check(
    there === null || there.sha256 === expected,
    'usage',
    () => `${target}: the chain was begun with other links`,
    'begin another chain in an empty folder',
  );
  return there !== null;
}

const CHANGED = 'it changed while it was read';
const QUIET = 'give a file that nobody writes to';

/** Signals of a file, with its digest and its bytes. */
export async function readSignalFile(
  path: string,
): Promise<{ readonly delta: Delta; readonly file: EpochFile; readonly links: number }> {
  const [{ delta, notes }, bytes] = [await readSignals(path), await readFile(path)];
  check(sha256(bytes) === notes.sha256, 'failure', () => `${path}: ${CHANGED}`, QUIET);
  return { delta, file: { name: SIGNALS, bytes, rows: notes.signals }, links: notes.links };
}

/** Held stake of a file, with its bytes. Throws `bad-input` naming the line that is wrong. */
export async function readHeldFile(
  path: string,
): Promise<{ readonly held: HeldStake; readonly file: EpochFile }> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FocusError('bad-input', `${path}: expected a file of held stake`, '', { cause });
  });
  const held = readHeld(bytes.toString('utf8'), path);
  const isText = Buffer.compare(Buffer.from(heldText(held), 'utf8'), bytes) === 0;
  check(isText, 'bad-input', () => `${path}: expected UTF-8 text`);
  return { held, file: foundFile(HELD, bytes) };
}

/**
 * Puts an epoch into its chain, whole or not at all. Throws `usage` where the chain has another epoch
 * of that number; the same one is left as it is.
 */
export async function writeEpoch(
  chain: string,
  files: readonly EpochFile[],
  sealed: SealedManifest,
): Promise<void> {
  const target = epochFolder(chain, sealed.manifest.epoch);
  const parent = join(chain, 'epochs');
  await mkdir(parent, { recursive: true });
  await removePartial(parent);
  const partial = `${target}.partial-${process.pid}-${randomUUID()}`;
  await mkdir(partial);
  const manifest = { name: MANIFEST, bytes: Buffer.from(sealed.text, 'utf8') };
  for (const { name, bytes } of [...files, manifest]) {
    const handle = await open(join(partial, name), 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await syncPath(partial);
  try {
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    const there = await manifestOf(chain, sealed.manifest.epoch).catch(() => null);
    if (there?.digest === sealed.digest) return;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(String((cause as NodeJS.ErrnoException).code)))
      throw cause;
    throw new FocusError(
      'usage',
      `${target}: expected no epoch ${sealed.manifest.epoch} yet, found another one`,
      'an epoch is computed once: begin another chain for other inputs',
      { cause },
    );
  }
  await syncPath(parent);
}

/** Removes folders of epochs, and links, whose process died before they had their name. */
async function removePartial(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^(?:\d+|links[a-z0-9.]*)\.partial-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FocusError('mismatch', `${path}: expected a file, found none`, '', { cause });
  });
}
