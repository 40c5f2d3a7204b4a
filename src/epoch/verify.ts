// Verification of a chain: every epoch is computed anew from the links of epoch 0 and the signals, and
// held against what the chain says, file by file and row by row; the first row that differs is named.
// With a sample, only the claims that a beacon draws are computed anew (sample.ts), each from the state
// that the chain claims before it; digests and the chain of manifests are held in any case.

import { check, FocusError } from '../base/errors.js';
import type { LinkedGraph } from '../graph/linked.js';
import { epochFolder, epochsOf, fileOf, MANIFEST, RULESET } from './chain.js';
import {
  afterSignals,
  computeState,
  marginalFile,
  OUTPUTS,
  type EpochInputs,
  type EpochMachines,
} from './compute.js';
import { printable } from '../base/printable.js';
import {
  firstDifference,
  foundFile,
  rowsOf,
  sha256,
  shownRow,
  type EpochFile,
  type RowDifference,
} from './files.js';
import { checkHeld } from './held-stake.js';
import { claimedState, storedEpoch, storedGenesis, type StoredEpoch } from './replay.js';
import { HELD } from '../payouts/held/held-file.js';
import { rulesetAt, rulesetText, type Ruleset } from './ruleset.js';
import { sealEpoch } from './run.js';
import type { EpochState } from './state.js';
import { chanceUnseen, drawSample } from '../base/sample.js';

/** The stream of a beacon that draws what of a chain is recomputed. */
export const SAMPLES = 'focus-sample-1';

/** What to hold a chain against, and how much of it. */
export interface VerifyOptions {
  /** Rules that the verifier goes by; default: those that the chain states. */
  readonly rulesets?: readonly Ruleset[] | undefined;
  /** The digest that the last epoch must have; whichever it is where left out. */
  readonly head?: string | undefined;
  /** Compute only `count` claims anew, drawn by `beacon`. */
  readonly sample?: { readonly count: number; readonly beacon: string } | undefined;
}

/** A chain that holds. */
export interface Verified {
  readonly epochs: number;
  /** Digest of the last epoch. */
  readonly head: string;
  /** States and signals in the chain, and how many of them were computed anew. */
  readonly claims: number;
  readonly recomputed: number;
  /** The chance that `falsified` false claims went unseen; 0 where all was computed anew. */
  chanceUnseen(falsified: number): number;
}

type Genesis = Awaited<ReturnType<typeof storedGenesis>>;

/**
 * Verifies a chain. Throws `mismatch` naming epoch, file and row of the first difference, with what
 * was expected and what was found.
 */
export async function verifyChain(
  chain: string,
  options: VerifyOptions,
  machines: EpochMachines,
): Promise<Verified> {
  const epochs = await epochsOf(chain);
  check(epochs > 0, 'usage', () => `${chain}: expected a chain of epochs, found none`);
  const stored = await readEpochs(chain, epochs, options);
  const head = stored[epochs - 1].sealed.digest;
  check(
    options.head === undefined || options.head === head,
    'mismatch',
    () => `${chain}: head: expected ${options.head}, found ${head}`,
  );
  // Claims are counted epoch by epoch: its state, then its signals.
  const firsts = [0];
  for (const { delta } of stored) firsts.push((firsts.at(-1) ?? 0) + 1 + delta.length);
  const claims = firsts[epochs];
  const { sample } = options;
  const drawn =
    sample === undefined ? null : drawSample(sample.beacon, SAMPLES, sample.count, claims);
  let before: EpochState | null = null;
  for (const [epoch, each] of stored.entries()) {
    machines.onProgress?.(`epoch ${epoch}`, epoch / epochs);
    machines.signal?.throwIfAborted();
    const genesis = before === null ? await storedGenesis(chain) : null;
    const linked: LinkedGraph =
      before === null ? (genesis as Genesis).linked : appliedTo(before, each, chain);
    const inputs = [...(genesis === null ? [] : [genesis.digest]), ...each.inputs];
    const own = drawn?.filter((claim) => claim >= firsts[epoch] && claim < firsts[epoch + 1]);
    const wanted = own?.map((claim) => claim - firsts[epoch] - 1) ?? null;
    before = await verifyEpoch(chain, { before, linked, ...each, inputs }, wanted, machines);
  }
  const count = drawn?.length ?? claims;
  return {
    epochs,
    head,
    claims,
    recomputed: count,
    chanceUnseen: (falsified) => chanceUnseen(count, claims, falsified),
  };
}

