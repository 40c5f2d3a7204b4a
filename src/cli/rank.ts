// focus rank LINKS: the main job. Reads a graph, chooses a machine, computes φ* with its
// certificate, writes it.

import { access, constants, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { BACKEND_NAMES, chooseBackend, chooseExactBackend } from '../backend/choose.js';
import type { Precision } from '../backend/backend.js';
import { openCpu, openCpuExact } from '../backend/cpu/cpu.js';
import { digestOfFocus } from '../base/digest.js';
import { check, FocusError } from '../base/errors.js';
import type { FocusDetails } from '../focus/details.js';
import { exactDecimal } from '../focus/exact/decimal.js';
import { focusExact, type ExactFocus } from '../focus/exact/focus-exact.js';
import { focus, type FocusResult } from '../focus/focus.js';
import { topOf } from '../focus/measures.js';
import { readGraph, type ReadNotes } from '../formats/read.js';
import { focusFormatOf, writeFocus } from '../formats/write-focus.js';
import type { Graph } from '../graph/graph.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import { describeInput, type Say } from './input.js';
import { interruptible } from './interrupt.js';
import { addReadingOptions, type KernelFlags } from './kernel-options.js';
import { planOf } from './plan.js';
import { openProgress } from './progress.js';
import { choice, option, readInteger, readNumber, withConfig } from './settings.js';

interface RankFlags extends Omit<KernelFlags, 'precision'> {
  readonly precision?: Precision | 'exact';
  readonly iterations?: number;
  readonly maxIterations?: number;
  readonly out?: string;
  readonly top?: number;
  readonly json?: boolean;
  readonly details?: boolean;
  readonly dryRun?: boolean;
}

const DEFAULT_TOP = 10;

/** Registers the command. */
export function rankCommand(): Command {
  const command = new Command('rank')
    .description('compute the focus of a graph, with a proven error bound')
    .argument('<links>', 'file of links, or - for standard input');
  choice(command, '--precision <name>', 'of the result (default f64)', ['f64', 'f32', 'exact']);
  choice(command, '--backend <name>', 'machine (default auto)', BACKEND_NAMES);
  option(command, '--tolerance <e>', 'L1 error to certify (default 1e-9; f32: 1e-5)', readNumber);
  option(command, '--iterations <n>', 'exactly n plain applications of R', readInteger(0));
  option(command, '--max-iterations <n>', 'give up after n (default 10000)', readInteger(1));
  addReadingOptions(command);
  option(command, '--out <file>', 'write every particle to .ndjson, .csv or .parquet');
  option(command, '--top <k>', `print the k highest (default ${DEFAULT_TOP})`, readInteger(0));
  command.option(
    '--details',
    'also |λ₂|, Fiedler value, free energy, and the operators of the top',
  );
  command.option('--json', 'print one JSON object');
  command.option('--dry-run', 'print the plan and a memory estimate, compute nothing');
  return withConfig(command).action((links: string, flags: RankFlags) => rank(links, flags));
}

async function rank(path: string, flags: RankFlags): Promise<void> {
  if (flags.out !== undefined) await checkOutput(path, flags.out);
  if (flags.dryRun === true) {
    process.stdout.write(await planOf(path, flags));
    return;
  }
  const started = performance.now();
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { graph, notes } = await readGraph(path, {
      ...(flags.format === undefined ? {} : { format: flags.format }),
      ...(flags.order === undefined ? {} : { order: flags.order }),
      hash: flags.out !== undefined,
    });
    for (const line of describeInput(graph, notes, performance.now() - started)) say(line);
    const result = await compute(graph, flags, progress, say);
    progress.phase('computing details');
    const details = flags.details === true ? await describe(graph, result, flags) : null;
    const elapsedMs = performance.now() - started;
    const summary = summaryOf(graph, result, details, elapsedMs);
    if (flags.out !== undefined) await writeOutput(flags.out, graph, notes, result, summary, say);
    progress.end();
    print(graph, result, details, summary, flags, say, elapsedMs);
    if (!result.converged && flags.iterations === undefined) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

/** Refuses, before any work, an output that cannot be written or that is the input itself. */
async function checkOutput(input: string, out: string): Promise<void> {
  focusFormatOf(out);
  const folder = dirname(resolve(out));
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new FocusError('usage', `--out ${out}: expected a folder to write to, found none`, '', {
      cause,
    });
  });
  const real = async (path: string) => realpath(path).catch(() => resolve(path));
  check(
    input === '-' || (await real(input)) !== (await real(out)),
    'usage',
    () => `--out ${out}: expected another file than the input`,
  );
}

