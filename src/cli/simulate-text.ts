// What `focus simulate` prints and draws: earnings beside the honest crowd, findings, rows of
// observations.

import { drawBarPanels } from '../report/bar-panels.js';
import type { Finding } from '../simulate/findings.js';
import type { Simulation } from '../simulate/simulate.js';
import type { Estimate } from '../simulate/statistics.js';
import type { TableRow } from '../simulate/table.js';

const NAME = 17;
const CELL = 14;

/** The tables and findings, for standard output. */
export function describeSimulation(found: Simulation, allFindings: boolean): string {
  const lines = [
    'payout per unit of stake emitted, in units of the honest crowd’s in the same world (± 95 %)',
    ...matrix(found, ({ timesCrowd }) => estimateText(timesCrowd)),
    '',
    'the same per unit of stake and epoch for which it was locked',
    ...matrix(found, ({ timesCrowdLocked }) => estimateText(timesCrowdLocked)),
    '',
    'raw rewards per 1,000 units of stake, unclipped',
    ...matrix(found, ({ raw }) => (raw === null ? '–' : significant(raw.value))),
    '',
  ];
  const told = found.findings.filter(({ source }) => allFindings || source !== 'bench');
  for (const finding of told) lines.push(...findingText(finding));
  return `${lines.join('\n')}\n`;
}

/** One cell for each strategy and measure. */
function matrix(
  { strategies, measures, table }: Simulation,
  cell: (row: TableRow) => string,
): string[] {
  const rows = strategies.map(({ name }) =>
    measures.map((measure) => {
      const row = table.find((each) => each.strategy === name && each.measure === measure);
      return row === undefined ? '–' : cell(row);
    }),
  );
  const head = ['', ...measures];
  return [head, ...strategies.map(({ name }, k) => [name, ...rows[k]])].map(([first, ...rest]) =>
    [first.padEnd(NAME), ...rest.map((text) => text.padStart(CELL))].join('').trimEnd(),
  );
}

function findingText({ verdict, claim, measured, estimate }: Finding): string[] {
  const number = estimate === null ? '–' : estimateText(estimate, 3);
  return [`${verdict.padEnd(13)}${claim}`, `${' '.repeat(13)}${measured.replace('{}', number)}`];
}

function estimateText(estimate: Estimate | null, decimals = 2): string {
  if (estimate === null) return '–';
  const { value, margin } = estimate;
  const places = Math.abs(value) >= 10 ? 1 : decimals;
  return value.toFixed(places) + (margin === null ? '' : ` ± ${margin.toFixed(places)}`);
}

function significant(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The drawing: one panel a function, one row a strategy. */
export function drawSimulation(found: Simulation): string {
  const { settings, strategies, measures, table } = found;
  const panel = (measure: string) => ({
    title: measure === 'accuracy' ? 'accuracy (yardstick, pays nobody)' : measure,
    bars: strategies.map(({ name }) => {
      const row = table.find((each) => each.strategy === name && each.measure === measure);
      return [row?.timesCrowd, row?.timesCrowdLocked].map((estimate) => ({
        value: estimate?.value ?? null,
        margin: estimate?.margin ?? null,
      }));
    }),
  });
  const { runs, epochs, crowd, seed } = settings;
  return drawBarPanels({
    title: 'What strategies earn under each reward function',
    remarks: [
      '1 (dashed) is what the honest crowd of the same world earns for the same stake; bars beyond ' +
        'the scale end in an arrow; numbers are the values',
      `seed ${seed}, ${runs} runs of ${epochs} epochs, ${crowd} honest neurons beside ` +
        `${settings.mixed ? 'all strategies in one world' : 'one seat that is played by each strategy'}; ` +
        'whiskers are 95 % intervals',
    ],
    rows: strategies.map(({ name }) => name),
    series: ['per unit of stake emitted', 'per unit of stake and epoch locked'],
    reference: 1,
    panels: measures.map(panel),
  });
}

/** The object of --json. */
export function simulationRecord(found: Simulation, elapsedMs: number): Record<string, unknown> {
  const { observations, ...rest } = found;
  return { ...rest, observations: observations.length, elapsedMs: Math.round(elapsedMs) };
}

const COLUMNS = ['raw', 'paid', 'emitted', 'locked'] as const;

/** Observations as text, one a line. */
export function observationRows({ observations }: Simulation, format: 'csv' | 'ndjson'): string {
  if (format === 'ndjson') {
    return observations.map((each) => `${JSON.stringify(each)}\n`).join('');
  }
  const head = ['run', 'strategy', 'measure']
    .concat(...COLUMNS)
    .concat(COLUMNS.map((name) => `crowd${name[0].toUpperCase()}${name.slice(1)}`));
  const rows = observations.map(({ run, strategy, measure, seat, crowd }) => [
    run,
    strategy,
    measure,
    ...COLUMNS.map((name) => seat[name]),
    ...COLUMNS.map((name) => crowd[name]),
  ]);
  return [head, ...rows].map((row) => `${row.join(',')}\n`).join('');
}
