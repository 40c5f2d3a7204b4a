// focus bts FILE: scores of answers to a yes-or-no question by Bayesian truth serum.

import { Command } from 'commander';
import { readBeliefs, type Answer } from '../formats/beliefs.js';
import { tableFormatOf, writeTable } from '../formats/write-table.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import { btsScores } from '../valuation/bts.js';
import { checkOutput } from './linked-input.js';
import { option, withConfig } from './settings.js';

interface BtsFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Registers the command. */
export function btsCommand(): Command {
  const command = new Command('bts')
    .description('score beliefs and predictions against the crowd of all others, in nats')
    .argument(
      '<file>',
      'NDJSON, one answer a line: {"neuron", "belief", "prediction"}; - for stdin',
    );
  option(command, '--out <file>', 'write the scores to .ndjson, .csv or .parquet');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action(run);
}

async function run(path: string, flags: BtsFlags): Promise<void> {
  const { out } = flags;
  if (out !== undefined) {
    tableFormatOf(out);
    await checkOutput('--out', out, [path]);
  }
  const answers = await readBeliefs(path);
  const scores = btsScores(answers);
  if (out !== undefined) await write(path, out, answers, scores);
  if (flags.json === true) {
    const rows = answers.map((answer, index) => ({ index, ...answer, score: scores[index] }));
    process.stdout.write(`${JSON.stringify({ count: rows.length, scores: rows })}\n`);
    return;
  }
  process.stdout.write('index\tneuron\tbelief\tprediction\tscore\n');
  answers.forEach(({ neuron, belief, prediction }, index) => {
    const cells = [index, neuron ?? '-', belief, prediction, scores[index]];
    process.stdout.write(`${cells.join('\t')}\n`);
  });
}

async function write(
  path: string,
  out: string,
  answers: readonly Answer[],
  scores: readonly number[],
): Promise<void> {
  const number = (name: string, value: (row: number) => number) =>
    ({ name, kind: 'number', optional: false, value }) as const;
  await writeTable(out, answers.length, [
    number('index', (row) => row),
    { name: 'neuron', kind: 'text', optional: true, value: (row) => answers[row].neuron },
    number('belief', (row) => answers[row].belief),
    number('prediction', (row) => answers[row].prediction),
    number('score', (row) => scores[row]),
  ]);
  await writeManifest(out, {
    command: 'bts',
    input: path === '-' ? null : await fileRecord(path, 'beliefs'),
    output: await fileRecord(out, tableFormatOf(out)),
    result: { count: answers.length },
  });
  process.stderr.write(`wrote ${out} (${answers.length} rows)\n`);
}
