// focus simulate: runs strategies against each reward function and tells what each earns per unit
// of stake. Reads nothing: its world comes from the seed.

import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { openCpu } from '../backend/cpu/cpu.js';
import { resolveParameters } from '../focus/parameters.js';
import { spectrumOf } from '../focus/spectrum.js';
import type { WeightedGraph } from '../graph/graph.js';
import { measuresOfSpectrum } from '../rewards/measures-of-spectrum.js';
import { FocusError } from '../base/errors.js';
import { writeAtomically } from '../formats/atomic-file.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import type { HybridWeights } from '../rewards/hybrid.js';
import { rewardFunction, type RewardName } from '../rewards/reward.js';
import { DEFAULT_SETTINGS, type SimulationSettings } from '../simulate/settings.js';
import { simulate, type Simulation } from '../simulate/simulate.js';
import { STRATEGIES, strategyOf, type StrategyName } from '../simulate/strategies.js';
import { interruptible } from './interrupt.js';
import { openProgress } from './progress.js';
import { option, readInteger, readNumber, withConfig } from './settings.js';
import {
  describeSimulation,
  drawSimulation,
  observationRows,
  simulationRecord,
} from './simulate-text.js';

interface SimulateFlags extends Partial<SimulationSettings> {
  readonly strategies?: readonly StrategyName[];
  readonly threads?: number;
  readonly out?: string;
  readonly svg?: string;
  readonly json?: boolean;
  readonly allFindings?: boolean;
}

/** Registers the command. */
export function simulateCommand(): Command {
  const usual = DEFAULT_SETTINGS;
  const { deltaNorm, deltaJ, dagWeight, alignment } = usual.hybrid;
  const command = new Command('simulate').description(
    'run strategies against each reward function: what they earn per unit of stake',
  );
  const whole = (flags: string, what: string, least: number, fallback: number): void => {
    option(command, flags, `${what} (default ${fallback})`, readInteger(least));
  };
  const number = (flags: string, what: string, fallback: number): void => {
    option(command, flags, `${what} (default ${fallback})`, readNumber);
  };
  whole('--seed <n>', 'seed of all chance', 0, usual.seed);
  whole('--runs <r>', 'replicates', 1, usual.runs);
  whole('--epochs <n>', 'epochs of a run', 2, usual.epochs);
  whole('--crowd <n>', 'honest neurons beside the seat', 2, usual.crowd);
  whole('--particles <n>', 'particles of the world', 12, usual.particles);
  whole('--clusters <n>', 'clusters of the world', 1, usual.clusters);
  number('--stake <a>', 'stake a neuron may emit each epoch', usual.stake);
  whole('--links <n>', 'links of an honest signal', 1, usual.links);
  number('--noise <p>', 'share of honest links that point anywhere', usual.noise);
  number('--whale <x>', 'stake of the whale, in stakes', usual.whale);
  whole('--identities <n>', 'names of the sybil, members of the ring', 2, usual.identities);
  whole('--leaves <n>', 'leaves of the spammer each epoch', 1, usual.leaves);
  option(
    command,
    '--strategies <a,b>',
    `of ${STRATEGIES.map(({ name }) => name).join(', ')} (default all)`,
    (text) => listOf(text, (name) => strategyOf(name).name as StrategyName),
  );
  option(command, '--functions <a,b>', `that pay (default ${usual.functions.join(',')})`, (text) =>
    listOf(text, (name) => rewardFunction(name).name as RewardName),
  );
  option(
    command,
    '--hybrid <n,j,w,a>',
    'weights of delta-norm, ΔJ, dag-weight and alignment in the hybrid ' +
      `(default ${[deltaNorm, deltaJ, dagWeight, alignment].join(',')})`,
    readWeights,
  );
  number('--discount <d>', 'what a descendant one step further counts', usual.discount);
  number('--tolerance <e>', 'L1 error of each focus', usual.tolerance);
  option(command, '--threads <n>', 'CPU threads; no number depends on them', readInteger(1));
  command.option('--mixed', 'all strategies in one world, instead of a world for each');
  option(command, '--out <file>', 'write every observation to .csv or .ndjson');
  option(command, '--svg <file>', 'draw one panel a function, one bar a strategy');
  command.option('--all-findings', 'also print findings that nobody claimed');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action(run);
}

