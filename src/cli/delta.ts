// focus delta LINKS DELTA: what a delta does to focus. Reads signals, applies them together, computes
// Δφ* with its bound, and may write the shift and the changed graph.

import { Command } from 'commander';
import { chooseBackend, chooseExactBackend } from '../backend/choose.js';
import { check } from '../base/errors.js';
import { differenceOf, type Difference } from '../focus/difference.js';
import { exactDecimal } from '../focus/exact/decimal.js';
import { differenceExact } from '../focus/exact/difference.js';
import { formatOfName, LINK_FORMATS, type LinkFormat } from '../formats/link-format.js';
import { readDeltaLog, readSignals, type SignalNotes } from '../formats/signals.js';
import { writeLinks } from '../formats/write-links.js';
import { tableFormatOf, writeTable, type OutputColumn } from '../formats/write-table.js';
import { applyDelta, replay } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import { openGraphRoot } from '../graph/root.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
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
import { option, readInteger, readNumber, withConfig } from './settings.js';

interface DeltaFlags extends KernelFlags {
  readonly floor?: number;
  readonly local?: boolean;
  readonly replay?: boolean;
  readonly out?: string;
  readonly apply?: string;
  readonly top?: number;
  readonly json?: boolean;
}

const DEFAULT_TOP = 10;
const DEFAULT_FLOOR = 1e-3;

/** Registers the command. */
export function deltaCommand(): Command {
  const command = new Command('delta')
    .description('compute what a delta does to focus: Δφ*, both parts of ΔJ, with a proven bound')
    .argument('<links>', 'file of links, or - for standard input')
    .argument('<delta>', 'NDJSON, one signal a line: all lines are applied together');
  addKernelOptions(command, 'L1 error of Δφ to certify; exact: of each focus');
  option(
    command,
    '--floor <f>',
    `leave out entries below f/n, but sum them up (default ${DEFAULT_FLOOR})`,
    readNumber,
  );
  command.option('--local', 'look near the changes only, and say what that proves');
  command.option('--replay', 'DELTA is a log: each line a delta, applied one after the other');
  option(command, '--out <file>', 'write the shift to .ndjson, .csv or .parquet');
  option(
    command,
    '--apply <file>',
    'write the changed graph: .focus, or its links as .tsv, .csv, .ndjson, .parquet',
  );
  option(command, '--top <k>', `print the k largest (default ${DEFAULT_TOP})`, readInteger(0));
  command.option('--json', 'print one JSON object');
  return withConfig(command).action((links: string, delta: string, flags: DeltaFlags) =>
    run(links, delta, flags),
  );
}

