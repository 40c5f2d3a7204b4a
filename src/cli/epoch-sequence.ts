// The epochs that valuation reads, from what a command is given: the folder of a chain, whose focus is
// as its files claim it, or checkpoints of links, oldest first, each solved here.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseBackend, chooseExactBackend } from '../backend/choose.js';
import { check } from '../base/errors.js';
import { epochFolder, epochsOf, MANIFEST, manifestOf } from '../epoch/chain.js';
import { statesOf } from '../epoch/states.js';
import { focusExact } from '../focus/exact/focus-exact.js';
import { focus } from '../focus/focus.js';
import type { Parameters } from '../focus/parameters.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { FileRecord } from '../report/manifest.js';
import type { ValuedEpoch } from '../valuation/epoch-view.js';
import type { Identity } from '../valuation/identities.js';
import { parametersOf, toleranceOf, type KernelFlags } from './kernel-options.js';
import type { Say } from './input.js';
import { checkStandardInput, inputRecord, readLinked } from './linked-input.js';
import type { ProgressDisplay } from './progress.js';

/** A sequence of epochs, and what it was read from. */
export interface EpochSequence {
  readonly epochs: AsyncGenerator<ValuedEpoch, void, undefined>;
  readonly identity: Identity;
  /** For a manifest: complete when the epochs have been read. */
  readonly inputs: FileRecord[];
  /** Whether every focus converged, of those read so far. */
  readonly converged: () => boolean;
}

/** Options that a chain answers for itself. */
const OF_CHECKPOINTS = [
  ...(['reading', 'precision', 'backend', 'tolerance', 'teleport', 'mu', 'tau', 'lambda'] as const),
  ...(['unit', 'prior', 'format', 'order'] as const),
];

/**
 * Opens a sequence. Throws `usage` where paths are neither one chain nor two checkpoints or more, and for
 * options of solves with a chain.
 */
export async function openSequence(
  paths: readonly string[],
  flags: KernelFlags,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<EpochSequence> {
  const isFolder = await Promise.all(paths.map(isDirectory));
  if (paths.length === 1 && isFolder[0]) return ofChain(paths[0], flags, progress);
  const folder = isFolder.indexOf(true);
  check(
    folder < 0,
    'usage',
    () => `${paths[folder]}: expected a file of links, found a folder`,
    'give one folder of a chain, or two files of links and more',
  );
  check(
    paths.length >= 2,
    'usage',
    () => `expected the folder of a chain or at least two files of links, found ${paths[0]}`,
    'what a link earns is a difference of two epochs',
  );
  checkStandardInput(paths);
  toleranceOf(flags);
  return ofCheckpoints(paths, flags, progress, signal);
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function ofChain(
  chain: string,
  flags: KernelFlags,
  { say, phase }: ProgressDisplay,
): Promise<EpochSequence> {
  const given = OF_CHECKPOINTS.find((name) => flags[name] !== undefined);
  check(
    given === undefined,
    'usage',
    () => `--${given}: expected none with a chain: its rulesets say how each epoch was computed`,
  );
  const held = await epochsOf(chain);
  const inputs: FileRecord[] = [];
  let converged = true;
  async function* read(): AsyncGenerator<ValuedEpoch, void, undefined> {
    let before: Parameters | null = null;
    for await (const { epoch, linked, focus: found } of statesOf(chain)) {
      phase(`valuing epoch ${epoch} of ${held}`);
      const { text, digest } = await manifestOf(chain, epoch);
      const name = join(epochFolder(chain, epoch), MANIFEST);
      inputs.push({ name, format: 'epoch', bytes: Buffer.byteLength(text), sha256: digest });
      const { parameters, units, errorBound } = found;
      if (before !== null && textOf(before) !== textOf(parameters)) {
        say(
          `epoch ${epoch} has other parameters than the one before: its yields hold what that did`,
        );
      }
      before = parameters;
      converged &&= found.converged;
      yield { epoch, linked, phi: units, errorBound };
    }
  }
  return { epochs: read(), identity: 'row', inputs, converged: () => converged };
}

function textOf({ reading, teleport, mu, tau, lambda, prior }: Parameters): string {
  return JSON.stringify([reading, teleport, mu, tau, lambda, prior]);
}

function ofCheckpoints(
  paths: readonly string[],
  flags: KernelFlags,
  progress: ProgressDisplay,
  signal: AbortSignal,
): EpochSequence {
  const inputs: FileRecord[] = [];
  let converged = true;
  async function* read(): AsyncGenerator<ValuedEpoch, void, undefined> {
    let solver: Solver | null = null;
    try {
      for (const [epoch, path] of paths.entries()) {
        progress.phase(`reading ${path}`);
        const { linked, notes } = await readLinked(path, flags, progress.say);
        inputs.push(inputRecord(notes));
        progress.phase(`solving ${path}`);
        const { axons } = linked.graph.report;
        solver ??= await openSolver(flags, axons, signal, progress.say);
        const solved = await solver.solve(linked);
        converged &&= solved.converged;
        yield { epoch, linked, phi: solved.phi, errorBound: solved.errorBound };
      }
    } finally {
      solver?.destroy();
    }
  }
  return { epochs: read(), identity: 'occurrence', inputs, converged: () => converged };
}

interface Solver {
  readonly solve: (
    linked: LinkedGraph,
  ) => Promise<Pick<ValuedEpoch, 'phi' | 'errorBound'> & { readonly converged: boolean }>;
  readonly destroy: () => void;
}

/** One machine for all checkpoints, chosen by the size of the first. */
async function openSolver(
  flags: KernelFlags,
  axons: number,
  signal: AbortSignal,
  say: Say,
): Promise<Solver> {
  const options = { ...parametersOf(flags), tolerance: toleranceOf(flags), signal };
  if (flags.precision === 'exact') {
    const { backend, reason } = await chooseExactBackend({ ...flags, axons });
    say(`backend: ${backend.description} (${reason})`);
    return {
      destroy: () => backend.destroy(),
      solve: async ({ graph }) => {
        const { exact, errorBound, converged } = await focusExact(graph, options, backend);
        return { phi: exact.units, errorBound, converged };
      },
    };
  }
  const { backend, reason } = await chooseBackend({ ...flags, precision: 'f64', axons });
  say(`backend: ${backend.description} (${reason})`);
  return {
    destroy: () => backend.destroy(),
    solve: async ({ graph }) => {
      const found = await focus(graph, { ...options, precision: 'f64' }, backend);
      const { phi, errorBound, converged } = found;
      return { phi: phi.data.slice(), errorBound, converged };
    },
  };
}
