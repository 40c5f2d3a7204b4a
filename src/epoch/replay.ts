// The state of a chain before an epoch: its graph by replaying every signal since epoch 0, and the
// focus that the last epoch claims. Files are held against their digests on the way.

import { check } from '../base/errors.js';
import { measureUnits } from '../focus/exact/focus-exact.js';
import { readHeader } from '../focus/header.js';
import { resolveParameters } from '../focus/parameters.js';
import { replay } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import {
  epochFolder,
  fileOf,
  genesisOf,
  manifestOf,
  readSignalFile,
  RULESET,
  SIGNALS,
} from './chain.js';
import type { EpochState, StateFocus } from './state.js';
import { digestOf, sha256, unitsOf, type FileDigest } from './files.js';
import type { SealedManifest } from './manifest.js';
import { parametersOf, readRulesets, type Ruleset } from './ruleset.js';

/** An epoch on disk, its inputs read and held against the manifest. */
export interface StoredEpoch {
  readonly sealed: SealedManifest;
  readonly ruleset: Ruleset;
  readonly delta: Delta;
  /** Digests of signals and ruleset as they are on disk. */
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
  const [ruleset] = readRulesets([JSON.parse(Buffer.from(rules).toString('utf8'))], RULESET);
  const { delta, file } = await readSignalFile(`${folder}/${SIGNALS}`);
  const inputs = [digestOf(file), digestOf({ name: RULESET, bytes: rules, rows: 1 })];
  return { sealed, ruleset, delta, inputs };
}

/** The links of epoch 0, held against the manifest. Throws `mismatch`. */
export async function storedGenesis(
  chain: string,
): Promise<{ readonly linked: LinkedGraph; readonly digest: FileDigest }> {
  const { sealed, ruleset } = await storedEpoch(chain, 0);
  const { linked, digest } = await genesisOf(chain, sealed, ruleset.order);
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

/** The state of an epoch as its files claim it, on a graph that was replayed. Throws `mismatch`. */
export async function claimedState(
  chain: string,
  epoch: number,
  linked: LinkedGraph,
): Promise<EpochState> {
  const { sealed, ruleset } = await storedEpoch(chain, epoch);
  const folder = epochFolder(chain, epoch);
  const [header, units] = ['header.json', 'focus.units'].map((name) => fileOf(chain, epoch, name));
  const [text, bytes] = [await header, await units];
  for (const [name, found] of [
    ['header.json', text],
    ['focus.units', bytes],
  ] as const) {
    const named = sealed.manifest.outputs.find((output) => output.name === name);
    checkDigest(`${folder}/${name}`, named, found === null ? null : sha256(found));
  }
  const read = readHeader(Buffer.from(text ?? new Uint8Array()).toString('utf8'));
  check(read.accepted, 'mismatch', () => `${folder}: ${read.accepted ? '' : read.reason}`);
  return {
    epoch,
    linked,
    header: read.hash,
    focus: focusOf(sealed, ruleset, linked, unitsOf(bytes ?? new Uint8Array()), folder),
  };
}

function focusOf(
  { manifest }: SealedManifest,
  ruleset: Ruleset,
  { graph }: LinkedGraph,
  units: BigInt64Array,
  folder: string,
): StateFocus {
  check(
    units.length === graph.particles && units.every((value) => value >= 0n),
    'mismatch',
    () => `${folder}/focus.units: expected ${graph.particles} numbers ≥ 0, found ${units.length}`,
  );
  const { digest, errorBound, converged } = manifest.focus;
  const parameters = resolveParameters(parametersOf(ruleset), graph);
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
