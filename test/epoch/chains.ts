// Chains of epochs for tests: a small graph, signals from a stream of numbers, rules of every kind.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCpu, openCpuExact } from '../../src/backend/cpu/cpu.js';
import { randomStream, type Random } from '../../src/base/random.js';
import type { EpochMachines } from '../../src/epoch/compute.js';
import { readRulesets, type Ruleset } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import type { SealedManifest } from '../../src/epoch/manifest.js';

export const RULES = {
  startEpoch: 0,
  order: 'first-seen',
  reading: 'focus-1',
  teleport: 0.15,
  mu: 1,
  tau: 1,
  lambda: [0.5, 0.3, 0.2],
  unit: null,
  prior: 'degree',
  tolerance: 1e-9,
  floor: 0,
  joint: ['delta-norm', 'syntropy', 'directed'],
  marginals: { method: 'near', functions: ['delta-norm', 'syntropy'], tolerance: 1e-8, arcs: 1e6 },
};

/** Other rules from epoch 3 on. */
export const LATER = {
  ...RULES,
  startEpoch: 3,
  teleport: 0.2,
  floor: 1e-3,
  marginals: { method: 'adjoint', functions: ['syntropy', 'directed'], tolerance: 1e-8, arcs: 1e6 },
};

export const RULESETS: readonly Ruleset[] = readRulesets([RULES, LATER], 'rules');

/** A beacon of an epoch. */
export const beaconOf = (epoch: number): string => epoch.toString(16).padStart(64, 'b');

/** An empty folder. */
export const folder = (): string => mkdtempSync(join(tmpdir(), 'focus-epoch-'));

/** Machines on the CPU with a number of threads. */
export function machinesOf(threads = 1): EpochMachines & { destroy(): void } {
  const exact = openCpuExact({ threads });
  const cpu = openCpu({ threads });
  return {
    exact,
    cpu,
    destroy: () => {
      exact.destroy();
      cpu.destroy();
    },
  };
}

const NEURONS = ['ann', 'bo', 'cy', 'di'];

/** Links of epoch 0 as a file. */
export function linksFile(into: string, seed = 1): string {
  const random = randomStream(seed, 40);
  const rows = Array.from({ length: 60 }, (_, k) => {
    const from = random.below(20);
    return [from, (from + 1 + random.below(19)) % 20, 1 + random.below(50), NEURONS[k % 4]];
  });
  const path = join(into, 'genesis.tsv');
  const lines = rows.map(([a, b, w, neuron]) => `p${a}\tp${b}\t${w}\t${neuron}\n`);
  writeFileSync(path, `from\tto\tamount\tneuron\n${lines.join('')}`);
  return path;
}

/** Links that neurons still have, by what signals did so far. */
export type Book = Map<string, [string, string][]>;

/** A file of signals: links, some to new particles, and removals of links made before. */
export function signalsFile(into: string, epoch: number, book: Book): string {
  const random = randomStream(epoch, 41);
  const lines = NEURONS.map((neuron) => JSON.stringify(signalOf(random, neuron, epoch, book)));
  const path = join(into, `signals-${epoch}.ndjson`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function signalOf(random: Random, neuron: string, epoch: number, book: Book): object {
  const own = book.get(neuron) ?? [];
  const gone = own.length > 2 && random.below(2) === 0 ? own.splice(0, 1) : [];
  const links = Array.from({ length: 1 + random.below(3) }, () => {
    const from = `p${random.below(20)}`;
    const to = random.below(4) === 0 ? `new${epoch}-${neuron}` : `p${20 + random.below(5)}`;
    own.push([from, to]);
    return { from, to, amount: 1 + random.below(30) };
  });
  // Links made twice would be removed together.
  const seen = new Set<string>();
  book.set(
    neuron,
    own.filter(([a, b]) => !seen.has(`${a} ${b}`) && seen.add(`${a} ${b}`)),
  );
  return { neuron, links, remove: gone.map(([from, to]) => ({ from, to })) };
}

/** Makes a chain of epochs 0…last; returns its folder and the last manifest. */
export async function makeChain(
  last: number,
  machines: EpochMachines,
  rulesets = RULESETS,
): Promise<{ readonly chain: string; readonly sealed: SealedManifest; readonly inputs: string }> {
  const [chain, inputs] = [folder(), folder()];
  const links = linksFile(inputs);
  const book: Book = new Map();
  let sealed: SealedManifest | null = null;
  for (let epoch = 0; epoch <= last; epoch++) {
    sealed = await runEpoch(
      {
        chain,
        epoch,
        links: epoch === 0 ? links : null,
        signals: epoch === 0 ? null : signalsFile(inputs, epoch, book),
        rulesets,
        beacon: beaconOf(epoch),
      },
      machines,
    );
  }
  if (sealed === null) throw new Error('a chain has an epoch');
  return { chain, sealed, inputs };
}
