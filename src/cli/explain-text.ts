// Explanations as text: a sentence, and tables whose last line is the sum of those above.

import type { ParticleExplanation } from '../focus/explain/particle.js';
import type { LinkExplanation } from '../focus/explain/link.js';
import type { NeuronExplanation } from '../focus/explain/neuron.js';
import type { Shift } from '../focus/shifts.js';

/** Names a particle by its number. */
export type Namer = (particle: number) => string;

type Cells = readonly (string | number | null)[];

/** Rows in columns: the first to the left, numbers to the right, in six digits. */
export function aligned(rows: readonly Cells[]): string {
  const texts = rows.map((row) =>
    row.map((cell) => (cell === null ? '-' : typeof cell === 'string' ? cell : digits(cell))),
  );
  const widths = texts[0].map((_, k) => Math.max(...texts.map((row) => [...row[k]].length)));
  const lines = texts.map((row) =>
    row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join('  '),
  );
  return lines.map((line) => `  ${line.trimEnd()}\n`).join('');
}

function digits(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e9 ? value.toPrecision(6) : value.toExponential(3);
}

/** Why a particle has its focus. */
export function particleText(
  id: string,
  found: ParticleExplanation,
  count: number,
  nameOf: Namer,
): string {
  const { operators, stays, rest } = found;
  const total = operators.diffusion + operators.springs + operators.heat;
  const rows: Cells[] = [
    ['part', 'diffusion', 'springs', 'heat', 'total', 'of focus'],
    ...found.through.map(({ particle, diffusion, springs, heat, total: sum }) => [
      `from ${nameOf(particle)}`,
      diffusion,
      springs,
      heat,
      sum,
      percent(sum / found.focus),
    ]),
  ];
  if (rest.neighbours > 0) {
    const { neighbours, diffusion, springs, heat } = rest;
    const label = `from ${plural(neighbours, 'other')}`;
    rows.push([label, diffusion, springs, heat, rest.total, percent(rest.total / found.focus)]);
  }
  const stayed = stays.springs + stays.heat;
  rows.push(
    ['stays here', null, stays.springs, stays.heat, stayed, percent(stayed / found.focus)],
    ['teleport', found.teleport, null, null, found.teleport, percent(found.teleport / found.focus)],
    ['dangling', found.dangling, null, null, found.dangling, percent(found.dangling / found.focus)],
    [
      'sum',
      operators.diffusion,
      operators.springs,
      operators.heat,
      total,
      percent(total / found.focus),
    ],
  );
  return (
    `particle ${id}: focus ${found.focus}, rank ${found.rank} of ${count}\n${aligned(rows)}` +
    `  focus − sum: ${found.unexplained.toExponential(2)}, what the solver left and roundings\n`
  );
}

/** What a link does. */
export function linkText(
  from: string,
  to: string,
  found: LinkExplanation,
  removal: string,
): string {
  const { ahead, back, slopes } = found;
  const flows = aligned([
    ['carries', 'diffusion', 'springs', 'heat', 'total'],
    [`to ${to}`, ahead.diffusion, ahead.springs, ahead.heat, ahead.total],
    [`back to ${from}`, null, back.springs, back.heat, back.total],
  ]);
  const bends = aligned([
    ['derivative by its stake', 'per stake', 'proven error', '× weight'],
    ...Object.entries({ syntropy: slopes.syntropy, [`focus of ${to}`]: slopes.targetFocus }).map(
      ([name, { perStake, errorBound, timesWeight }]) => [
        name,
        perStake,
        errorBound?.toExponential(1) ?? '-',
        timesWeight,
      ],
    ),
  ]);
  return (
    `link ${from} → ${to}: weight ${found.weight}, ` +
    `${percent(found.shareOfTarget)} of the focus of ${to}\n${flows}${bends}${removal}`
  );
}

/** Whose links make up an axon. */
export function signersText(
  signers: readonly {
    readonly neuron: string | null;
    readonly weight: number;
    readonly share: number;
  }[],
): string {
  return aligned([
    ['signed by', 'weight', 'share'],
    ...signers.map(({ neuron, weight, share }) => [neuron ?? 'no neuron', weight, percent(share)]),
  ]);
}

/** What the graph would be without something. */
export function removalText(what: string, shift: Shift | null, nameOf: Namer, top: number): string {
  if (shift === null) return `  without ${what} the graph has no link that counts\n`;
  const { norm, entropyPart, discoveryPart, errorBound } = shift;
  const order = Array.from(shift.particles.keys()).sort(
    (a, b) => Math.abs(shift.values[b]) - Math.abs(shift.values[a]) || a - b,
  );
  const rows = order.slice(0, top).map((k) => [nameOf(shift.particles[k]), shift.values[k]]);
  return (
    `  without ${what}: ‖Δφ‖₁ ${digits(norm)} (proven error ≤ ${errorBound.toExponential(1)}), ` +
    `entropy part of ΔJ ${digits(entropyPart)}, discovery part ${digits(discoveryPart)}\n` +
    (rows.length === 0 ? '' : aligned([['particle', 'Δφ'], ...rows]))
  );
}

/** What a neuron's links carry. */
export function neuronText(
  id: string,
  found: NeuronExplanation,
  top: number,
  nameOf: Namer,
  removal: string,
): string {
  const { ahead, back, targets } = found;
  const rest = targets.slice(top);
  const restTotal = rest.reduce((sum, { total }) => sum + total, 0);
  const skipped = found.links - found.counted;
  const stake = percent(found.weight / found.totalWeight);
  return (
    `neuron ${id}: ${plural(found.links, 'link')}, stake ${found.stake}, ${stake} of all weight` +
    `${skipped > 0 ? `; ${skipped} do not count` : ''}\n` +
    aligned([
      ['its links carry', 'diffusion', 'springs', 'heat', 'total'],
      ['to their targets', ahead.diffusion, ahead.springs, ahead.heat, ahead.total],
      ['back to their sources', null, back.springs, back.heat, back.total],
    ]) +
    aligned([
      ['target', 'carried', 'of its focus'],
      ...targets
        .slice(0, top)
        .map(({ particle, total, share }) => [nameOf(particle), total, percent(share)]),
      ...(rest.length > 0 ? [[plural(rest.length, 'other'), restTotal, null]] : []),
      ['sum', ahead.total, null],
    ]) +
    removal
  );
}

/** "3 links", "1 link". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
