// focus shapley LINKS SIGNALS: what each signal is worth as its average marginal contribution over
// orderings of all signals, with standard errors and intervals; in a run directory a run that is
// stopped goes on where it was.

import { Command } from 'commander';
import { checkAdditive } from '../attribution/additive.js';
import { ESTIMATORS } from '../attribution/estimators/estimators.js';
import type { ClusterBatch } from '../attribution/cluster-batches.js';
import type { ControlVariate } from '../attribution/control-variate.js';
import { defaultControlOf } from '../attribution/controls/default-control.js';
import type { Stopping } from '../attribution/stopping.js';
import { VALUE_FUNCTIONS } from '../attribution/value-function.js';
import { BACKEND_NAMES } from '../backend/choose.js';
import { readBeacon } from '../base/beacon.js';
import { check } from '../base/errors.js';
import { readSignals, type SignalNotes } from '../formats/signals.js';
import { tableFormatOf, writeTable } from '../formats/write-table.js';
import { axonChangesOf, type NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import type { LinkedGraph } from '../graph/linked.js';
import { openGraphRoot } from '../graph/root.js';
import type { Delta } from '../graph/signal.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import { writeAtomically } from '../formats/atomic-file.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import { interruptible } from './interrupt.js';
import { addReadingOptions, parametersOf } from './kernel-options.js';
import {
  checkOutput,
  checkStandardInput,
  describeSignals,
  inputRecord,
  readLinked,
  signalRecord,
} from './linked-input.js';
import { openProgress, type ProgressDisplay } from './progress.js';
import { openRunDirectory, openRunLog } from './run-directory.js';
import { choice, option, readInteger, readNumber, withConfig } from './settings.js';
import { attributeClustered } from './shapley-clusters.js';
import { attribute, type Attribution } from './shapley-attribute.js';
import type { ShapleyFlags } from './shapley-flags.js';
import { coalitionTolerance, openGame, type ChosenGame } from './shapley-game.js';
import { drawShares, linesOf, printed, summaryOf, tableOfShares } from './shapley-rows.js';

const USUAL_ORDERINGS = 32;
const MOST_ORDERINGS = 100_000;
/** What a run without a beacon draws from: everybody knows it beforehand. */
const NO_BEACON = '0'.repeat(64);

/** Registers the command. */
export function shapleyCommand(): Command {
  const command = new Command('shapley')
    .description('divide what signals move together between them, by Shapley values')
    .argument('<links>', 'file of links, or - for standard input')
    .argument('<signals>', 'NDJSON, one signal (player) a line');
  const values = Object.values(VALUE_FUNCTIONS);
  const meanings = values.map(({ name, description }) => `${name}: ${description}`).join('; ');
  command.addOption(
    command
      .createOption('--value <name>', `of a coalition. ${meanings}`)
      .choices(values.map(({ name }) => name))
      .env('FOCUS_VALUE')
      .makeOptionMandatory(),
  );
  command.option('--clusters', 'a great many signals: docs/shapley-clusters.md');
  option(
    command,
    '--epsilon <e>',
    'of --clusters: least effect that joins (default 1/16)',
    readNumber,
  );
  option(
    command,
    '--audit <n>',
    'of --clusters: solve so many of them (default 0)',
    readInteger(0),
  );
  command.option('--exact', 'all coalitions, for at most 12 signals');
  option(
    command,
    '--orderings <n>',
    `stop after about so many orderings (default ${USUAL_ORDERINGS})`,
    readInteger(1),
  );
  option(command, '--width <w>', 'stop when every interval is this narrow', readNumber);
  option(command, '--time <s>', 'stop after so many seconds', readNumber);
  choice(
    command,
    '--estimator <name>',
    'how orderings are drawn (default: docs/shapley.md)',
    ESTIMATORS.map(({ name }) => name),
  );
  choice(command, '--control <name>', 'control variate (default: docs/shapley.md)', [
    'default',
    'none',
  ]);
  option(command, '--beacon <hex>', '32 bytes that nobody could foresee (default: zeros)');
  option(
    command,
    '--blend <a>',
    'blended = a · local + (1 − a) · share, in [0, 1] (default 0)',
    readNumber,
  );
  option(command, '--confidence <p>', 'of the intervals, in (0, 1) (default 0.95)', readNumber);
  option(command, '--columns <n>', 'chains at once on a thread: 8, 16 … 64', readInteger(8));
  choice(command, '--precision <name>', 'of coalitions (default f64)', ['f64', 'exact']);
  choice(command, '--backend <name>', 'machine of exact precision (default auto)', BACKEND_NAMES);
  option(
    command,
    '--tolerance <e>',
    "L1 error of each coalition's Δφ to certify (default 1e-7; exact: 1e-9)",
    readNumber,
  );
  addReadingOptions(command);
  option(command, '--run-dir <dir>', 'keep what is done here; the same command goes on from it');
  option(command, '--out <file>', 'write the shares to .ndjson, .csv or .parquet');
  option(command, '--svg <file>', 'draw the shares with their intervals');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action((links: string, signals: string, flags: ShapleyFlags) =>
    run(links, signals, flags),
  );
}

async function run(path: string, signalPath: string, flags: ShapleyFlags): Promise<void> {
  const started = performance.now();
  checkFlags(flags);
  const inputs = [path, signalPath];
  checkStandardInput(inputs);
  for (const [flag, file] of [
    ['--out', flags.out],
    ['--svg', flags.svg],
  ] as const) {
    if (file !== undefined) await checkOutput(flag, file, inputs);
  }
  if (flags.out !== undefined) tableFormatOf(flags.out);
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { linked, notes } = await readLinked(path, flags, say);
    const { delta, notes: signalNotes } = await readSignals(signalPath);
    describeSignals(signalNotes, say);
    check(
      delta.length > 0,
      'bad-input',
      () => `${signalNotes.name}: expected one signal at least, found none`,
    );
    if (flags.exact !== true && flags.beacon === undefined) {
      say('beacon: none given, so anybody could foresee the orderings; give --beacon for payouts');
    }
    const attribution = await interruptible((signal) =>
      compute(linked, delta, signalNotes, notes.sha256, flags, progress, signal),
    );
    const root = openGraphRoot(linked.graph).head.root;
    const summary = {
      ...summaryOf(attribution, flags, root, signalNotes.sha256),
      elapsedMs: Math.round(performance.now() - started),
    };
    progress.end();
    if (flags.svg !== undefined) {
      const picture = Buffer.from(drawShares(attribution, flags));
      await writeAtomically(flags.svg, (sink) => sink.write(picture));
      say(`wrote ${flags.svg}`);
    }
    if (flags.out !== undefined) {
      await writeTable(flags.out, attribution.rows.length, tableOfShares(attribution.rows));
      const { elapsedMs: _, ...reproducible } = summary;
      const manifest = await writeManifest(flags.out, {
        command: 'shapley',
        input: inputRecord(notes),
        alsoRead: [signalRecord(signalNotes)],
        output: await fileRecord(flags.out, tableFormatOf(flags.out)),
        result: reproducible,
      });
      say(`wrote ${flags.out} (${attribution.rows.length} rows) and ${manifest}`);
    }
    if (flags.json === true) {
      const players = attribution.rows.map(printed);
      process.stdout.write(`${JSON.stringify({ players, ...summary })}\n`);
    } else {
      const { remarks, lines } = linesOf(attribution, summary, flags);
      remarks.forEach(say);
      for (const line of lines) process.stdout.write(`${line.join('\t')}\n`);
    }
    if (!attribution.converged || !attribution.reached) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

/** Refuses, before any work, what cannot be done. */
function checkFlags(flags: ShapleyFlags): void {
  const { orderings, width, time, exact, blend = 0, confidence = 0.95, clusters } = flags;
  const rules = Object.entries({ exact, orderings, width, time }).filter(
    ([, v]) => v !== undefined,
  );
  check(
    rules.length <= 1,
    'usage',
    () => `expected one of --exact, --orderings, --width and --time, found ${rules.length}`,
  );
  check(
    clusters !== true ||
      (rules.every(([name]) => name === 'orderings') && flags.precision !== 'exact'),
    'usage',
    () => '--clusters: expected no other rule than --orderings, in precision f64',
  );
  const within = (name: string, value: number, isRight: boolean, expected: string): void =>
    check(isRight, 'usage', () => `--${name}: expected ${expected}, found ${value}`);
  within('width', width ?? 1, (width ?? 1) > 0, 'a number above 0');
  within('time', time ?? 1, (time ?? 1) > 0, 'seconds above 0');
  within('blend', blend, blend >= 0 && blend <= 1, 'a number in [0, 1]');
  within('confidence', confidence, confidence > 0 && confidence < 1, 'a number in (0, 1)');
  coalitionTolerance(flags);
  readBeacon(flags.beacon ?? NO_BEACON);
}

/** When to stop, as the flags say it. */
export function stoppingOf({ orderings, width, time }: ShapleyFlags): Stopping {
  if (width !== undefined) return { kind: 'width', width, mostOrderings: MOST_ORDERINGS };
  if (time !== undefined) {
    return { kind: 'time', milliseconds: 1000 * time, now: () => performance.now() };
  }
  return { kind: 'orderings', orderings: orderings ?? USUAL_ORDERINGS };
}

async function compute(
  linked: LinkedGraph,
  delta: Delta,
  signals: SignalNotes,
  linksDigest: string | null,
  flags: ShapleyFlags,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<Attribution> {
  const { graph } = linked;
  const { value } = flags;
  const tolerance = coalitionTolerance(flags);
  const changes = delta.map((each) => axonChangesOf(linked, [each]));
  checkAdditive(graph.particles, changes, axonChangesOf(linked, delta));
  progress.phase('dividing');
  const beacon = readBeacon(flags.beacon ?? NO_BEACON);
  if (flags.clusters === true) {
    const log =
      flags.runDir === undefined
        ? null
        : await openRunLog<ClusterBatch>(flags.runDir, 'clusters.ndjson', {
            links: linksDigest,
            signals: signals.sha256,
            value,
            options: parametersOf(flags),
            tolerance,
            players: delta.length,
          });
    const resume = log?.lines ?? [];
    if (resume.length > 0) progress.say(`going on after ${resume.length} batches of clusters`);
    return attributeClustered({
      ...{ graph, delta, changes, flags, beacon, progress, signal, resume },
      onBatch: async (batch) => log?.add(batch),
    });
  }
  const opened = await openGame({ graph, changes, flags, progress, signal });
  const { game, before } = opened;
  const stopping = stoppingOf(flags);
  try {
    const directory =
      flags.runDir === undefined
        ? null
        : await openRunDirectory(flags.runDir, {
            links: linksDigest,
            signals: signals.sha256,
            value,
            precision: flags.precision ?? 'f64',
            parameters: before.parameters,
            tolerance,
            players: delta.length,
          });
    progress.phase('dividing');
    return await attribute(game, delta, {
      flags,
      beacon,
      stopping,
      directory,
      control: () => controlFor(opened, graph, changes, flags, beacon, stopping, progress),
      progress,
      signal,
    });
  } finally {
    opened.destroy();
  }
}

/** The control variate that the flags ask for: the default one unless they say none. */
async function controlFor(
  { game, before }: ChosenGame,
  graph: Graph,
  changes: readonly NamedAxonChanges[],
  { value, control }: ShapleyFlags,
  beacon: string,
  stopping: Stopping,
  progress: ProgressDisplay,
): Promise<ControlVariate | null> {
  if (control === 'none') return null;
  progress.phase('valuing a surrogate game');
  const orderings = stopping.kind === 'orderings' ? stopping.orderings : null;
  const draw = { beacon, cluster: 0, orderings };
  const made = await defaultControlOf(game, graph, before, changes, value, draw);
  progress.phase('dividing');
  return made;
}
