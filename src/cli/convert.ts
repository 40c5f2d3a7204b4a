// focus convert LINKS OUT: reads links in any format and writes their graph in another; `.focus`
// loads fastest.

import { Command } from 'commander';
import { check } from '../base/errors.js';
import { formatOfName, LINK_FORMATS, type LinkFormat } from '../formats/link-format.js';
import { readGraph } from '../formats/read.js';
import { writeLinks } from '../formats/write-links.js';
import { describeInput } from './input.js';
import { choice, withConfig } from './settings.js';

interface ConvertFlags {
  readonly format?: LinkFormat;
  readonly to?: LinkFormat;
  readonly order?: 'first-seen' | 'sorted';
}

/** Registers the command. */
export function convertCommand(): Command {
  const command = new Command('convert')
    .description('write the graph of LINKS (its axons) in another format')
    .argument('<links>', 'file of links, or - for standard input')
    .argument('<out>', 'file to write, or - for standard output');
  choice(command, '--format <name>', 'format of LINKS (default: found out)', LINK_FORMATS);
  choice(command, '--to <name>', 'format to write (default: by the name of OUT)', LINK_FORMATS);
  choice(command, '--order <name>', 'particle order (default first-seen)', [
    'first-seen',
    'sorted',
  ]);
  return withConfig(command).action(convert);
}

async function convert(path: string, out: string, flags: ConvertFlags): Promise<void> {
  const to = flags.to ?? formatOfName(out);
  check(
    to !== null && to !== undefined,
    'usage',
    () =>
      `${out}: expected a name that ends in ${LINK_FORMATS.map((name) => `.${name}`).join(', ')}`,
    'or name the format with --to',
  );
  const started = performance.now();
  const { graph, notes } = await readGraph(path, {
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.order === undefined ? {} : { order: flags.order }),
  });
  for (const line of describeInput(graph, notes, performance.now() - started)) {
    process.stderr.write(`${line}\n`);
  }
  await writeLinks(graph, out, to);
  if (out !== '-') process.stderr.write(`wrote ${out}: ${graph.report.axons} axons as ${to}\n`);
}
