// focus spectrum LINKS: how fast focus converges and how well the graph hangs together, between proven
// ends: |λ₂| of R and of D, and the Fiedler value of the Laplacian.

import { Command } from 'commander';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { resolveParameters, type Parameters } from '../focus/parameters.js';
import type { Eigenvalue, Spectrum } from '../focus/spectrum.js';
import { readGraph } from '../formats/read.js';
import type { Graph } from '../graph/graph.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import { describeInput, type Say } from './input.js';
import { interruptible } from './interrupt.js';
import { addReadingOptions, parametersOf, type KernelFlags } from './kernel-options.js';
import { openProgress, type ProgressDisplay } from './progress.js';
import { option, readInteger, readNumber, withConfig } from './settings.js';

interface SpectrumFlags extends Omit<KernelFlags, 'precision' | 'backend'> {
  readonly failureProbability?: number;
  readonly seed?: number;
  readonly powers?: number;
  readonly json?: boolean;
}

/** What is printed, with its name for humans. */
const QUANTITIES = [
  ['lambda2R', '|λ₂| of R'],
  ['lambda2Diffusion', '|λ₂| of diffusion'],
  ['fiedlerNormalized', 'Fiedler value of I − W/d'],
  ['fiedler', "Fiedler value of the reading's Laplacian"],
] as const;

/** Registers the command. */
export function spectrumCommand(): Command {
  const command = new Command('spectrum')
    .description('enclose |λ₂| of R and of diffusion, and the Fiedler value, between proven ends')
    .argument('<links>', 'file of links, or - for standard input');
  addReadingOptions(command);
  option(
    command,
    '--tolerance <w>',
    'widest interval that counts as converged (default: none is too wide)',
    readNumber,
  );
  option(
    command,
    '--failure-probability <p>',
    'that an interval resting on chance may be wrong, in (0, 1) (default 1e-9)',
    readNumber,
  );
  option(command, '--seed <n>', 'of the random vectors of those (default 1)', readInteger(0));
  option(
    command,
    '--powers <k>',
    'most powers of random vectors in one proof (default 1024)',
    readInteger(1),
  );
  command.option('--json', 'print one JSON object');
  return withConfig(command).action(run);
}

async function run(path: string, flags: SpectrumFlags): Promise<void> {
  const { tolerance, format, order } = flags;
  check(
    tolerance === undefined || tolerance > 0,
    'usage',
    () => `--tolerance: expected a number above 0, found ${tolerance}`,
  );
  const started = performance.now();
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { graph, notes } = await readGraph(path, {
      ...(format === undefined ? {} : { format }),
      ...(order === undefined ? {} : { order }),
    });
    for (const line of describeInput(graph, notes, performance.now() - started)) say(line);
    const parameters = resolveParameters(parametersOf(flags), graph);
    const spectrum = await compute(graph, parameters, flags, progress, say);
    const elapsedMs = performance.now() - started;
    progress.end();
    print(graph, parameters, spectrum, flags, say, elapsedMs);
    const widest = Math.max(...QUANTITIES.map(([key]) => widthOf(spectrum[key])));
    if (tolerance !== undefined && !(widest <= tolerance)) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

async function compute(
  graph: Graph,
  parameters: Parameters,
  { failureProbability, seed, powers, threads }: SpectrumFlags,
  progress: ProgressDisplay,
  say: Say,
): Promise<Spectrum> {
  // Loaded on demand: its eigenvalue solver would slow the start of every other command.
  const { spectrumOf } = await import('../focus/spectrum.js');
  const backend = openCpu(threads === undefined ? {} : { threads });
  return interruptible((signal) => {
    say(`backend: ${backend.description} (intervals need double precision)`);
    progress.phase('enclosing');
    const onProgress = (what: string, fraction: number | null) => progress.update(fraction, what);
    const options = { failureProbability, seed, powers, signal, onProgress };
    return spectrumOf(graph, parameters, options, backend);
  }).finally(() => backend.destroy());
}

const widthOf = ({ lower, upper }: Eigenvalue): number => upper - lower;

function print(
  graph: Graph,
  { reading, teleport, mu, tau, lambda, unit, prior }: Parameters,
  spectrum: Spectrum,
  flags: SpectrumFlags,
  say: Say,
  elapsedMs: number,
): void {
  const { report, particles } = graph;
  for (const [key, name] of QUANTITIES) {
    if (key === 'fiedler' && spectrum.fiedler === spectrum.fiedlerNormalized) continue;
    const { value, lower, upper, certificate, failureProbability, proof } = spectrum[key];
    const chance = failureProbability > 0 ? ` (wrong with at most ${failureProbability})` : '';
    say(`${name}: ${value} in [${lower}, ${upper}], ${certificate}${chance}`);
    say(`  ${proof}`);
  }
  say(`${spectrum.passes} passes over the graph, ${(elapsedMs / 1000).toFixed(2)} s`);
  if (flags.json === true) {
    const body = {
      particles,
      links: report.links,
      axons: report.axons,
      reading,
      parameters: { teleport, mu, tau, lambda, unit, prior },
      ...spectrum,
      elapsedMs: Math.round(elapsedMs),
    };
    process.stdout.write(`${JSON.stringify(body)}\n`);
    return;
  }
  for (const [key] of QUANTITIES) {
    const { value, lower, upper, certificate } = spectrum[key];
    process.stdout.write(`${[key, value, lower, upper, certificate].join('\t')}\n`);
  }
}