async function compute(
  graph: Graph,
  flags: RankFlags,
  progress: ReturnType<typeof openProgress>,
  say: Say,
): Promise<FocusResult | ExactFocus> {
  const {
    out,
    top,
    json,
    dryRun,
    details,
    format,
    order,
    backend: name,
    maxIterations,
    precision = 'f64',
    ...options
  } = flags;
  const axons = graph.report.axons;
  const tolerance = flags.tolerance ?? (precision === 'f32' ? 1e-5 : 1e-9);
  const shared = {
    ...options,
    tolerance,
    mostIterations: maxIterations,
    onProgress: ({ iterations, errorBound }: { iterations: number; errorBound: number }) =>
      progress.update(
        Math.log(Math.max(errorBound, tolerance)) / Math.log(tolerance),
        `${iterations} iterations, error ≤ ${errorBound.toExponential(1)}`,
      ),
  };
  // Said when Ctrl-C is already heard: what waits for this line may interrupt at once.
  const announce = (description: string, reason: string): void => {
    say(`backend: ${description} (${reason})`);
    progress.phase('solving');
  };
  if (precision === 'exact') {
    const { backend, reason } = await chooseExactBackend({ ...flags, axons });
    return interruptible((signal) => {
      announce(backend.description, reason);
      return focusExact(graph, { ...shared, signal }, backend);
    }).finally(() => backend.destroy());
  }
  const { backend, reason } = await chooseBackend({ ...flags, precision, axons });
  return interruptible((signal) => {
    announce(backend.description, reason);
    return focus(graph, { ...shared, precision, signal }, backend);
  }).finally(() => backend.destroy());
}

/** Details to print; in exact arithmetic the operators and the free energy are exact too. */
interface PrintedDetails extends FocusDetails {
  readonly freeEnergyExact: string | null;
}

async function describe(
  graph: Graph,
  result: FocusResult | ExactFocus,
  { threads }: RankFlags,
): Promise<PrintedDetails> {
  // Loaded on demand: its eigenvalue solver would slow the start of every other run.
  const { detailsOf } = await import('../focus/details.js');
  const options = threads === undefined ? {} : { threads };
  const { parameters, tolerance } = result;
  const details = await detailsOf(graph, parameters, result.phi.data, openCpu(options));
  const exact = exactOf(result);
  if (exact === null) return { ...details, freeEnergyExact: null };
  const { detailsExact } = await import('../focus/exact/details.js');
  const whole = await detailsExact(
    graph,
    parameters,
    exact.units,
    tolerance,
    openCpuExact(options),
  );
  const asDoubles = (units: BigInt64Array) =>
    Float64Array.from(units, (value) => Number(value) / 2 ** 61);
  return {
    ...details,
    diffusion: asDoubles(whole.diffusion),
    springs: asDoubles(whole.springs),
    heat: asDoubles(whole.heat),
    freeEnergy: Number(whole.freeEnergy) / 2 ** 56,
    freeEnergyExact: exactDecimal(whole.freeEnergy, 56),
  };
}

/** What exact arithmetic adds to a result; null in f64 and f32. */
function exactOf(result: FocusResult | ExactFocus): ExactFocus['exact'] | null {
  return 'exact' in result ? result.exact : null;
}

