// Computing the next epoch of a chain: inputs are read and kept, the state before is replayed, the
// epoch is computed and put into the chain. Run again with the same inputs, after whatever ended it
// before, it leaves the same bytes.

import { check, FocusError } from '../base/errors.js';
import {
  epochsOf,
  keepLinks,
  manifestOf,
  readGenesis,
  readHeldFile,
  readSignalFile,
  RULESET,
  SIGNALS,
  writeEpoch,
} from './chain.js';
import {
  afterSignals,
  computeEpoch,
  type ComputedEpoch,
  type EpochInputs,
  type EpochMachines,
} from './compute.js';
import { digestOf, type EpochFile, type FileDigest } from './files.js';
import { checkHeld } from './held-stake.js';
import { sealManifest, type SealedManifest } from './manifest.js';
import { stateBefore } from './replay.js';
import { rulesetAt, rulesetText, type Ruleset } from './ruleset.js';
import { readBeacon } from '../base/beacon.js';

/** What the next epoch is computed from. */
export interface EpochRequest {
  readonly chain: string;
  readonly epoch: number;
  /** Links of the graph, for epoch 0; null for every other. */
  readonly links: string | null;
  /** Signals of the epoch; null for epoch 0. */
  readonly signals: string | null;
  /** Stake held as of the epoch before, as heldAt and heldText make it: where the rules have held. */
  readonly held?: string | null | undefined;
  readonly rulesets: readonly Ruleset[];
  readonly beacon: string;
}

/**
 * Computes an epoch and puts it into the chain. Throws `usage` where the chain does not end one epoch
 * before, or holds another epoch of that number; `bad-input` for what cannot be read or applied;
 * `mismatch` where the chain is damaged.
 */
export async function runEpoch(
  request: EpochRequest,
  machines: EpochMachines,
): Promise<SealedManifest> {
  const { chain, epoch } = request;
  const beacon = readBeacon(request.beacon);
  const ruleset = rulesetAt(request.rulesets, epoch);
  const held = await epochsOf(chain);
  check(
    epoch <= held,
    'usage',
    () => `${chain}: expected epoch ${held} next, found ${epoch}`,
    `the chain holds ${held} epochs`,
  );
  checkSources(request);
  machines.onProgress?.('reading', null);
  const rules = { name: RULESET, bytes: Buffer.from(rulesetText(ruleset), 'utf8'), rows: 1 };
  const signals = await readSignalsOf(request);
  const inputs: FileDigest[] = [digestOf(signals.file), digestOf(rules)];
  const { linked, digest } = await linkedOf(request, ruleset, signals.delta);
  if (digest !== null) inputs.unshift(digest);
  const stake = await heldStakeOf(request, ruleset, linked.before);
  inputs.push(...stake.files.map(digestOf));
  const epochInputs = { ...linked, held: stake.held, delta: signals.delta, ruleset };
  const computed = await computeEpoch(epochInputs, machines);
  const previous = epoch === 0 ? null : (await manifestOf(chain, epoch - 1)).digest;
  const sealed = sealEpoch(previous, beacon, inputs, signals.file.rows, computed);
  if (digest !== null && request.links !== null) await keepLinks(chain, request.links, digest);
  await writeEpoch(chain, [rules, signals.file, ...stake.files, ...computed.files], sealed);
  return sealed;
}

function checkSources({ epoch, links, signals }: EpochRequest): void {
  check(
    (epoch === 0) === (links !== null),
    'usage',
    () => `epoch ${epoch}: expected links ${epoch === 0 ? 'to begin with' : 'in epoch 0 only'}`,
  );
  check(
    (epoch === 0) === (signals === null),
    'usage',
    () => `epoch ${epoch}: expected ${epoch === 0 ? 'no signals' : 'signals'}`,
    'epoch 0 is the graph that the chain begins with; signals come from epoch 1 on',
  );
  check(
    (links ?? signals) !== '-',
    'usage',
    () => `epoch ${epoch}: expected a file, found standard input`,
    'a chain keeps its inputs byte for byte: write them to a file first',
  );
}

async function readSignalsOf({ signals }: EpochRequest): ReturnType<typeof readSignalFile> {
  if (signals !== null) return readSignalFile(signals);
  return { delta: [], links: 0, file: { name: SIGNALS, bytes: new Uint8Array(), rows: 0 } };
}

/** Held stake and its file, by the rules of the epoch. Throws `bad-input` where they do not fit. */
async function heldStakeOf(
  { epoch, held: path = null }: EpochRequest,
  ruleset: Ruleset,
  before: EpochInputs['before'],
): Promise<{ readonly held: EpochInputs['held']; readonly files: readonly EpochFile[] }> {
  const read = path === null ? null : await readHeldFile(path);
  const held = read?.held ?? null;
  try {
    checkHeld(before?.held ?? null, held, { epoch, ruleset, place: path ?? `epoch ${epoch}` });
  } catch (cause) {
    if (!(cause instanceof FocusError)) throw cause;
    throw new FocusError('bad-input', cause.message, cause.fix, { cause });
  }
  return { held, files: read === null ? [] : [read.file] };
}

interface Sources {
  readonly linked: Pick<EpochInputs, 'before' | 'linked'>;
  /** Of the links of epoch 0. */
  readonly digest: FileDigest | null;
}

async function linkedOf(
  { chain, epoch, links }: EpochRequest,
  ruleset: Ruleset,
  delta: EpochInputs['delta'],
): Promise<Sources> {
  if (links !== null) {
    const { linked, digest } = await readGenesis(links, ruleset);
    return { linked: { before: null, linked }, digest };
  }
  const before = await stateBefore(chain, epoch);
  check(before !== null, 'invariant', () => 'an epoch after 0 has one before');
  const order = before.linked.options.order ?? 'first-seen';
  check(
    order === ruleset.order,
    'bad-input',
    () => `rulesets: order: expected ${order} as in epoch 0, found ${ruleset.order}`,
  );
  return { linked: { before, linked: afterSignals(before, delta) }, digest: null };
}

/** The manifest of an epoch that was computed. */
export function sealEpoch(
  previous: string | null,
  beacon: string,
  inputs: readonly FileDigest[],
  signals: number,
  { state, files }: ComputedEpoch,
): SealedManifest {
  const { epoch, linked, focus, header } = state;
  return sealManifest({
    format: 'focus-epoch-1',
    epoch,
    previous,
    beacon,
    inputs,
    header,
    focus: { digest: focus.digest, errorBound: focus.errorBound, converged: focus.converged },
    counts: {
      links: linked.links.count,
      axons: linked.graph.report.axons,
      particles: linked.graph.particles,
      signals,
    },
    outputs: files.map(digestOf),
  });
}
