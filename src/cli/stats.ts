// focus stats LINKS: the shape of a graph before anything is solved: sizes, degrees, components,
// stakes.

import { Command } from 'commander';
import { readGraph } from '../formats/read.js';
import { LINK_FORMATS, type LinkFormat } from '../formats/link-format.js';
import type { Graph } from '../graph/graph.js';
import { shapeOf } from '../graph/shape.js';
import { describeInput } from './input.js';
import { choice, withConfig } from './settings.js';

interface StatsFlags {
  readonly format?: LinkFormat;
  readonly json?: boolean;
}

/** Registers the command. */
export function statsCommand(): Command {
  const command = new Command('stats')
    .description('print sizes, degrees, components and stakes of a graph')
    .argument('<links>', 'file of links, or - for standard input');
  choice(command, '--format <name>', 'format of LINKS (default: found out)', LINK_FORMATS);
  command.option('--json', 'print one JSON object');
  return withConfig(command).action(stats);
}

async function stats(path: string, flags: StatsFlags): Promise<void> {
  const started = performance.now();
  const { graph, notes } = await readGraph(
    path,
    flags.format === undefined ? {} : { format: flags.format },
  );
  for (const line of describeInput(graph, notes, performance.now() - started)) {
    process.stderr.write(`${line}\n`);
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(record(graph))}\n` : table(graph));
}

function record(graph: Graph): Record<string, unknown> {
  const { report, particles } = graph;
  return {
    particles,
    links: report.links,
    axons: report.axons,
    merged: report.merged,
    dropped: report.dropped,
    roundedAmounts: report.roundedAmounts,
    ...shapeOf(graph.axons),
  };
}

function table(graph: Graph): string {
  const { particles, report } = graph;
  const shape = shapeOf(graph.axons);
  const rows: [string, string | number][] = [
    ['particles', particles],
    ['axons', report.axons],
    ['dangling particles', shape.dangling],
    ['mean out-degree', shape.meanOutDegree.toFixed(3)],
    [
      'largest out-degree',
      `${shape.largestOutDegree.degree} (${graph.ids.at(shape.largestOutDegree.particle)})`,
    ],
    [
      'largest in-degree',
      `${shape.largestInDegree.degree} (${graph.ids.at(shape.largestInDegree.particle)})`,
    ],
    ['components', shape.components],
    ['largest component', `${shape.largestComponent} particles`],
    ['total stake', shape.totalStake],
    ['smallest axon', shape.smallestWeight],
    ['largest axon', shape.largestWeight],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)}${value}\n`).join('');
}
