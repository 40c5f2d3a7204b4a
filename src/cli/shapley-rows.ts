// What focus shapley prints: rows of shares as table and lines, the summary of --json, the picture.

import { createHash } from 'node:crypto';
import { exactDecimal } from '../focus/exact/decimal.js';
import type { OutputColumn } from '../formats/write-table.js';
import { drawShareChart } from '../report/share-chart.js';
import type { Attribution, ShareRow } from './shapley-attribute.js';
import type { ShapleyFlags } from './shapley-flags.js';
import { coalitionTolerance } from './shapley-game.js';

const UNIT_BITS = 61;

/** A row as --json and tables give it. */
export interface PrintedRow extends Omit<ShareRow, 'units'> {
  /** The share in full: a multiple of 2⁻⁶¹. */
  readonly shareExact: string;
}

/** A row with its share as a decimal. */
export function printed({ units, ...row }: ShareRow): PrintedRow {
  return { ...row, shareExact: exactDecimal(units, UNIT_BITS) };
}

/** The keys of --json besides players. */
export function summaryOf(
  attribution: Attribution,
  flags: ShapleyFlags,
  graphRoot: string,
  signals: string,
): Record<string, unknown> {
  const { rows, totalUnits, efficiencyGap, millisecondsPerValue, ...rest } = attribution;
  const header = {
    value: flags.value,
    precision: flags.precision ?? 'f64',
    tolerance: coalitionTolerance(flags),
    graphRoot,
    signals,
    beacon: flags.exact === true ? null : (flags.beacon ?? '0'.repeat(64)),
    estimator: rest.estimator,
    control: rest.control,
    orderings: rest.orderings,
    evaluations: rest.evaluations,
    blend: flags.blend ?? 0,
  };
  const hash = createHash('sha256').update(`${JSON.stringify(header)}\n`);
  for (const { index, units } of rows) hash.update(`${index} ${units}\n`);
  return {
    ...header,
    ...rest,
    totalExact: exactDecimal(totalUnits, UNIT_BITS),
    efficiencyGap: Number(efficiencyGap) / 2 ** UNIT_BITS,
    millisecondsPerValue,
    digest: hash.digest('hex'),
  };
}

/** Columns of a table of shares. */
export function tableOfShares(rows: readonly ShareRow[]): readonly OutputColumn[] {
  const all = rows.map(printed);
  const number = (name: string, value: (row: PrintedRow) => number | null): OutputColumn => ({
    name,
    kind: 'number',
    optional: true,
    value: (k: number) => value(all[k]),
  });
  const text = (name: string, value: (row: PrintedRow) => string | null): OutputColumn => ({
    name,
    kind: 'text',
    optional: true,
    value: (k: number) => value(all[k]),
  });
  return [
    number('index', ({ index }) => index),
    text('neuron', ({ neuron }) => neuron),
    number('local', ({ local }) => local),
    number('share', ({ share }) => share),
    text('shareExact', ({ shareExact }) => shareExact),
    number('standardError', ({ standardError }) => standardError),
    number('low', ({ low }) => low),
    number('high', ({ high }) => high),
    number('blended', ({ blended }) => blended),
  ];
}

/** Lines for humans: remarks on what was done, and a table. */
export function linesOf(
  attribution: Attribution,
  summary: Record<string, unknown>,
  flags: ShapleyFlags,
): { readonly remarks: readonly string[]; readonly lines: readonly (readonly string[])[] } {
  const cell = (value: number | null): string => (value === null ? '-' : String(value));
  return {
    remarks: [...remarksOf(attribution, flags), `digest ${String(summary.digest).slice(0, 16)}…`],
    lines: [
      ['index', 'neuron', 'local', 'share', 'standard error', 'low', 'high', 'blended'],
      ...attribution.rows.map((row) => [
        String(row.index),
        row.neuron ?? '-',
        ...[row.local, row.share, row.standardError, row.low, row.high, row.blended].map(cell),
      ]),
      ['total', '-', '-', String(attribution.total), '-', '-', '-', '-'],
    ],
  };
}

function remarksOf(attribution: Attribution, flags: ShapleyFlags): string[] {
  const { estimator, orderings, replicates, evaluations, errorBound, rowsSolved } = attribution;
  const { particles, millisecondsPerValue, converged, reached, confidence, group } = attribution;
  const how =
    estimator === 'enumeration'
      ? 'all coalitions'
      : attribution.clusters !== undefined
        ? clustersLine(attribution.clusters)
        : `${estimator}: ${orderings} orderings in ${replicates} replicates of ${group}, ` +
          `${100 * confidence} % intervals for each signal alone`;
  return [
    `value ${flags.value}; ${how}; ${evaluations} coalitions` +
      (millisecondsPerValue === null ? '' : `, ${millisecondsPerValue.toFixed(2)} ms each`),
    `solved ${rowsSolved} rows of ${particles} particles: the others no signal can move, or they ` +
      'move as one',
    ...(errorBound === null
      ? []
      : [`each coalition's value is proven to ${errorBound.toExponential(2)}`]),
    ...(converged ? [] : ['NOT CONVERGED: some coalitions missed the tolerance']),
    ...(reached ? [] : ['NOT REACHED: some interval is wider than --width']),
  ];
}

function clustersLine(clusters: NonNullable<Attribution['clusters']>): string {
  const { count, largest, methods, between, inside, coupling } = clusters;
  const by = Object.entries(methods).map(([name, number]) => `${number} ${name}`);
  return (
    `${count} clusters (${by.join(', ')}; the largest of ${largest}), together ${inside} alone; ` +
    `coupling ${coupling}, between clusters ${between}`
  );
}

/** The picture of --svg. */
export function drawShares(attribution: Attribution, flags: ShapleyFlags): string {
  const { rows, total, estimator, orderings, confidence } = attribution;
  const sampled = estimator !== 'enumeration';
  return drawShareChart({
    title: `Shapley shares of ${rows.length} signals`,
    remarks: [
      `value ${flags.value}, together ${total.toPrecision(6)}; ` +
        (sampled ? `${estimator}, ${orderings} orderings` : 'all coalitions'),
    ],
    legend: [
      'share',
      sampled ? `${100 * confidence} % interval` : 'no interval: exact',
      'alone: v({i})',
    ],
    bars: rows.map(({ index, neuron, share, low, high, local }) => ({
      name: neuron === null ? `signal ${index}` : `${index} ${neuron}`,
      share,
      low,
      high,
      tick: local,
    })),
  });
}
