// A drawing of signed shares: one row a name, a bar from zero to its share, the interval of the share
// as a line with ends, and a tick where another reading of the same name lies. Rows by falling size;
// what does not fit is summed in one row. Plain SVG, no script, no outer font.

import { line, rect, shortest, text } from './svg.js';

/** One row. */
export interface ShareBar {
  readonly name: string;
  readonly share: number;
  /** Ends of its interval; null where it has none. */
  readonly low: number | null;
  readonly high: number | null;
  /** Where the tick is. */
  readonly tick: number;
}

/** A whole drawing. */
export interface ShareDrawing {
  readonly title: string;
  /** Lines under the title. */
  readonly remarks: readonly string[];
  /** What bar, line and tick are. */
  readonly legend: readonly [bar: string, interval: string, tick: string];
  readonly bars: readonly ShareBar[];
}

const MOST_ROWS = 60;
const ROW = 18;
const BAR = 10;
const LABELS = 190;
const SPAN = 620;
const NUMBERS = 110;
const MARGIN = 28;
const LINE = 17;
const COLOURS = { gain: '#1f5f8b', loss: '#b5533c', tick: '#e0a458', ink: '#222' } as const;
const LABEL_LETTERS = 28;

/** Draws shares as one SVG document. O(n log n). */
export function drawShareChart({ title, remarks, legend, bars }: ShareDrawing): string {
  const { rows, rest } = chosen(bars);
  const ends = rows.flatMap(({ share, low, high, tick }) => [
    share,
    low ?? share,
    high ?? share,
    tick,
  ]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const step = stepOf(most - least);
  const [first, last] = [Math.floor(least / step - 1e-9), Math.ceil(most / step + 1e-9)];
  const left = MARGIN + LABELS;
  const at = (value: number): number =>
    left + (SPAN * (value - first * step)) / ((last - first) * step);
  const top = MARGIN + 40 + LINE * (remarks.length + 1);
  const bottom = top + rows.length * ROW + 6;
  const height = bottom + 30 + (rest === null ? 0 : LINE) + MARGIN / 2;
  const width = left + SPAN + NUMBERS + MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" ` +
      `fill="${COLOURS.ink}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN, MARGIN + 10, title, 'font-size="18" font-weight="600"'),
    ...remarks.map((each, k) => text(MARGIN, MARGIN + 32 + LINE * k, each, 'font-size="12.5"')),
    ...legendAt(MARGIN, MARGIN + 32 + LINE * remarks.length, legend),
  ];
  for (let k = first; k <= last; k++) {
    const x = at(k * step);
    parts.push(line(x, top - 4, x, bottom, k === 0 ? COLOURS.ink : '#e6e6e6'));
    parts.push(text(x, bottom + 15, shortest(k * step), 'text-anchor="middle" fill="#666"'));
  }
  rows.forEach((row, r) => parts.push(...drawRow(row, top + r * ROW, at)));
  if (rest !== null) {
    const remark = `and ${rest.count} smaller ones, together ${rounded(rest.sum)}`;
    parts.push(text(left, bottom + 15 + LINE, remark, 'fill="#666"'));
  }
  return `${parts.join('\n')}\n</svg>\n`;
}

/** Rows by falling size of the share, and what is left out. */
function chosen(bars: readonly ShareBar[]) {
  const sorted = [...bars].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const [rows, others] = [sorted.slice(0, MOST_ROWS), sorted.slice(MOST_ROWS)];
  const sum = others.reduce((total, { share }) => total + share, 0);
  return { rows, rest: others.length === 0 ? null : { count: others.length, sum } };
}

function drawRow(
  { name, share, low, high, tick }: ShareBar,
  y: number,
  at: (value: number) => number,
): string[] {
  const middle = y + ROW / 2;
  const [zero, end] = [at(0), at(share)];
  const colour = share < 0 ? COLOURS.loss : COLOURS.gain;
  const short = name.length > LABEL_LETTERS ? `${name.slice(0, LABEL_LETTERS - 1)}…` : name;
  const parts = [
    text(MARGIN + LABELS - 8, middle + 4, short, 'text-anchor="end"'),
    rect(Math.min(zero, end), middle - BAR / 2, Math.abs(end - zero), BAR, colour),
    rect(at(tick) - 1, middle - ROW / 2 + 2, 2, ROW - 4, COLOURS.tick),
    text(MARGIN + LABELS + SPAN + 10, middle + 4, rounded(share), ''),
  ];
  if (low !== null && high !== null) {
    parts.push(line(at(low), middle, at(high), middle, COLOURS.ink));
    for (const x of [at(low), at(high)]) {
      parts.push(line(x, middle - 3, x, middle + 3, COLOURS.ink));
    }
  }
  return parts;
}

function legendAt(x: number, y: number, [bar, interval, tick]: ShareDrawing['legend']): string[] {
  const [second, third] = [
    x + 30 + 6.2 * bar.length,
    x + 75 + 6.2 * (bar.length + interval.length),
  ];
  return [
    rect(x, y - BAR + 1, 14, BAR, COLOURS.gain),
    text(x + 20, y, bar, ''),
    line(second, y - 4, second + 16, y - 4, COLOURS.ink),
    line(second, y - 7, second, y - 1, COLOURS.ink),
    line(second + 16, y - 7, second + 16, y - 1, COLOURS.ink),
    text(second + 22, y, interval, ''),
    rect(third, y - 11, 2, 14, COLOURS.tick),
    text(third + 8, y, tick, ''),
  ];
}

/** A round step that parts a scale into four to ten. */
function stepOf(span: number): number {
  if (!(span > 0)) return 1;
  let power = 1;
  while (power * 10 <= span / 4) power *= 10;
  while (power > span / 4) power /= 10;
  return power * ([1, 2, 5].find((step) => power * step >= span / 10) ?? 10);
}

function rounded(value: number): string {
  return value === 0 ? '0' : value.toPrecision(4);
}
