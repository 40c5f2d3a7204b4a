// A drawing of small multiples with lines: one panel a topic, each with its own scale that holds 0, and
// in each panel lines over whole numbers, thin or bold. A line has a number for each place of its
// panel, from the first. Plain SVG, no script, no outer font.

import { line as segment, shortest, text } from './svg.js';

/** One line of a panel. */
export interface PanelLine {
  readonly values: readonly number[];
  readonly colour: string;
  readonly isBold: boolean;
  /** Shown where the line ends; null for none. */
  readonly name: string | null;
}

/** One panel. */
export interface LinePanel {
  readonly title: string;
  /** Under the title, in two lines at most. */
  readonly remark: string;
  /** Under the horizontal axis. */
  readonly across: string;
  /** The first place, such as the number of an epoch or an age. */
  readonly first: number;
  readonly lines: readonly PanelLine[];
}

/** A whole drawing. */
export interface LineDrawing {
  readonly title: string;
  /** Lines under the title. */
  readonly remarks: readonly string[];
  readonly panels: readonly LinePanel[];
}

const COLUMNS = 2;
const PANEL = {
  width: 500,
  height: 270,
  gap: 34,
  head: 62,
  foot: 40,
  left: 78,
  right: 96,
} as const;
const MARGIN = 28;
const INK = '#222';
const GRID = '#e6e6e6';
const LABEL_LETTERS = 16;
const REMARK_LETTERS = 80;

/** Draws all panels as one SVG document. O(points). */
export function drawLinePanels({ title, remarks, panels }: LineDrawing): string {
  const columns = Math.min(COLUMNS, Math.max(1, panels.length));
  const rows = Math.ceil(panels.length / columns);
  const head = MARGIN + 24 + 17 * remarks.length + 16;
  const width = 2 * MARGIN + columns * (PANEL.width + PANEL.gap) - PANEL.gap;
  const height = head + rows * (PANEL.height + PANEL.gap) - PANEL.gap + MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" ` +
      `fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN, MARGIN + 10, title, 'font-size="18" font-weight="600"'),
    ...remarks.map((each, k) => text(MARGIN, MARGIN + 34 + 17 * k, each, 'font-size="12.5"')),
  ];
  panels.forEach((panel, k) => {
    const x = MARGIN + (k % columns) * (PANEL.width + PANEL.gap);
    const y = head + Math.floor(k / columns) * (PANEL.height + PANEL.gap);
    parts.push(`<g transform="translate(${x} ${y})">`, ...drawPanel(panel), '</g>');
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

interface Scales {
  readonly x: (place: number) => number;
  readonly y: (value: number) => number;
}

function drawPanel(panel: LinePanel): string[] {
  const { title, remark, lines, first, across } = panel;
  const head = [
    text(0, 14, title, 'font-size="14" font-weight="600"'),
    ...wrapped(remark).map((each, k) => text(0, 30 + 14 * k, each, 'fill="#666"')),
  ];
  const places = lines.reduce((most, { values }) => Math.max(most, values.length), 0);
  if (places === 0) return [...head, text(PANEL.left, PANEL.height / 2, 'none', 'fill="#666"')];
  const bottom = PANEL.height - PANEL.foot;
  const right = PANEL.width - PANEL.right;
  const { least, step, steps } = verticalScale(lines);
  const scales: Scales = {
    x: (place) => PANEL.left + ((right - PANEL.left) * place) / Math.max(1, places - 1),
    y: (value) => bottom - ((bottom - PANEL.head) * (value - least)) / (steps * step),
  };
  const grid: string[] = [];
  for (let k = 0; k <= steps; k++) {
    const value = least + k * step;
    const isZero = Math.abs(value) < step / 2;
    const y = scales.y(value);
    grid.push(segment(PANEL.left, y, right, y, isZero ? INK : GRID));
    grid.push(text(PANEL.left - 6, y + 4, label(value, step), 'text-anchor="end" fill="#666"'));
  }
  const stride = roundStep((places - 1) / 10, true);
  for (let place = 0; place < places; place += stride) {
    const x = scales.x(place);
    grid.push(segment(x, bottom, x, bottom + 4, INK));
    grid.push(text(x, bottom + 16, String(first + place), 'text-anchor="middle" fill="#666"'));
  }
  grid.push(text(right, bottom + 32, across, 'text-anchor="end" fill="#666"'));
  const thin = lines.filter(({ isBold }) => !isBold);
  const bold = lines.filter(({ isBold }) => isBold);
  return [
    ...head,
    ...grid,
    ...[...thin, ...bold].flatMap((each) => drawLine(each, scales)),
    ...namesOf(lines, scales, right),
  ];
}

/** Two lines of words at most; what does not fit is cut off. */
function wrapped(remark: string): string[] {
  if (remark.length <= REMARK_LETTERS) return [remark];
  const space = remark.lastIndexOf(' ', REMARK_LETTERS);
  const end = space > 0 ? space : REMARK_LETTERS;
  const rest = remark.slice(end).trimStart();
  const isLong = rest.length > REMARK_LETTERS;
  return [remark.slice(0, end), isLong ? `${rest.slice(0, REMARK_LETTERS - 1)}…` : rest];
}

function drawLine({ values, colour, isBold }: PanelLine, { x, y }: Scales): string[] {
  const points = values.map((value, k) => `${place(x(k))},${place(y(value))}`);
  const parts: string[] = [];
  const stroke = isBold ? 'stroke-width="2.5"' : 'stroke-width="1" stroke-opacity="0.45"';
  if (points.length === 1) {
    const [cx, cy] = points[0].split(',');
    const opacity = isBold ? 1 : 0.45;
    parts.push(
      `<circle cx="${cx}" cy="${cy}" r="${isBold ? 4 : 2.5}" fill="${colour}" fill-opacity="${opacity}"/>`,
    );
  } else {
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" ${stroke} ` +
        `stroke-linejoin="round"/>`,
    );
  }
  return parts;
}

/** Names at the right edge, pushed apart where lines end close together. */
function namesOf(lines: readonly PanelLine[], { y }: Scales, right: number): string[] {
  const named = lines
    .flatMap(({ name, values, colour }) =>
      name === null ? [] : [{ name, colour, at: y(values[values.length - 1]) }],
    )
    .sort((a, b) => a.at - b.at);
  let free = PANEL.head - 8;
  return named.map(({ name, colour, at }) => {
    const short = name.length > LABEL_LETTERS ? `${name.slice(0, LABEL_LETTERS - 1)}…` : name;
    const place = Math.max(at + 4, free);
    free = place + 12;
    return text(right + 8, place, short, `fill="${colour}"`);
  });
}

function verticalScale(lines: readonly PanelLine[]) {
  let [low, high] = [0, 0];
  for (const { values } of lines) {
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const step = high > low ? roundStep((high - low) / 5, false) : 1;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return { least: first * step, step, steps: last - first };
}

/** 1, 2 or 5 times a power of ten, at least `least`; `whole`: at least 1. */
function roundStep(least: number, whole: boolean): number {
  if (whole && least <= 1) return 1;
  let power = 1;
  while (power * 10 <= least) power *= 10;
  while (power > least) power /= 10;
  return power * ([1, 2, 5].find((each) => power * each >= least * (1 - 1e-9)) ?? 10);
}

function label(value: number, step: number): string {
  return Math.abs(value) < step / 2 ? '0' : shortest(Number(value.toPrecision(6)));
}

function place(value: number): string {
  return String(Number(value.toFixed(2)));
}