/** All epochs with their inputs, chained and by the rules. */
async function readEpochs(
  chain: string,
  epochs: number,
  { rulesets }: VerifyOptions,
): Promise<readonly StoredEpoch[]> {
  const stored: StoredEpoch[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const each = await storedEpoch(chain, epoch);
    const { manifest } = each.sealed;
    const place = `${epochFolder(chain, epoch)}/${MANIFEST}`;
    const previous = stored.at(-1)?.sealed.digest ?? null;
    for (const [key, expected, found] of [
      ['epoch', epoch, manifest.epoch],
      ['previous', previous, manifest.previous],
    ] as const) {
      check(
        expected === found,
        'mismatch',
        () => `${place}: ${key}: expected ${String(expected)}, found ${String(found)}`,
      );
    }
    const order = stored[0]?.ruleset.order ?? each.ruleset.order;
    check(
      each.ruleset.order === order,
      'mismatch',
      () => `${epochFolder(chain, epoch)}/${RULESET}: order: expected ${order} as in epoch 0`,
    );
    const { held, ruleset } = each;
    const before = stored.at(-1)?.held ?? null;
    checkHeld(before, held, { epoch, ruleset, place: `${epochFolder(chain, epoch)}/${HELD}` });
    if (rulesets !== undefined) checkRules(chain, epoch, each.ruleset, rulesets);
    stored.push(each);
  }
  return stored;
}

function checkRules(
  chain: string,
  epoch: number,
  found: Ruleset,
  rulesets: readonly Ruleset[],
): void {
  const expected = rulesetAt(rulesets, epoch);
  if (rulesetText(expected) === rulesetText(found)) return;
  const keys = Object.keys(expected) as (keyof Ruleset)[];
  const key = keys.find((each) => JSON.stringify(expected[each]) !== JSON.stringify(found[each]));
  const [theirs, ours] = [found, expected].map((rules) => JSON.stringify(rules[key ?? 'order']));
  throw new FocusError(
    'mismatch',
    `${epochFolder(chain, epoch)}/ruleset.json: ${key}: expected ${ours}, found ${theirs}`,
    'the chain was computed by other rules than yours',
  );
}

function appliedTo(before: EpochState, { delta, sealed }: StoredEpoch, chain: string): LinkedGraph {
  try {
    return afterSignals(before, delta);
  } catch (cause) {
    if (!(cause instanceof FocusError)) throw cause;
    const place = epochFolder(chain, sealed.manifest.epoch);
    throw new FocusError('mismatch', `${place}: ${cause.message}`, cause.fix, { cause });
  }
}

/**
 * Holds one epoch against what is computed anew: all of it (`wanted` null), or its state (−1) and
 * signals by index. Returns its state.
 */
async function verifyEpoch(
  chain: string,
  inputs: EpochInputs & StoredEpoch,
  wanted: readonly number[] | null,
  machines: EpochMachines,
): Promise<EpochState> {
  const { sealed, ruleset, delta, linked, before } = inputs;
  const { epoch } = sealed.manifest;
  const isWhole = wanted === null || wanted.includes(-1);
  const computed = isWhole ? await computeState(inputs, machines) : null;
  const named = computed?.state.linked ?? linked;
  for (const file of computed?.files ?? []) await compare(chain, epoch, file, named);
  const signals = wanted?.filter((index) => index >= 0) ?? [...delta.keys()];
  const rows = ruleset.marginals.functions.length;
  if (signals.length === delta.length) {
    await compare(chain, epoch, await marginalFile(inputs, machines, signals), linked);
  } else {
    const marginals = signals.length > 0 ? await marginalFile(inputs, machines, signals) : null;
    await compareRows(chain, epoch, marginals, signals, rows, delta.length);
  }
  await checkDigests(chain, sealed);
  const state = computed?.state ?? (await claimedState(chain, epoch, linked, before?.header));
  const files: EpochFile[] = [];
  for (const name of OUTPUTS) files.push(foundFile(name, await bytesOf(chain, epoch, name)));
  checkSeal(chain, inputs, { state, files });
  return state;
}

