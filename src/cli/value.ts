// focus value CHAIN | LINKS LINKS…: what each link earned over a sequence of epochs, its yield curve
// and its class.

import { Command } from 'commander';
import { check } from '../base/errors.js';
import { writeAtomically } from '../formats/atomic-file.js';
import { tableFormatOf, writeTable } from '../formats/write-table.js';
import { fileRecord, writeManifest } from '../report/manifest.js';
import {
  classifyLinks,
  LINK_CLASSES,
  type Classified,
  type LinkClass,
} from '../valuation/classes.js';
import type { YieldCurves } from '../valuation/curves.js';
import { valueLinks, type Valuation } from '../valuation/link-valuation.js';
import { weightingText } from '../valuation/weightings.js';
import { openSequence, type EpochSequence } from './epoch-sequence.js';
import { EXIT_NOT_CONVERGED } from './exit.js';
import type { Say } from './input.js';
import { interruptible } from './interrupt.js';
import { addKernelOptions } from './kernel-options.js';
import { checkOutput } from './linked-input.js';
import { openProgress } from './progress.js';
import { choice, option, readInteger, withConfig } from './settings.js';
import { addValuationOptions, chosenValuation, type ValuationFlags } from './valuation-flags.js';
import {
  digestOfValuation,
  drawValuation,
  tableOfCurves,
  tableOfLinks,
  topSlots,
  type Table,
} from './value-rows.js';

interface ValueFlags extends ValuationFlags {
  readonly top?: number;
  readonly class?: LinkClass;
  readonly link?: number;
  readonly out?: string;
  readonly curves?: string;
  readonly svg?: string;
  readonly json?: boolean;
}

const TOP = 10;

/** Registers the command. */
export function valueCommand(): Command {
  const command = new Command('value')
    .description('value links over epochs: what each earned, its yield curve and its class')
    .argument('<epochs...>', 'folder of a chain of epochs, or files of links, oldest first');
  addValuationOptions(command);
  addKernelOptions(command, 'L1 error of each focus to certify; files of links only');
  option(command, '--top <k>', `links to print, by value (default ${TOP})`, readInteger(0));
  const names = LINK_CLASSES.map(({ name }) => name);
  choice(command, '--class <name>', 'print links of one class only', names);
  option(command, '--link <n>', 'print and draw the curve of one link', readInteger(0));
  option(command, '--out <file>', 'write all links to .ndjson, .csv or .parquet');
  option(command, '--curves <file>', 'write all curves to .ndjson, .csv or .parquet');
  option(command, '--svg <file>', 'draw yield curves, one panel a class');
  command.option('--json', 'print one JSON object');
  return withConfig(command).action((paths: string[], flags: ValueFlags) => run(paths, flags));
}

/** What a run found. */
interface Found {
  readonly valuation: Valuation;
  readonly curves: YieldCurves;
  readonly classified: Classified;
  readonly sequence: EpochSequence;
}

async function run(paths: readonly string[], flags: ValueFlags): Promise<void> {
  const started = performance.now();
  const { out, curves: curvesOut, svg } = flags;
  for (const [name, path] of Object.entries({ out, curves: curvesOut, svg })) {
    if (path === undefined) continue;
    if (name !== 'svg') tableFormatOf(path);
    await checkOutput(`--${name}`, path, paths);
  }
  const progress = openProgress();
  const { say } = progress;
  try {
    const { weighting, share } = chosenValuation(flags);
    const found = await interruptible(async (signal): Promise<Found> => {
      const sequence = await openSequence(paths, flags, progress, signal);
      const { epochs, identity } = sequence;
      const options = { weighting, share, identity, curves: true, signal };
      const valuation = await valueLinks(epochs, options);
      progress.phase('classifying links');
      const classified = classifyLinks(valuation);
      return { valuation, curves: valuation.curves as YieldCurves, classified, sequence };
    });
    const { valuation, classified } = found;
    const { link } = flags;
    check(
      link === undefined || link < valuation.count,
      'usage',
      () => `--link ${link}: expected a link from 0 to ${valuation.count - 1}`,
    );
    const result = recordOf(found);
    await write(out, tableOfLinks(valuation, classified), found, result, say);
    if (curvesOut !== undefined) {
      await write(curvesOut, tableOfCurves(valuation, found.curves), found, result, say);
    }
    if (svg !== undefined) {
      const drawn = drawValuation(valuation, found.curves, classified, link ?? null);
      await writeAtomically(svg, (sink) => sink.write(Buffer.from(drawn)));
      say(`wrote ${svg}`);
    }
    progress.end();
    print(found, result, flags, Math.round(performance.now() - started), say);
    if (!found.sequence.converged()) process.exitCode = EXIT_NOT_CONVERGED;
  } finally {
    progress.end();
  }
}