function listOf<T>(text: string, read: (name: string) => T): T[] {
  try {
    return text.split(',').map((name) => read(name.trim()));
  } catch (error) {
    throw new InvalidArgumentError(error instanceof FocusError ? error.message : String(error));
  }
}

function readWeights(text: string): HybridWeights {
  const weights = text.split(',').map((part) => readNumber(part.trim()));
  if (weights.length !== 4) {
    throw new InvalidArgumentError(`expected four numbers "norm,J,dag,alignment", found "${text}"`);
  }
  const [deltaNorm, deltaJ, dagWeight, alignment] = weights;
  return { deltaNorm, deltaJ, dagWeight, alignment };
}

async function run(flags: SimulateFlags): Promise<void> {
  const { strategies, threads, out, svg, json, allFindings, ...given } = flags;
  const format = out === undefined ? null : rowFormatOf(out);
  for (const path of [out, svg]) if (path !== undefined) await checkFolder(path);
  const started = performance.now();
  const progress = openProgress();
  const { say } = progress;
  try {
    const settings = settingsOf(given);
    const backend = openCpu({ threads: threads ?? 1 });
    const found = await interruptible((signal) => {
      // Said when Ctrl-C is already heard.
      if (!(settings.functions ?? DEFAULT_SETTINGS.functions).includes('spectral-gap')) {
        say('spectral-gap is left out: it costs a spectrum a signal; --functions can name it');
      }
      progress.phase('playing');
      const spectrum = async (graph: WeightedGraph) =>
        measuresOfSpectrum(
          await spectrumOf(graph, resolveParameters({}, graph), { signal }, backend),
        );
      const onProgress = (done: number, of: number): void =>
        progress.update(done / of, `${done} of ${of} games`);
      return simulate(settings, { strategies, spectrum, signal, onProgress }, backend);
    });
    progress.end();
    const elapsedMs = performance.now() - started;
    say(summary(found, elapsedMs));
    const record = simulationRecord(found, elapsedMs);
    if (out !== undefined && format !== null) {
      await write(out, observationRows(found, format));
      const { elapsedMs: _, ...result } = record;
      const output = await fileRecord(out, format);
      await writeManifest(out, { command: 'simulate', input: null, output, result });
      say(`wrote ${out}: ${found.observations.length} observations`);
    }
    if (svg !== undefined) {
      await write(svg, drawSimulation(found));
      say(`wrote ${svg}`);
    }
    process.stdout.write(
      json === true
        ? `${JSON.stringify(record)}\n`
        : describeSimulation(found, allFindings === true),
    );
  } finally {
    progress.end();
  }
}

/** The flags that are settings; commander adds others, such as config. */
function settingsOf(given: Partial<SimulationSettings>): Partial<SimulationSettings> {
  const known = Object.keys(DEFAULT_SETTINGS);
  return Object.fromEntries(Object.entries(given).filter(([name]) => known.includes(name)));
}

function summary({ settings, signals, strategies, digest }: Simulation, elapsedMs: number): string {
  const { runs, epochs, crowd, seed, hybrid } = settings;
  const weights = Object.entries(hybrid).map(([name, weight]) => `${name} ${weight}`);
  return (
    `seed ${seed}: ${strategies.length} strategies beside ${crowd} honest neurons, ${runs} runs of ` +
    `${epochs} epochs, ${signals} signals in ${(elapsedMs / 1000).toFixed(1)} s\n` +
    `hybrid weights: ${weights.join(', ')}; digest ${digest.slice(0, 16)}…`
  );
}

function rowFormatOf(path: string): 'csv' | 'ndjson' {
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  if (/\.csv$/i.test(path)) return 'csv';
  throw new FocusError(
    'usage',
    `--out ${path}: expected a name that ends in .csv or .ndjson`,
    'the extension chooses the format of the observations',
  );
}

/** Refuses, before any work, an output that cannot be written. */
async function checkFolder(path: string): Promise<void> {
  await access(dirname(resolve(path)), constants.W_OK).catch((cause: unknown) => {
    throw new FocusError('usage', `${path}: expected a folder to write to, found none`, '', {
      cause,
    });
  });
}

function write(path: string, text: string): Promise<void> {
  return writeAtomically(path, (sink) => sink.write(Buffer.from(text)));
}
