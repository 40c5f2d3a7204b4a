// focus karma CHAIN | LINKS LINKS…: the φ*-weight that the links of each neuron have accumulated, and,
// with answers to a question, karma after their scores.

import { Command } from 'commander';
import { check } from '../base/errors.js';
import { readBeliefs } from '../formats/beliefs.js';
import { tableFormatOf, writeTable } from '../formats/write-table.js';
import { fileRecord, writeManifest, type FileRecord } from '../report/manifest.js';
import { btsScores, karmaAfterScore } from '../valuation/bts.js';
import { karmaOf, type NeuronKarma } from '../valuation/karma.js';
import { valueLinks, type Valuation } from '../valuation/link-valuation.js';
import { weightingText } from '../valuation/weightings.js';
import { openSequence } from './epoch-sequence.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import { interruptible } from './interrupt.js';
import { addKernelOptions } from './kernel-options.js';
import { checkOutput } from './linked-input.js';
import { openProgress } from './progress.js';
import { option, readNumber, withConfig } from './settings.js';
import { addValuationOptions, chosenValuation, type ValuationFlags } from './valuation-flags.js';

interface KarmaFlags extends ValuationFlags {
  readonly bts?: string;
  readonly rate?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** A neuron's karma, and after its score. */
interface KarmaRow extends NeuronKarma {
  /** Null where the neuron did not answer, or nobody was asked. */
  readonly score: number | null;
  readonly karmaAfter: number | null;
}

/** Registers the command. */
export function karmaCommand(): Command {
  const command = new Command('karma')
    .description('sum what the links of each neuron earned over epochs')
    .argument('<epochs...>', 'folder of a chain of epochs, or files of links, oldest first');
  addValuationOptions(command);
  addKernelOptions(command, 'L1 error of each focus to certify; files of links only');
  option(command, '--bts <file>', 'answers of neurons: karma becomes max(0, karma + rate · score)');
  option(command, '--rate <r>', 'what a nat of score is worth in karma: with --bts', readNumber);
  option(command, '--out <file>', 'write all neurons to .ndjson, .csv or .parquet');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action(run);
}

async function run(paths: readonly string[], flags: KarmaFlags): Promise<void> {
  const { out, bts, rate } = flags;
  check(
    (bts === undefined) === (rate === undefined),
    'usage',
    () => 'karma: expected --bts and --rate together',
    'the rate says what a nat of score is worth in karma; it has no default',
  );
  if (out !== undefined) {
    tableFormatOf(out);
    await checkOutput('--out', out, bts === undefined ? paths : [...paths, bts]);
  }
  const progress = openProgress();
  try {
    const answers = bts === undefined ? null : { path: bts, rate: rate as number };
    const scores = answers === null ? null : await scoresOf(answers.path);
    const { weighting, share } = chosenValuation(flags);
    const { valuation, sequence } = await interruptible(async (signal) => {
      const opened = await openSequence(paths, flags, progress, signal);
      const { epochs, identity } = opened;
      const options = { weighting, share, identity, curves: false, signal };
      return { valuation: await valueLinks(epochs, options), sequence: opened };
    });
    const rows = rowsOf(karmaOf(valuation), scores, answers?.rate ?? 0);
    const result = {
      weighting: weightingText(weighting),
      share,
      epochs: valuation.epochs,
      links: valuation.count,
      rate: answers?.rate ?? null,
      converged: sequence.converged(),
    };
    if (out !== undefined) {
      const answered = answers === null ? [] : [await fileRecord(answers.path, 'beliefs')];
      await write(out, rows, [...sequence.inputs, ...answered], result);
      progress.say(`wrote ${out} (${rows.length} rows)`);
    }
    progress.end();
    print(rows, valuation, result, flags);
    if (!sequence.converged()) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

/** Scores by neuron. */
async function scoresOf(path: string): Promise<ReadonlyMap<string, number>> {
  const answers = await readBeliefs(path);
  const scores = btsScores(answers);
  return new Map(
    answers.map(({ neuron }, k) => {
      const message = (): string => `${path}: answer ${k + 1}: expected a neuron, found none`;
      check(neuron !== null, 'bad-input', message, 'karma belongs to a neuron: name it');
      return [neuron, scores[k]];
    }),
  );
}

/** By falling karma; neurons that answered and never linked start from 0. */
function rowsOf(
  found: readonly NeuronKarma[],
  scores: ReadonlyMap<string, number> | null,
  rate: number,
): readonly KarmaRow[] {
  const known = new Set(found.map(({ neuron }) => neuron));
  const others = [...(scores?.keys() ?? [])]
    .filter((neuron) => !known.has(neuron))
    .map((neuron) => ({ neuron, links: 0, alive: 0, karma: 0, errorBound: 0 }));
  return [...found, ...others]
    .map((each): KarmaRow => {
      const score = (each.neuron === null ? null : scores?.get(each.neuron)) ?? null;
      const karmaAfter = score === null ? null : karmaAfterScore(each.karma, score, rate);
      return { ...each, score, karmaAfter };
    })
    .sort((a, b) => b.karma - a.karma);
}

async function write(
  out: string,
  rows: readonly KarmaRow[],
  [input, ...alsoRead]: readonly FileRecord[],
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  const number = (name: 'links' | 'alive' | 'karma' | 'errorBound' | 'score' | 'karmaAfter') =>
    ({ name, kind: 'number', optional: true, value: (row: number) => rows[row][name] }) as const;
  await writeTable(out, rows.length, [
    { name: 'neuron', kind: 'text', optional: true, value: (row) => rows[row].neuron },
    ...(['links', 'alive', 'karma', 'errorBound', 'score', 'karmaAfter'] as const).map(number),
  ]);
  const output = await fileRecord(out, tableFormatOf(out));
  await writeManifest(out, { command: 'karma', input, alsoRead, output, result });
}

function print(
  rows: readonly KarmaRow[],
  { count, epochs }: Valuation,
  result: Readonly<Record<string, unknown>>,
  { json }: KarmaFlags,
): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ ...result, neurons: rows })}\n`);
    return;
  }
  const { weighting, share } = result;
  process.stderr.write(
    `${count} links over epochs ${epochs[0]} to ${epochs.at(-1)}: weighting ${String(weighting)}, ` +
      `share of ${String(share)}\n`,
  );
  const scored = rows.some(({ score }) => score !== null);
  const head = ['neuron', 'links', 'alive', 'karma', 'error bound'];
  const lines = [
    scored ? [...head, 'score', 'karma after'] : head,
    ...rows.map(({ neuron, links, alive, karma, errorBound, score, karmaAfter }) => {
      const cells = [neuron ?? '-', links, alive, karma, errorBound ?? '-'];
      return scored ? [...cells, score ?? '-', karmaAfter ?? '-'] : cells;
    }),
  ];
  for (const line of lines) process.stdout.write(`${line.join('\t')}\n`);
}