async function run(path: string, deltaPath: string, flags: DeltaFlags): Promise<void> {
  const started = performance.now();
  checkStandardInput([path, deltaPath]);
  await checkFlags(path, deltaPath, flags);
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { linked, notes } = await readLinked(path, flags, say);
    const { after, signalNotes, deltas } = await apply(linked, deltaPath, flags);
    describeSignals(signalNotes, say);
    const difference = await compute(linked, after, flags, progress, say);
    progress.phase('hashing both graphs');
    const roots = {
      graphRootBefore: openGraphRoot(linked.graph).head.root,
      graphRootAfter: openGraphRoot(after.graph).head.root,
    };
    const shown = entriesOf(difference, flags.floor ?? DEFAULT_FLOOR);
    const summary = {
      ...summaryOf(difference, shown, flags),
      links: after.links.count,
      axonsChanged: difference.changes.axons.length,
      signals: signalNotes.signals,
      ...(flags.replay === true ? { deltas } : {}),
      ...roots,
      elapsedMs: Math.round(performance.now() - started),
    };
    if (flags.apply !== undefined) {
      await writeChanged(after, flags.apply);
      say(`wrote ${flags.apply}: ${after.links.count} links, root ${roots.graphRootAfter}`);
    }
    if (flags.out !== undefined) {
      await writeTable(flags.out, shown.length, columnsOf(difference, shown));
      const { elapsedMs: _, ...result } = summary;
      const manifest = await writeManifest(flags.out, {
        command: 'delta',
        input: inputRecord(notes),
        alsoRead: [signalRecord(signalNotes)],
        output: await fileRecord(flags.out, tableFormatOf(flags.out)),
        result,
      });
      say(`wrote ${flags.out} (${shown.length} rows) and ${manifest}`);
    }
    progress.end();
    print(difference, shown, summary, flags, say);
    if (!difference.converged && flags.local !== true) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

async function checkFlags(path: string, deltaPath: string, flags: DeltaFlags): Promise<void> {
  const { floor, local, precision, out, apply: target } = flags;
  toleranceOf(flags);
  check(
    floor === undefined || floor >= 0,
    'usage',
    () => `--floor: expected a number from 0, found ${floor}`,
  );
  check(
    local !== true || precision !== 'exact',
    'usage',
    () => '--local: expected --precision f64, found exact',
    'exact arithmetic solves both graphs as a whole',
  );
  if (out !== undefined) {
    tableFormatOf(out);
    await checkOutput('--out', out, [path, deltaPath]);
  }
  if (target !== undefined) {
    changedFormatOf(target);
    await checkOutput('--apply', target, [path, deltaPath]);
  }
}

interface AppliedFile {
  readonly after: LinkedGraph;
  readonly signalNotes: SignalNotes;
  readonly deltas: number;
}

async function apply(linked: LinkedGraph, path: string, flags: DeltaFlags): Promise<AppliedFile> {
  if (flags.replay === true) {
    const { log, notes } = await readDeltaLog(path);
    return { after: replay(linked, log), signalNotes: notes, deltas: log.length };
  }
  const { delta, notes } = await readSignals(path);
  return { after: applyDelta(linked, delta).after, signalNotes: notes, deltas: 1 };
}

async function compute(
  before: LinkedGraph,
  after: LinkedGraph,
  flags: DeltaFlags,
  progress: ProgressDisplay,
  say: Say,
): Promise<Difference> {
  const { axons } = before.graph.report;
  const { local } = flags;
  const options = { ...parametersOf(flags), tolerance: toleranceOf(flags) };
  const announce = (description: string, reason: string): void => {
    say(`backend: ${description} (${reason})`);
    progress.phase('solving');
  };
  if (flags.precision === 'exact') {
    const { backend, reason } = await chooseExactBackend({ ...flags, axons });
    return interruptible((signal) => {
      announce(backend.description, reason);
      return differenceExact(before.graph, after.graph, { ...options, signal }, backend);
    }).finally(() => backend.destroy());
  }
  const { backend, reason } = await chooseBackend({ ...flags, precision: 'f64', axons });
  return interruptible((signal) => {
    announce(backend.description, reason);
    const mode = local === true ? ('local' as const) : undefined;
    const settings = { ...options, precision: 'f64' as const, mode, signal };
    return differenceOf(before.graph, after.graph, settings, backend);
  }).finally(() => backend.destroy());
}

/** Rows of at least floor/n, largest first, ties in the order of the rows. */
function entriesOf({ rows, particlesBefore }: Difference, floor: number): Uint32Array {
  const least = floor / particlesBefore;
  const { values } = rows;
  return Uint32Array.from({ length: rows.count }, (_, row) => row)
    .filter((row) => Math.abs(values[row]) >= least)
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
}

/** The keys of --json, which scripts rely on. */
function summaryOf(
  difference: Difference,
  shown: Uint32Array,
  { floor = DEFAULT_FLOOR, tolerance = 1e-9, local }: DeltaFlags,
): Record<string, unknown> {
  const { rows, exact, parameters, changes, near } = difference;
  const { reading, teleport, mu, tau, lambda, unit, prior } = parameters;
  const listed = shown.reduce((sum, row) => sum + Math.abs(rows.values[row]), 0);
  return {
    norm: difference.norm,
    entropyPart: difference.entropyPart,
    discoveryPart: difference.discoveryPart,
    deltaJ: difference.deltaJ,
    ...(exact === null
      ? {}
      : {
          normExact: exactDecimal(exact.norm, 61),
          entropyPartExact: exactDecimal(exact.entropyPart, 56),
          discoveryPartExact: exactDecimal(exact.discoveryPart, 56),
          deltaJExact: exactDecimal(exact.deltaJ, 56),
        }),
    errorBound: difference.errorBound,
    entropyBound: difference.entropyBound,
    converged: difference.converged,
    tolerance,
    floor,
    omitted: {
      particles: rows.count - shown.length,
      norm: rows.count === shown.length ? 0 : Math.max(0, difference.norm - listed),
    },
    reading,
    parameters: { teleport, mu, tau, lambda, unit, prior },
    precision: difference.precision,
    backend: difference.before.backend,
    mode: local === true ? 'local' : 'certified',
    near,
    particlesBefore: difference.particlesBefore,
    particlesAfter: difference.particlesAfter,
    newParticles: changes.added,
    digest: difference.digest,
    ...(exact === null ? {} : { digestBefore: exact.digestBefore, digestAfter: exact.digestAfter }),
  };
}

function shiftEntry({ rows }: Difference, row: number): Record<string, unknown> {
  const { units } = rows;
  return {
    id: rows.idAt(row),
    delta: rows.values[row],
    ...(units === null ? {} : { deltaExact: exactDecimal(units[row], 61) }),
  };
}

function columnsOf({ rows }: Difference, shown: Uint32Array): readonly OutputColumn[] {
  const { units } = rows;
  return [
    { name: 'id', kind: 'text', optional: false, value: (k) => rows.idAt(shown[k]) },
    { name: 'delta', kind: 'number', optional: false, value: (k) => rows.values[shown[k]] },
    ...(units === null
      ? []
      : [
          {
            name: 'deltaExact',
            kind: 'text',
            optional: false,
            value: (k: number) => exactDecimal(units[shown[k]], 61),
          } as const,
        ]),
  ];
}

/** A .focus file holds the graph, every other format its links. */
async function writeChanged({ graph, links }: LinkedGraph, path: string): Promise<void> {
  const format = changedFormatOf(path);
  await writeLinks(format === 'focus' ? graph : links, path, format);
}

function changedFormatOf(path: string): LinkFormat {
  const format = formatOfName(path);
  const fitting = LINK_FORMATS.filter((name) => name !== 'mtx');
  check(
    format !== null && format !== 'mtx',
    'usage',
    () =>
      `--apply ${path}: expected a name that ends in ` +
      fitting.map((name) => `.${name}`).join(', '),
    'Matrix Market has no place for ids',
  );
  return format;
}

function print(
  difference: Difference,
  shown: Uint32Array,
  summary: Record<string, unknown>,
  flags: DeltaFlags,
  say: Say,
): void {
  if (flags.json === true) {
    const listed = flags.top === undefined ? shown : shown.subarray(0, flags.top);
    const shift = Array.from(listed, (row) => shiftEntry(difference, row));
    process.stdout.write(`${JSON.stringify({ ...summary, shift })}\n`);
    return;
  }
  const { norm, entropyPart, discoveryPart, deltaJ, errorBound, converged } = difference;
  const bound =
    errorBound === null
      ? 'no proven bound for this reading'
      : `proven L1 error ≤ ${errorBound.toExponential(2)}`;
  const verdict = converged ? '' : `, NOT CONVERGED to ${flags.tolerance ?? 1e-9}`;
  say(`${difference.parameters.reading}: ‖Δφ‖₁ ${norm}, ${bound}${verdict}`);
  say(`ΔJ ${deltaJ} nats = entropy part ${entropyPart} + discovery part ${discoveryPart}`);
  const { particlesBefore, particlesAfter, changes } = difference;
  say(
    `${changes.axons.length} axons changed, particles ${particlesBefore} → ${particlesAfter}, ` +
      `digest ${difference.digest.slice(0, 16)}…`,
  );
  for (const row of shown.subarray(0, flags.top ?? DEFAULT_TOP)) {
    process.stdout.write(`${Object.values(shiftEntry(difference, row)).join('\t')}\n`);
  }
}
