// The state of a chain before an epoch: its graph by replaying every signal since epoch 0, and the
// focus that the last epoch claims. Files are held against their digests on the way.

import { check, FocusError } from '../base/errors.js';
import { measureUnits } from '../focus/exact/focus-exact.js';
import { readHeader } from '../focus/header.js';
import { resolveParameters, type FocusOptions } from '../focus/parameters.js';
import { replay } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import {
  epochFolder,
  fileOf,
  genesisOf,
  manifestOf,
  readHeldFile,
  readSignalFile,
  RULESET,
  SIGNALS,
} from './chain.js';
import { HELD } from '../payouts/held/held-file.js';
import type { HeldStake } from '../payouts/held/held.js';
import type { EpochState, StateFocus } from './state.js';
import { digestOf, sha256, UNIT_BYTES, unitsOf, type FileDigest } from './files.js';
import type { SealedManifest } from './manifest.js';
import { epochParameters, withHeldLinks } from './held-stake.js';
import { readRulesets, rulesetText, type Ruleset } from './ruleset.js';

/** An epoch on disk, its inputs read and held against the manifest. */
export interface StoredEpoch {
  readonly sealed: SealedManifest;
  readonly ruleset: Ruleset;
  readonly delta: Delta;
  /** Stake held as of the epoch before; null where the rules know none. */
  readonly held: HeldStake | null;
  /** Digests of signals, ruleset and held stake as they are on disk. */
  readonly inputs: readonly FileDigest[];
}

/** Reads an epoch's inputs. Throws `mismatch` naming the input that differs from its digest. */
export async function storedEpoch(chain: string, epoch: number): Promise<StoredEpoch> {
  const sealed = await manifestOf(chain, epoch);
  const folder = epochFolder(chain, epoch);
  for (const name of [RULESET, SIGNALS]) {
    const bytes = await fileOf(chain, epoch, name);
    const named = sealed.manifest.inputs.find((input) => input.name === name);
    checkDigest(`${folder}/${name}`, named, bytes === null ? null : sha256(bytes));
  }
  const rules = (await fileOf(chain, epoch, RULESET)) ?? new Uint8Array();
  const ruleset = storedRuleset(rules, epoch, `${folder}/${RULESET}`);
  const { delta, file } = await readSignalFile(`${folder}/${SIGNALS}`).catch(damaged(folder));
  check(
    epoch > 0 || file.bytes.length === 0,
    'mismatch',
    () => `${folder}/${SIGNALS}: expected an empty file, found ${file.bytes.length} bytes`,
    'epoch 0 is the graph that the chain begins with',
  );
  const inputs = [digestOf(file), digestOf({ name: RULESET, bytes: rules, rows: 1 })];
  if (ruleset.held === undefined || epoch === 0) {
    return { sealed, ruleset, delta, held: null, inputs };
  }
  const bytes = await fileOf(chain, epoch, HELD);
  const named = sealed.manifest.inputs.find(({ name }) => name === HELD);
  const place = `${folder}/${HELD}`;
  checkDigest(place, named, bytes === null ? null : sha256(bytes));
  const read = await readHeldFile(place).catch(damaged(place));
  return { sealed, ruleset, delta, held: read.held, inputs: [...inputs, digestOf(read.file)] };
}

/** The rules of an epoch, from their one text. Throws `mismatch`. */
function storedRuleset(bytes: Uint8Array, epoch: number, place: string): Ruleset {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    const [ruleset] = readRulesets([JSON.parse(text)], place);
    check(
      ruleset.startEpoch <= epoch,
      'mismatch',
      () => `${place}: startEpoch: expected at most ${epoch}, found ${ruleset.startEpoch}`,
    );
    const isCanonical = Buffer.compare(Buffer.from(rulesetText(ruleset), 'utf8'), bytes) === 0;
    check(isCanonical, 'mismatch', () => `${place}: expected the canonical text of a ruleset`);
    return ruleset;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) return damaged(place)(cause);
    throw new FocusError('mismatch', `${place}: expected JSON`, '', { cause });
  }
}

/** What a file of a chain cannot be: a fault of the chain, not of the caller. */
function damaged(place: string): (cause: unknown) => never {
  return (cause) => {
    if (!(cause instanceof FocusError) || cause.code === 'mismatch') throw cause;
    if (!['bad-input', 'bad-parameter', 'too-large'].includes(cause.code)) throw cause;
    const message = cause.message.startsWith(place) ? cause.message : `${place}: ${cause.message}`;
    throw new FocusError('mismatch', message, cause.fix, { cause });
  };
}

