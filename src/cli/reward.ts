// focus reward LINKS SIGNALS: the rewards of each signal as if it alone were applied, and of all
// together, by any of the reward functions.

import { Command } from 'commander';
import type { Backend } from '../backend/backend.js';
import { chooseBackend, chooseExactBackend } from '../backend/choose.js';
import type { ExactBackend } from '../backend/exact.js';
import { check } from '../base/errors.js';
import { TOLERANCE_SHARES } from '../focus/difference.js';
import { focusExact } from '../focus/exact/focus-exact.js';
import { focus } from '../focus/focus.js';
import type { Parameters } from '../focus/parameters.js';
import { spectrumOf } from '../focus/spectrum.js';
import { readBlocks } from '../formats/blocks.js';
import { readSignals } from '../formats/signals.js';
import { tableFormatOf, writeTable } from '../formats/write-table.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import type { LinkedGraph } from '../graph/linked.js';
import { openGraphRoot } from '../graph/root.js';
import { signalPlace, type Delta } from '../graph/signal.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import { blockDag, type BlockDag } from '../rewards/block-dag.js';
import { measuresOfSpectrum } from '../rewards/measures-of-spectrum.js';
import { neededInputs, type RewardName } from '../rewards/reward.js';
import { rewardsExactOf } from '../rewards/rewards-exact.js';
import { rewardsOf, type RewardsOfOptions } from '../rewards/rewards-of.js';
import { readCheckpoint, type Checkpoint } from './checkpoint-input.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import type { Say } from './input.js';
import { interruptible } from './interrupt.js';
import { addKernelOptions, parametersOf, toleranceOf, type KernelFlags } from './kernel-options.js';
import {
  checkOutput,
  checkStandardInput,
  describeSignals,
  inputRecord,
  readLinked,
  signalRecord,
} from './linked-input.js';
import { openProgress, type ProgressDisplay } from './progress.js';
import {
  checkHybrid,
  chosenFunctions,
  definitionsOf,
  REWARD_NAMES,
  rewardOptionsOf,
  type RewardChoice,
} from './reward-functions.js';
import {
  digestOfRewards,
  exactRowOf,
  rowOf,
  tableOfRewards,
  type RewardRow,
  type SignalRow,
} from './reward-rows.js';
import { choice, option, readNumber, withConfig } from './settings.js';

type RewardFlags = Omit<KernelFlags, 'precision'> &
  RewardChoice & {
    readonly out?: string;
    readonly json?: boolean;
  };

/** Registers the command. */
export function rewardCommand(): Command {
  const command = new Command('reward')
    .description('compute the rewards of signals: each as if it alone were applied, and of all')
    .argument('<links>', 'file of links, or - for standard input')
    .argument('<signals>', 'NDJSON, one signal a line');
  option(
    command,
    '--functions <a,b>',
    `some of ${REWARD_NAMES.join(', ')} (default: the first three, and those whose inputs are given)`,
  );
  option(command, '--checkpoint <phi>', 'a later focus, for alignment: as focus rank --out writes');
  option(command, '--blocks <dag>', 'blocks that carry the signals, NDJSON, for dag-weight');
  option(
    command,
    '--weights <w>',
    'of the hybrid, all four: delta-norm=1,delta-j=2,dag-weight=0,alignment=0.5',
  );
  choice(command, '--closeness <name>', 'of alignment (default cosine)', [
    'cosine',
    'total-variation',
    'jensen-shannon',
  ]);
  option(
    command,
    '--discount <d>',
    'of dag-weight, a generation, in (0, 1] (default 1)',
    readNumber,
  );
  addKernelOptions(command, 'L1 error of each Δφ to certify; exact: of each focus');
  option(command, '--out <file>', 'write the rewards to .ndjson, .csv or .parquet');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action((links: string, signals: string, flags: RewardFlags) =>
    run(links, signals, flags),
  );
}

