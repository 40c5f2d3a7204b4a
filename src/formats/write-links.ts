// Links, or the axons of a graph, in every format that can be read: TSV, CSV, NDJSON, Matrix
// Market, Parquet, `.focus`.
// An axon is written as one link whose amount is its weight, row by row, so what is read back is
// the same graph; only the order of first appearance may differ. Matrix Market has no place for ids
// or any column but the amount.

import { FocusError, check, invariant } from '../base/errors.js';
import type { Graph } from '../graph/graph.js';
import { type Links, NO_NEURON } from '../graph/links.js';
import { type ByteSink, writeAtomically } from './atomic-file.js';
import { writeFocusTo } from './focus-binary.js';
import type { LinkFormat } from './link-format.js';
import type { OutputColumn } from './parquet-writer.js';
import { type TextWriter, createTextWriter } from './text-writer.js';

const TAB = 0x09;
const COMMA = 0x2c;
const VALUES = ['karma', 'price', 'valence', 'will', 'time'] as const;

/**
 * The axons of a graph as links: weight as amount, rows in order. Shares the weights; cost O(axons)
 * for the sources.
 */
export function linksOfGraph(graph: Graph): Links {
  const { offsets, columns, weights, rows } = graph.axons;
  const count = offsets[rows];
  const from = new Uint32Array(count);
  for (let row = 0; row < rows; row++) from.fill(row, offsets[row], offsets[row + 1]);
  return {
    count,
    particles: graph.ids,
    from,
    to: columns,
    amount: weights,
    neurons: null,
    neuron: null,
    karma: null,
    price: null,
    valence: null,
    will: null,
    time: null,
    roundedAmounts: 0,
  };
}

/**
 * Writes links or a graph to `path` (`-`: standard output), all or nothing.
 *
 * Throws FocusError `usage` for links in the format `focus`, which holds a built graph, and
 * `failure` where the file cannot be written. Cost: about 0.3 µs a link as text.
 */
export async function writeLinks(
  source: Links | Graph,
  path: string,
  format: LinkFormat,
): Promise<void> {
  const graph = 'axons' in source ? source : null;
  check(
    format !== 'focus' || graph !== null,
    'usage',
    () => 'a .focus file holds a built graph, not links',
    'build the graph first',
  );
  const links = 'axons' in source ? null : source;
  await writeAtomically(path, async (sink) => {
    if (format === 'focus' && graph !== null) return writeFocusTo(graph, sink);
    const rows = links ?? linksOfGraph(source as Graph);
    if (format === 'parquet') return writeLinksParquet(rows, sink);
    return writeLinksText(rows, sink, format);
  });
}

/** Rows of text; the function that writes a row is chosen once. */
async function writeLinksText(links: Links, sink: ByteSink, format: LinkFormat): Promise<void> {
  const writer = createTextWriter(sink);
  let row: (i: number) => void;
  if (format === 'ndjson') row = jsonRow(links, writer);
  else if (format === 'mtx') row = matrixRow(links, writer);
  else {
    invariant(format === 'tsv' || format === 'csv', 'every other format has a writer of its own');
    row = tableRow(links, writer, format === 'tsv' ? TAB : COMMA);
  }
  for (let i = 0; i < links.count; i++) {
    row(i);
    const pending = writer.endRow();
    if (pending !== null) await pending;
  }
  await writer.flush();
}

/** Rows under a header; a header is always written, as the first ids might look like one. */
function tableRow(links: Links, writer: TextWriter, separator: number): (i: number) => void {
  const { particles, neurons, neuron } = links;
  const between = String.fromCharCode(separator);
  const columns = presentColumns(links);
  const names = [
    'from',
    'to',
    'amount',
    ...(neuron === null ? [] : ['neuron']),
    ...columns.map(([name]) => name),
  ];
  writer.ascii(`${names.join(between)}\n`);
  return (i) => {
    writer.fieldId(particles, links.from[i], separator);
    writer.ascii(between);
    writer.fieldId(particles, links.to[i], separator);
    writer.ascii(between);
    writer.number(links.amount[i]);
    if (neuron !== null && neurons !== null) {
      writer.ascii(between);
      if (neuron[i] !== NO_NEURON) writer.fieldId(neurons, neuron[i], separator);
    }
    for (const [, values] of columns) {
      writer.ascii(between);
      if (!Number.isNaN(values[i])) writer.number(values[i]);
    }
    writer.ascii('\n');
  };
}

/** One object a line; absent values are left out. */
function jsonRow(links: Links, writer: TextWriter): (i: number) => void {
  const { particles, neurons, neuron } = links;
  const columns = presentColumns(links);
  return (i) => {
    writer.ascii('{"from":');
    writer.jsonId(particles, links.from[i]);
    writer.ascii(',"to":');
    writer.jsonId(particles, links.to[i]);
    writer.ascii(',"amount":');
    writer.number(links.amount[i]);
    if (neuron !== null && neurons !== null && neuron[i] !== NO_NEURON) {
      writer.ascii(',"neuron":');
      writer.jsonId(neurons, neuron[i]);
    }
    for (const [name, values] of columns) {
      if (Number.isNaN(values[i])) continue;
      writer.ascii(`,"${name}":`);
      writer.number(values[i]);
    }
    writer.ascii('}\n');
  };
}

/**
 * Particle k of the table is index k + 1. Weights of axons are few digits or many: the shortest
 * that reads back.
 */
function matrixRow(links: Links, writer: TextWriter): (i: number) => void {
  const size = links.particles.count;
  writer.ascii('%%MatrixMarket matrix coordinate real general\n');
  writer.ascii('% indices are positions of particles in the order of the graph, from 1\n');
  writer.ascii(`${size} ${size} ${links.count}\n`);
  return (i) => {
    writer.ascii(`${links.from[i] + 1} ${links.to[i] + 1} `);
    writer.number(links.amount[i]);
    writer.ascii('\n');
  };
}

/** Ids as text; optional columns are null where a value is absent. */
async function writeLinksParquet(links: Links, sink: ByteSink): Promise<void> {
  const { particles, neurons, neuron } = links;
  if (links.count === 0) {
    throw new FocusError(
      'usage',
      'there are no links to write',
      'Parquet is written for one link or more',
    );
  }
  const columns: OutputColumn[] = [
    { name: 'from', kind: 'text', optional: false, value: (i) => particles.at(links.from[i]) },
    { name: 'to', kind: 'text', optional: false, value: (i) => particles.at(links.to[i]) },
    { name: 'amount', kind: 'number', optional: false, value: (i) => links.amount[i] },
  ];
  if (neuron !== null && neurons !== null) {
    const idOf = (i: number): string | null =>
      neuron[i] === NO_NEURON ? null : neurons.at(neuron[i]);
    columns.push({ name: 'neuron', kind: 'text', optional: true, value: idOf });
  }
  for (const [name, values] of presentColumns(links)) {
    const valueOf = (i: number): number | null => (Number.isNaN(values[i]) ? null : values[i]);
    columns.push({ name, kind: 'number', optional: true, value: valueOf });
  }
  const { writeParquet } = await import('./parquet-writer.js');
  await writeParquet(sink, links.count, columns);
}

/** The optional columns that hold numbers and are there. */
function presentColumns(links: Links): readonly (readonly [string, Float64Array | Int8Array])[] {
  return VALUES.flatMap((name) => {
    const values = links[name];
    return values === null ? [] : [[name, values] as const];
  });
}