/** Throws `mismatch` for the first row of a file that is not as computed. */
async function compare(
  chain: string,
  epoch: number,
  expected: EpochFile,
  linked: LinkedGraph,
): Promise<void> {
  const found = await bytesOf(chain, epoch, expected.name);
  const difference = firstDifference(expected, found);
  if (difference === null) return;
  const { row } = difference;
  const { graph } = linked;
  const isUnits = expected.name === 'focus.units';
  const name =
    isUnits && row < graph.particles ? ` (particle ${printable(graph.ids.at(row))})` : '';
  throw differs(chain, epoch, expected.name, `row ${row}${name}`, difference);
}

/** Holds the rows of some signals against a file that must have those of all, and no other. */
async function compareRows(
  chain: string,
  epoch: number,
  expected: EpochFile | null,
  signals: readonly number[],
  rows: number,
  all: number,
): Promise<void> {
  const name = OUTPUTS[4];
  const found = [...rowsOf(name, await bytesOf(chain, epoch, name))];
  const ours = expected === null ? [] : [...rowsOf(name, expected.bytes)];
  signals.forEach((signal, k) => {
    for (let r = 0; r < rows; r++) {
      const [a, b] = [ours[k * rows + r], found[signal * rows + r] ?? null];
      if (b !== null && Buffer.compare(a, b) === 0) continue;
      const row = signal * rows + r + 1;
      const difference = { row, expected: shownRow(a), found: shownRow(b) };
      throw differs(chain, epoch, name, `row ${row}`, difference);
    }
  });
  check(
    found.length === all * rows,
    'mismatch',
    () =>
      `${epochFolder(chain, epoch)}/${name}: expected ${all * rows} rows, found ${found.length}`,
  );
}

/** Throws `mismatch` for the first key of a manifest that is not as computed. */
function checkSeal(
  chain: string,
  { sealed: { manifest, text }, inputs, delta }: StoredEpoch,
  computed: Parameters<typeof sealEpoch>[4],
): void {
  const { previous, beacon } = manifest;
  const own = sealEpoch(previous, beacon, inputs, delta.length, computed);
  if (own.text === text) return;
  const [ours, theirs] = [own.text, text].map((each) => each.split('\n'));
  const line = ours.findIndex((each, i) => each !== theirs[i]);
  throw differs(chain, manifest.epoch, MANIFEST, `line ${line + 1}`, {
    row: line,
    expected: ours[line]?.trim() ?? null,
    found: theirs[line]?.trim() ?? null,
  });
}

/** Holds every output on disk against its digest in the manifest. */
async function checkDigests(chain: string, { manifest }: StoredEpoch['sealed']): Promise<void> {
  const { epoch, outputs } = manifest;
  const names = outputs.map(({ name }) => name).join(', ');
  const place = `${epochFolder(chain, epoch)}/${MANIFEST}`;
  check(
    names === OUTPUTS.join(', '),
    'mismatch',
    () => `${place}: outputs: expected ${OUTPUTS.join(', ')}, found ${names}`,
  );
  for (const output of outputs) {
    const found = sha256(await bytesOf(chain, epoch, output.name));
    const difference = { row: 0, expected: output.sha256, found };
    if (found !== output.sha256) throw differs(chain, epoch, output.name, 'SHA-256', difference);
  }
}

async function bytesOf(chain: string, epoch: number, name: string): Promise<Uint8Array> {
  const bytes = await fileOf(chain, epoch, name);
  check(
    bytes !== null,
    'mismatch',
    () => `${epochFolder(chain, epoch)}/${name}: expected a file, found none`,
  );
  return bytes;
}

const LONGEST = 300;

function differs(
  chain: string,
  epoch: number,
  name: string,
  what: string,
  { expected, found }: RowDifference,
): FocusError {
  const [ours, theirs] = [expected, found].map((each) =>
    each === null ? 'nothing' : each.trimEnd().slice(0, LONGEST),
  );
  const place = `${epochFolder(chain, epoch)}/${name}`;
  return new FocusError(
    'mismatch',
    `${place}: ${what}: expected ${ours}, found ${theirs}`,
    `epochs after ${epoch} rest on it`,
  );
}