/** What does not depend on the clock. */
function recordOf({ valuation, classified, sequence }: Found): Record<string, unknown> {
  const { options, epochs, count, values } = valuation;
  const header = {
    weighting: weightingText(options.weighting),
    share: options.share,
    identity: options.identity,
    epochs,
    inputs: sequence.inputs.map(({ sha256 }) => sha256),
  };
  const { communities, counts } = classified;
  let sum = 0;
  for (const value of values) sum += value;
  return {
    ...header,
    links: count,
    sum,
    classes: counts,
    rules: Object.fromEntries(LINK_CLASSES.map(({ name, rule }) => [name, rule])),
    communities: { count: communities.count, modularity: communities.modularity },
    converged: sequence.converged(),
    digest: digestOfValuation(JSON.stringify(header), valuation),
  };
}

async function write(
  path: string | undefined,
  { count, columns }: Table,
  { sequence }: Found,
  result: Readonly<Record<string, unknown>>,
  say: Say,
): Promise<void> {
  if (path === undefined) return;
  await writeTable(path, count, columns);
  const [input, ...alsoRead] = sequence.inputs;
  const output = await fileRecord(path, tableFormatOf(path));
  const manifest = await writeManifest(path, {
    command: 'value',
    input,
    alsoRead,
    output,
    result,
  });
  say(`wrote ${path} (${count} rows) and ${manifest}`);
}

/** A link as it is told. */
function rowOf({ valuation, classified }: Found, slot: number) {
  const { born, ...link } = valuation.linkAt(slot);
  const name = classified.classes[slot];
  return { link: slot, ...link, born: valuation.epochs[born], class: name };
}

/** A curve as it is told. */
function curveOf({ valuation, curves }: Found, slot: number) {
  const { alive, contributions, yields, cumulative } = curves.of(slot);
  return valuation.epochs.map((epoch, t) => ({
    epoch,
    isAlive: alive[t] === 1,
    contribution: contributions[t],
    yield: yields[t],
    cumulative: cumulative[t],
  }));
}

function print(
  found: Found,
  result: Readonly<Record<string, unknown>>,
  { link: chosen, class: only, top = TOP, json }: ValueFlags,
  elapsedMs: number,
  say: Say,
): void {
  const { valuation, classified } = found;
  const rows = topSlots(valuation, classified, only, top).map((slot) => rowOf(found, slot));
  if (json === true) {
    const link =
      chosen === undefined
        ? {}
        : { link: { ...rowOf(found, chosen), curve: curveOf(found, chosen) } };
    process.stdout.write(`${JSON.stringify({ ...result, top: rows, ...link, elapsedMs })}\n`);
    return;
  }
  const { epochs, options, count } = valuation;
  const { counts, communities } = classified;
  say(
    `${count} links over epochs ${epochs[0]} to ${epochs.at(-1)}: weighting ` +
      `${weightingText(options.weighting)}, share of ${options.share}`,
  );
  const parts = LINK_CLASSES.map(({ name }) => `${counts[name]} ${name}`).join(', ');
  const quality = communities.modularity.toFixed(3);
  say(`${parts}; ${communities.count} communities, modularity ${quality}`);
  say(`digest ${String(result.digest).slice(0, 16)}…`);
  const lines =
    chosen === undefined
      ? [
          ['link', 'neuron', 'from', 'to', 'class', 'born', 'alive', 'value', 'error bound'],
          ...rows.map((row) => [
            ...[row.link, row.neuron ?? '-', row.from, row.to, row.class, row.born],
            ...[row.isAlive ? 'yes' : 'no', row.value, row.errorBound ?? '-'],
          ]),
        ]
      : [
          ['epoch', 'alive', 'contribution', 'yield', 'cumulative'],
          ...curveOf(found, chosen).map((row) => [
            ...[row.epoch, row.isAlive ? 'yes' : 'no', row.contribution, row.yield, row.cumulative],
          ]),
        ];
  for (const line of lines) process.stdout.write(`${line.join('\t')}\n`);
}