/** The links of epoch 0, held against the manifest. Throws `mismatch`. */
export async function storedGenesis(
  chain: string,
): Promise<{ readonly linked: LinkedGraph; readonly digest: FileDigest }> {
  const { sealed, ruleset } = await storedEpoch(chain, 0);
  const { linked, digest } = await genesisOf(chain, sealed, ruleset.order).catch(damaged(chain));
  const named = sealed.manifest.inputs.find(({ name }) => name === digest.name);
  checkDigest(`${chain}/${digest.name}`, named, digest.sha256);
  return { linked, digest };
}

/**
 * The state that epoch `epoch` builds on, with the focus as the chain claims it; null for epoch 0.
 * O(links) for each epoch before. Throws `mismatch`.
 */
export async function stateBefore(chain: string, epoch: number): Promise<EpochState | null> {
  if (epoch === 0) return null;
  const log: Delta[] = [];
  for (let each = 1; each < epoch; each++) log.push((await storedEpoch(chain, each)).delta);
  return claimedState(chain, epoch - 1, replay((await storedGenesis(chain)).linked, log));
}

/**
 * The state of an epoch as its files claim it, on the graph that its signals make; its header must follow
 * `previous`, where given. Throws `mismatch`.
 */
export async function claimedState(
  chain: string,
  epoch: number,
  signed: LinkedGraph,
  previous: string | null = null,
): Promise<EpochState> {
  const { sealed, ruleset, held } = await storedEpoch(chain, epoch);
  const folder = epochFolder(chain, epoch);
  const text = await fileOf(chain, epoch, 'header.json');
  const bytes = await fileOf(chain, epoch, 'focus.units');
  for (const [name, found] of [
    ['header.json', text],
    ['focus.units', bytes],
  ] as const) {
    const named = sealed.manifest.outputs.find((output) => output.name === name);
    checkDigest(`${folder}/${name}`, named, found === null ? null : sha256(found));
  }
  const read = readHeader(Buffer.from(text ?? new Uint8Array()).toString('utf8'));
  check(read.accepted, 'mismatch', () => `${folder}: ${read.accepted ? '' : read.reason}`);
  const { header, focus } = sealed.manifest;
  for (const [key, expected, own] of [
    ['epoch', epoch, read.header.epoch],
    ['focusDigest', focus.digest, read.header.focusDigest],
    ['SHA-256', header, read.hash],
    ['previous', previous ?? read.header.previous, read.header.previous],
  ] as const) {
    const place = `${folder}/header.json: ${key}`;
    const message = (): string => `${place}: expected ${String(expected)}, found ${String(own)}`;
    check(expected === own, 'mismatch', message, 'the manifest and the header must agree');
  }
  const linked = withHeldLinks(signed, held, ruleset);
  const options = epochParameters(linked.graph, held, ruleset);
  return {
    epoch,
    linked,
    signed,
    held,
    rules: ruleset,
    header: read.hash,
    focus: focusOf(sealed, options, linked, bytes ?? new Uint8Array(), folder),
  };
}

function focusOf(
  { manifest }: SealedManifest,
  options: FocusOptions,
  { graph }: LinkedGraph,
  bytes: Uint8Array,
  folder: string,
): StateFocus {
  const units = unitsOf(bytes);
  check(
    bytes.length === UNIT_BYTES * graph.particles && units.every((value) => value >= 0n),
    'mismatch',
    () =>
      `${folder}/focus.units: expected ${graph.particles} numbers ≥ 0, found ${bytes.length} bytes`,
  );
  const { digest, errorBound, converged } = manifest.focus;
  const parameters = resolveParameters(options, graph);
  return { parameters, units, digest, errorBound, converged, ...measureUnits(units) };
}

function checkDigest(place: string, named: FileDigest | undefined, found: string | null): void {
  check(named !== undefined, 'mismatch', () => `${place}: expected it in the manifest, found none`);
  check(found !== null, 'mismatch', () => `${place}: expected a file, found none`);
  check(
    named.sha256 === found,
    'mismatch',
    () => `${place}: expected SHA-256 ${named.sha256}, found ${found}`,
    'an input or an output was changed after the epoch was computed',
  );
}