/** The keys of --json, which scripts rely on. */
function summaryOf(
  graph: Graph,
  result: FocusResult | ExactFocus,
  details: PrintedDetails | null,
  elapsedMs: number,
): Record<string, unknown> {
  const { report } = graph;
  const exact = exactOf(result);
  const { teleport, mu, tau, lambda, unit, prior } = result.parameters;
  const parameters = { teleport, mu, tau, lambda, unit, prior };
  // A parameter of an operator without weight changes nothing, so it is not part of the digest.
  const used = { mu: lambda[1] > 0 ? mu : null, tau: lambda[2] > 0 ? tau : null };
  const header = JSON.stringify({ reading: result.reading, ...parameters, ...used });
  return {
    particles: graph.particles,
    links: report.links,
    axons: report.axons,
    merged: report.merged,
    dropped: report.dropped,
    roundedAmounts: report.roundedAmounts,
    reading: result.reading,
    parameters,
    precision: result.precision,
    backend: result.backend,
    tolerance: result.tolerance,
    iterations: result.iterations,
    passes: result.passes,
    converged: result.converged,
    residual: result.residual,
    errorBound: result.errorBound,
    entropy: result.entropy,
    syntropy: result.syntropy,
    kappa: result.kappa,
    ...(details === null
      ? {}
      : {
          lambda2: details.lambda2.value,
          lambda2Diffusion: details.lambda2Diffusion.value,
          fiedler: details.fiedler.value,
          spectrum: {
            lambda2R: details.lambda2,
            lambda2Diffusion: details.lambda2Diffusion,
            fiedler: details.fiedler,
          },
          freeEnergy: details.freeEnergy,
          ...(details.freeEnergyExact === null ? {} : { freeEnergyExact: details.freeEnergyExact }),
        }),
    elapsedMs: Math.round(elapsedMs),
    ...(exact === null
      ? {}
      : {
          entropyExact: exactDecimal(exact.entropy, 56),
          syntropyExact: exactDecimal(exact.syntropy, 56),
          residualExact: exactDecimal(exact.residual, 61),
        }),
    digest: exact?.digest ?? digestOfFocus(header, graph.ids, result.phi.data),
  };
}

async function writeOutput(
  out: string,
  graph: Graph,
  notes: ReadNotes,
  result: FocusResult | ExactFocus,
  summary: Record<string, unknown>,
  say: Say,
): Promise<void> {
  const units = exactOf(result)?.units;
  const focusExactAt = units === undefined ? null : (i: number) => exactDecimal(units[i], 61);
  await writeFocus(out, {
    ids: graph.ids,
    focus: result.phi.data,
    focusExact: focusExactAt,
  });
  const reproducible = Object.fromEntries(
    Object.entries(summary).filter(([key]) => key !== 'elapsedMs'),
  );
  const manifest = await writeManifest(out, {
    command: 'rank',
    input: { name: notes.name, format: notes.format, bytes: notes.bytes, sha256: notes.sha256 },
    output: await fileRecord(out, focusFormatOf(out)),
    result: reproducible,
  });
  say(`wrote ${out} (${graph.particles} rows) and ${manifest}`);
}

function print(
  graph: Graph,
  result: FocusResult | ExactFocus,
  details: PrintedDetails | null,
  summary: Record<string, unknown>,
  flags: RankFlags,
  say: Say,
  elapsedMs: number,
): void {
  const rows = topOf(result.phi.data, flags.top ?? (flags.json === true ? 0 : DEFAULT_TOP));
  const top = rows.map((i) => ({
    id: graph.ids.at(i),
    focus: result.phi.data[i],
    ...(details === null
      ? {}
      : {
          diffusion: details.diffusion[i],
          springs: details.springs[i],
          heat: details.heat[i],
        }),
  }));
  if (flags.json === true) {
    const body = flags.top === undefined ? summary : { ...summary, top };
    process.stdout.write(`${JSON.stringify(body)}\n`);
    return;
  }
  const bound =
    result.errorBound === null
      ? `residual ${result.residual.toExponential(2)} (this reading has no proven bound)`
      : `proven L1 error ≤ ${result.errorBound.toExponential(2)}`;
  const verdict = result.converged ? 'converged' : `NOT CONVERGED to ${result.tolerance}`;
  say(
    `${result.reading}: ${verdict}, ${bound}, after ${result.iterations} iterations, ` +
      `${result.passes} passes, ${(elapsedMs / 1000).toFixed(2)} s`,
  );
  say(
    `entropy ${result.entropy.toFixed(6)} nats, syntropy ${result.syntropy.toFixed(6)} nats, ` +
      `digest ${String(summary.digest).slice(0, 16)}…`,
  );
  if (details !== null) {
    say(
      `|λ₂| ${inEnds(details.lambda2)}, of diffusion ${inEnds(details.lambda2Diffusion)}, ` +
        `Fiedler value ${inEnds(details.fiedler)}, free energy ${details.freeEnergy.toExponential(6)}`,
    );
    say('columns: id, focus, diffusion, springs, heat');
  }
  for (const row of top) process.stdout.write(`${Object.values(row).join('\t')}\n`);
}

/** An eigenvalue with the distance to its farther proven end. */
function inEnds({ value, lower, upper }: FocusDetails['lambda2']): string {
  const distance = Math.max(upper - value, value - lower);
  return `${value.toPrecision(6)} (± ${distance.toExponential(0)})`;
}