async function run(path: string, signalPath: string, flags: RewardFlags): Promise<void> {
  const started = performance.now();
  toleranceOf(flags);
  const functions = chosenFunctions(flags);
  checkHybrid(flags);
  neededInputs(functions, rewardOptionsOf(flags));
  const inputs = [path, signalPath, flags.checkpoint, flags.blocks].filter(
    (each) => each !== undefined,
  );
  checkStandardInput(inputs);
  if (flags.out !== undefined) {
    tableFormatOf(flags.out);
    await checkOutput('--out', flags.out, inputs);
  }
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { linked, notes } = await readLinked(path, flags, say);
    const { delta, notes: signalNotes } = await readSignals(signalPath);
    describeSignals(signalNotes, say);
    const dag = flags.blocks === undefined ? undefined : blockDag(await readBlocks(flags.blocks));
    const checkpoint =
      flags.checkpoint === undefined
        ? undefined
        : await readCheckpoint(flags.checkpoint, flags.reading ?? 'focus-1', say);
    const request = { linked, delta, functions, flags, dag, checkpoint };
    const result = await compute(request, progress, say);
    const summary = {
      ...summaryOf(request, result),
      elapsedMs: Math.round(performance.now() - started),
    };
    if (flags.out !== undefined) {
      const { count, columns } = tableOfRewards(result.signals, result.joint);
      await writeTable(flags.out, count, columns);
      const { elapsedMs: _, ...reproducible } = summary;
      const manifest = await writeManifest(flags.out, {
        command: 'reward',
        input: inputRecord(notes),
        alsoRead: [
          signalRecord(signalNotes),
          ...(checkpoint === undefined ? [] : [checkpoint.record]),
          ...(flags.blocks === undefined ? [] : [await fileRecord(flags.blocks, 'blocks')]),
        ],
        output: await fileRecord(flags.out, tableFormatOf(flags.out)),
        result: { ...reproducible, joint: result.joint },
      });
      say(`wrote ${flags.out} (${count} rows) and ${manifest}`);
    }
    progress.end();
    print(request, result, summary, say);
    const rows = [...result.signals, result.joint];
    if (rows.some(({ converged }) => !converged)) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

/** What is to be computed. */
interface Request {
  readonly linked: LinkedGraph;
  readonly delta: Delta;
  readonly functions: readonly RewardName[];
  readonly flags: RewardFlags;
  readonly dag: BlockDag | undefined;
  readonly checkpoint: Checkpoint | undefined;
}

/** What was. */
interface Result {
  readonly signals: readonly SignalRow[];
  readonly joint: RewardRow;
  readonly parameters: Parameters;
  readonly backend: string;
  /** Proven L1 error of the focus before. */
  readonly errorBound: number | null;
  /** Digest of the focus before, in exact precision. */
  readonly digestBefore: string | null;
}

async function compute(request: Request, progress: ProgressDisplay, say: Say): Promise<Result> {
  const { linked, flags } = request;
  const { axons } = linked.graph.report;
  const announce = (description: string, reason: string): void => {
    say(`backend: ${description} (${reason})`);
    progress.phase('computing rewards');
  };
  const onProgress = (done: number, of: number): void =>
    progress.update(done / of, `${done} of ${of} changes`);
  if (flags.precision === 'exact') {
    const { backend, reason } = await chooseExactBackend({ ...flags, axons });
    return interruptible(async (signal) => {
      announce(backend.description, reason);
      return computeExact(request, backend, { onProgress, signal });
    }).finally(() => backend.destroy());
  }
  const { backend, reason } = await chooseBackend({ ...flags, precision: 'f64', axons });
  return interruptible(async (signal) => {
    announce(backend.description, reason);
    return computeDoubles(request, backend, { onProgress, signal });
  }).finally(() => backend.destroy());
}

type Running = Required<Pick<RewardsOfOptions, 'onProgress' | 'signal'>>;

async function computeDoubles(
  { linked, delta, functions, flags, dag, checkpoint }: Request,
  backend: Backend,
  running: Running,
): Promise<Result> {
  const { tolerance = 1e-9 } = flags;
  const solved = await focus(
    linked.graph,
    {
      ...parametersOf(flags),
      precision: 'f64',
      tolerance: Math.max(1e-15, tolerance * TOLERANCE_SHARES.base),
      signal: running.signal,
    },
    backend,
  );
  const { parameters, phi, errorBound } = solved;
  check(
    errorBound !== null,
    'bad-parameter',
    () => `reward: expected a reading with a proven bound in f64, found ${parameters.reading}`,
    'give --precision exact, or use focus-1',
  );
  const changes = delta.map((each) => axonChangesOf(linked, [each]));
  const found = await rewardsOf(
    linked.graph,
    { parameters, phi: phi.data, errorBound },
    changes,
    functions,
    {
      rewards: rewardOptionsOf(flags),
      joint: axonChangesOf(linked, delta),
      tolerance: tolerance * TOLERANCE_SHARES.shift,
      checkpoint: checkpoint?.focus,
      dag,
      spectrum: async (each) =>
        measuresOfSpectrum(await spectrumOf(each, parameters, { signal: running.signal }, backend)),
      ...running,
    },
    backend,
  );
  const rows = found.changes.map((change, index) => ({
    neuron: delta[index].neuron,
    index,
    ...rowOf(change),
  }));
  const joint = rowOf(found.joint ?? { rewards: {}, converged: true, leftOut: 0 });
  return {
    signals: rows,
    joint,
    parameters,
    backend: backend.name,
    errorBound,
    digestBefore: null,
  };
}

async function computeExact(
  { linked, delta, functions, flags, dag, checkpoint }: Request,
  backend: ExactBackend,
  running: Running,
): Promise<Result> {
  check(
    checkpoint === undefined || checkpoint.exact !== null,
    'bad-input',
    () => `${flags.checkpoint ?? ''}: expected a column focusExact, found none`,
    'write the checkpoint with `focus rank --precision exact --out`',
  );
  const { tolerance = 1e-9 } = flags;
  const before = await focusExact(
    linked.graph,
    { ...parametersOf(flags), tolerance, signal: running.signal },
    backend,
  );
  const found = await rewardsExactOf(
    linked,
    before,
    delta.map((each) => [each]),
    functions,
    {
      rewards: rewardOptionsOf(flags),
      joint: delta,
      checkpoint: checkpoint?.exact ?? undefined,
      dag,
      ...running,
    },
    backend,
  );
  const { parameters, errorBound, exact } = before;
  return {
    signals: found.changes.map((change, index) => ({
      neuron: delta[index].neuron,
      index,
      ...exactRowOf(change),
    })),
    joint: exactRowOf(found.joint ?? { rewards: {}, converged: true, digestAfter: exact.digest }),
    parameters,
    backend: backend.name,
    errorBound,
    digestBefore: exact.digest,
  };
}

/** The keys of --json besides signals and joint. */
function summaryOf(
  { linked, delta, functions, flags, checkpoint }: Request,
  { signals, joint, parameters, backend, errorBound, digestBefore }: Result,
): Record<string, unknown> {
  const { reading, teleport, mu, tau, lambda, unit, prior } = parameters;
  const { precision = 'f64', tolerance = 1e-9 } = flags;
  const header = {
    functions,
    options: rewardOptionsOf(flags),
    reading,
    parameters: { teleport, mu, tau, lambda, unit, prior },
    precision,
    tolerance,
    graphRoot: openGraphRoot(linked.graph).head.root,
    checkpoint: checkpoint?.record.sha256 ?? null,
  };
  return {
    ...header,
    backend,
    errorBound,
    ...(digestBefore === null ? {} : { digestBefore }),
    count: delta.length,
    digest: digestOfRewards(JSON.stringify(header), signals, joint),
  };
}

function print(
  { functions, flags, delta }: Request,
  { signals, joint }: Result,
  summary: Record<string, unknown>,
  say: Say,
): void {
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ signals, joint, ...summary })}\n`);
    return;
  }
  for (const line of definitionsOf(functions)) say(line);
  const waiting = new Set(Object.entries(joint.pending).map(([name, what]) => `${name}: ${what}`));
  for (const line of waiting) say(`pending, ${line}`);
  const open = signals.filter(({ converged }) => !converged);
  if (open.length > 0) {
    say(`NOT CONVERGED: ${open.length} signals, the first ${signalPlace(delta, open[0].index)}`);
  }
  say(`digest ${String(summary.digest).slice(0, 16)}…`);
  const cells = ({ rewards, parts }: RewardRow): string[] => [
    ...functions.map((name) => String(rewards[name] ?? 'pending')),
    String(parts.entropy ?? '-'),
    String(parts.discovery ?? '-'),
  ];
  const lines = [
    ['index', 'neuron', ...functions, 'entropy part', 'discovery part'],
    ...signals.map((row) => [String(row.index), row.neuron ?? '-', ...cells(row)]),
    ['joint', '-', ...cells(joint)],
  ];
  for (const line of lines) process.stdout.write(`${line.join('\t')}\n`);
}
