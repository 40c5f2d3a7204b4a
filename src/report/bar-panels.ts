// A drawing of small multiples: one panel a topic, one row a name, and in each row one bar a series
// with the interval of its value. All panels have the same rows, each its own scale, from 0. What
// runs beyond the scale ends in an arrow and says its number. Plain SVG, no script, no outer font.

import { line, rect, shortest, text } from './svg.js';

/** A bar. */
export interface Bar {
  /** Null where there is none. */
  readonly value: number | null;
  /** Half the width of its interval; null where it has none. */
  readonly margin: number | null;
}

/** One panel. */
export interface BarPanel {
  readonly title: string;
  /** By row, then by series. */
  readonly bars: readonly (readonly Bar[])[];
}

/** A whole drawing. */
export interface BarDrawing {
  readonly title: string;
  /** Lines under the title. */
  readonly remarks: readonly string[];
  readonly rows: readonly string[];
  /** Names of the series; the first one is the scale's. At most three. */
  readonly series: readonly string[];
  /** Where a line is drawn across all rows, such as 1 for "as much as others". */
  readonly reference: number;
  readonly panels: readonly BarPanel[];
}

const COLUMNS = 3;
const PANEL = { width: 360, gap: 28, head: 34, foot: 24 } as const;
const LABELS = 104;
const NUMBERS = 44;
const BAR = 9;
const ROW_GAP = 9;
const MARGIN = 28;
const COLOURS = ['#1f5f8b', '#e0a458', '#7a9e7e'] as const;
const INK = '#222';
const ARROW = 6;
/** Steps of a scale: 1, 2 or 5 times a power of ten. */
const STEPS = [1, 2, 5, 10] as const;

/** Draws all panels as one SVG document. O(bars). */
export function drawBarPanels(drawing: BarDrawing): string {
  const { panels, rows, series, title, remarks } = drawing;
  const rowHeight = series.length * BAR + ROW_GAP;
  const panelHeight = PANEL.head + rows.length * rowHeight + PANEL.foot;
  const lines = Math.ceil(panels.length / COLUMNS);
  const columns = Math.min(COLUMNS, panels.length);
  const head = MARGIN + 26 + 17 * remarks.length + 30;
  const width = 2 * MARGIN + columns * (PANEL.width + PANEL.gap) - PANEL.gap;
  const height = head + lines * (panelHeight + PANEL.gap) - PANEL.gap + MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" ` +
      `fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN, MARGIN + 10, title, 'font-size="18" font-weight="600"'),
    ...remarks.map((line, k) => text(MARGIN, MARGIN + 34 + 17 * k, line, 'font-size="12.5"')),
    ...series.map((name, k) => {
      const x = MARGIN + 300 * k;
      const y = head - 28;
      return rect(x, y, 14, BAR, COLOURS[k]) + text(x + 20, y + BAR, name, '');
    }),
  ];
  panels.forEach((panel, k) => {
    const x = MARGIN + (k % COLUMNS) * (PANEL.width + PANEL.gap);
    const y = head + Math.floor(k / COLUMNS) * (panelHeight + PANEL.gap);
    parts.push(`<g transform="translate(${x} ${y})">`, ...drawPanel(drawing, panel), '</g>');
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

function drawPanel({ rows, series, reference }: BarDrawing, { title, bars }: BarPanel): string[] {
  const rowHeight = series.length * BAR + ROW_GAP;
  const bottom = PANEL.head + rows.length * rowHeight;
  const left = LABELS;
  const span = PANEL.width - LABELS - NUMBERS;
  const most = bars.reduce(
    (top, [first]) => Math.max(top, (first?.value ?? 0) + (first?.margin ?? 0)),
    reference,
  );
  const step = stepOf(most);
  const end = Math.ceil(most / step - 1e-9) * step;
  const at = (value: number): number => left + (span * value) / end;
  const parts = [
    text(0, 14, title, 'font-size="14" font-weight="600"'),
    line(left, PANEL.head - 4, left, bottom, INK),
  ];
  for (let k = 0; k * step <= end + 1e-9; k++) {
    const x = at(k * step);
    if (k > 0) parts.push(line(x, PANEL.head - 4, x, bottom, '#eee'));
    parts.push(text(x, bottom + 14, shortest(k * step), 'text-anchor="middle" fill="#666"'));
  }
  const across = at(reference);
  parts.push(line(across, PANEL.head - 8, across, bottom, '#a33', 'stroke-dasharray="3 3"'));
  rows.forEach((name, r) => {
    const y = PANEL.head + r * rowHeight + ROW_GAP / 2;
    parts.push(text(left - 6, y + (series.length * BAR) / 2 + 4, name, 'text-anchor="end"'));
    (bars[r] ?? []).forEach((bar, s) => parts.push(...drawBar(bar, s, y + s * BAR, at, end)));
  });
  return parts;
}

function drawBar(
  { value, margin }: Bar,
  series: number,
  y: number,
  at: (value: number) => number,
  end: number,
): string[] {
  const label = (found: string): string =>
    text(at(end) + 10, y + BAR - 1, found, 'font-size="9.5"');
  if (value === null) return [label('–')];
  const isBeyond = value > end;
  const [x0, x1] = [at(0), at(Math.min(value, end))];
  const middle = y + (BAR - 1) / 2;
  const parts = [rect(x0, y, x1 - x0, BAR - 1, COLOURS[series]), label(rounded(value))];
  if (isBeyond) {
    const tip = `${x1},${y - 1} ${x1 + ARROW},${middle} ${x1},${y + BAR}`;
    parts.push(`<polygon points="${tip}" fill="${COLOURS[series]}"/>`);
  } else if (margin !== null && margin > 0) {
    const [low, high] = [Math.max(0, value - margin), Math.min(end, value + margin)];
    parts.push(line(at(low), middle, at(high), middle, INK));
    for (const tick of [low, high]) {
      parts.push(line(at(tick), middle - 2.5, at(tick), middle + 2.5, INK));
    }
  }
  return parts;
}

/** A round step that parts a scale into three to eight. */
function stepOf(most: number): number {
  let power = 1;
  while (power * 10 <= most / 4) power *= 10;
  while (power > most / 4) power /= 10;
  return power * (STEPS.find((step) => power * step >= most / 6) ?? 10);
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
