// Benchmarks, one file per question: node --expose-gc bench/main.mjs NAME [options]. Each prints a
// table and writes bench/out/NAME.json with the machine in it; `compare A.json B.json` sets two of
// those side by side and judges.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const BENCHES = [
  'pagerank',
  'acceleration',
  'main-job',
  'verbs',
  'peers',
  'exact-cpu',
  'exact-gpu',
  'exact-varied',
  'exact-distance',
  'merkle',
  'adjoint',
  'epoch',
  'shifts',
  'shapley',
  'estimators',
  'clusters',
  'controls',
  'valuation',
  'ledger',
  'buckets',
  'serve',
];

const [name, ...rest] = process.argv.slice(2);
if (name === 'compare') compare(rest);
else if (BENCHES.includes(name)) await run(name, rest);
else {
  process.stderr.write(
    `usage: bench/main.mjs ${BENCHES.join('|')} [options], or compare OLD.json NEW.json\n`,
  );
  process.exitCode = 2;
}

async function run(which, args) {
  const { bench } = await import(`./${which}.mjs`);
  const options = Object.fromEntries(
    args.map((arg) => {
      const [key, value = 'true'] = arg.replace(/^--/, '').split('=');
      return [key, value];
    }),
  );
  const rows = await bench(options);
  printTable(rows);
  const machine = {
    processor: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  mkdirSync(join(here, 'out'), { recursive: true });
  const file = join(here, 'out', `${which}.json`);
  writeFileSync(file, `${JSON.stringify({ bench: which, options, machine, rows }, null, 1)}\n`);
  process.stderr.write(`wrote bench/out/${which}.json\n`);
}

function printTable(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = rows.map((row) => columns.map((column) => format(row[column])));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...shown.map((row) => row[i].length)),
  );
  const line = (cells) => cells.map((cell, i) => cell.padStart(widths[i])).join('  ');
  process.stdout.write(`${[line(columns), ...shown.map(line)].join('\n')}\n`);
}

function format(value) {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 0.001 ? value.toExponential(2) : value.toPrecision(4);
}

/**
 * Rows of equal text columns are paired; a time more than a tenth above the old one is told. Exit
 * code 1 if any is.
 */
function compare([before, after]) {
  const load = (file) => JSON.parse(readFileSync(file, 'utf8'));
  const [old, now] = [load(before), load(after)];
  const key = (row) =>
    Object.entries(row)
      .filter(([, value]) => typeof value === 'string')
      .join(' ');
  const known = new Map(old.rows.map((row) => [key(row), row]));
  let slower = 0;
  for (const row of now.rows) {
    const other = known.get(key(row));
    if (other === undefined) continue;
    for (const [column, value] of Object.entries(row)) {
      if (!/ms$|seconds$/i.test(column) || typeof value !== 'number' || !(other[column] > 0))
        continue;
      const ratio = value / other[column];
      const verdict = ratio > 1.1 ? 'SLOWER' : ratio < 0.9 ? 'faster' : 'same';
      if (verdict === 'SLOWER') slower++;
      process.stdout.write(
        `${key(row)}  ${column}  ${other[column]} → ${value}  ×${ratio.toFixed(2)}  ${verdict}\n`,
      );
    }
  }
  process.exitCode = slower > 0 ? 1 : 0;
}
