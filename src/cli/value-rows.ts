// What `focus value` writes of a valuation: rows of links, points of curves, a digest, and a drawing
// of yield curves by class.

import { createHash } from 'node:crypto';
import type { OutputColumn } from '../formats/write-table.js';
import { drawLinePanels, type LinePanel, type PanelLine } from '../report/line-panels.js';
import { LINK_CLASSES, type Classified, type LinkClass } from '../valuation/classes.js';
import type { YieldCurve, YieldCurves } from '../valuation/curves.js';
import type { Valuation } from '../valuation/link-valuation.js';
import { weightingText } from '../valuation/weightings.js';

/** Columns of a table. */
export interface Table {
  readonly count: number;
  readonly columns: readonly OutputColumn[];
}

const COLOURS: Readonly<Record<LinkClass, string>> = {
  viral: '#b5533c',
  foundational: '#1f5f8b',
  confirming: '#7a9e7e',
  bridge: '#8a5fa8',
  inert: '#888888',
};
/** The order of panels. */
const DRAWN: readonly LinkClass[] = ['viral', 'foundational', 'confirming', 'bridge', 'inert'];
const LINES = 12;

/** One row a link, in the order of slots. */
export function tableOfLinks(valuation: Valuation, { classes }: Classified): Table {
  const links = Array.from({ length: valuation.count }, (_, slot) => valuation.linkAt(slot));
  const number = (name: string, value: (slot: number) => number | null) =>
    ({ name, kind: 'number', optional: true, value }) as const;
  const text = (name: string, value: (slot: number) => string | null) =>
    ({ name, kind: 'text', optional: true, value }) as const;
  return {
    count: valuation.count,
    columns: [
      number('link', (slot) => slot),
      number('row', (slot) => links[slot].row),
      text('neuron', (slot) => links[slot].neuron),
      text('from', (slot) => links[slot].from),
      text('to', (slot) => links[slot].to),
      text('class', (slot) => classes[slot]),
      number('born', (slot) => valuation.epochs[links[slot].born]),
      number('epochs', (slot) => links[slot].epochs),
      number('alive', (slot) => Number(links[slot].isAlive)),
      number('value', (slot) => links[slot].value),
      number('errorBound', (slot) => links[slot].errorBound),
    ],
  };
}

/** One row a link and epoch in which it was alive, from the second epoch on. */
export function tableOfCurves({ count, epochs }: Valuation, curves: YieldCurves): Table {
  const links: number[] = [];
  const places: number[] = [];
  for (let slot = 0; slot < count; slot++) {
    const { alive } = curves.of(slot);
    for (let t = 1; t < epochs.length; t++) {
      if (alive[t] === 0) continue;
      links.push(slot);
      places.push(t);
    }
  }
  let known: { readonly slot: number; readonly curve: YieldCurve } | null = null;
  const curveAt = (row: number): YieldCurve => {
    if (known?.slot !== links[row]) known = { slot: links[row], curve: curves.of(links[row]) };
    return known.curve;
  };
  const number = (name: string, value: (row: number) => number) =>
    ({ name, kind: 'number', optional: false, value }) as const;
  return {
    count: links.length,
    columns: [
      number('link', (row) => links[row]),
      number('epoch', (row) => epochs[places[row]]),
      number('yield', (row) => curveAt(row).yields[places[row]]),
      number('cumulative', (row) => curveAt(row).cumulative[places[row]]),
    ],
  };
}

/**
 * SHA-256 of "focus-valuation-1\n", a header line, and for each link a line of JSON: number, row, neuron,
 * from, to, value.
 */
export function digestOfValuation(header: string, valuation: Valuation): string {
  const hash = createHash('sha256');
  hash.update(`focus-valuation-1\n${header}\n`);
  for (let slot = 0; slot < valuation.count; slot++) {
    const { row, neuron, from, to, value } = valuation.linkAt(slot);
    hash.update(`${JSON.stringify([slot, row, neuron, from, to, value])}\n`);
  }
  return hash.digest('hex');
}

/** Slots by falling value, equal ones by number; of one class where given. */
export function topSlots(
  { values }: Valuation,
  { classes }: Classified,
  only: LinkClass | undefined,
  count: number,
): readonly number[] {
  const slots = [...values.keys()].filter((slot) => only === undefined || classes[slot] === only);
  return slots.sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
}

/** A panel for each class, and two for a chosen link. */
export function drawValuation(
  valuation: Valuation,
  curves: YieldCurves,
  classified: Classified,
  chosen: number | null,
): string {
  const { epochs, options } = valuation;
  const panels = DRAWN.map((name) => panelOf(valuation, curves, classified, name));
  return drawLinePanels({
    title: 'Yield curves of links',
    remarks: [
      `${valuation.count} links over epochs ${epochs[0]} to ${epochs.at(-1)}; weighting ` +
        `${weightingText(options.weighting)}, share of ${options.share}`,
      `By age: the ${LINES} links of each class that earned most (thin), and the mean of the class (bold).`,
    ],
    panels:
      chosen === null ? panels : [...linkPanels(valuation, curves, classified, chosen), ...panels],
  });
}

function panelOf(
  valuation: Valuation,
  curves: YieldCurves,
  classified: Classified,
  name: LinkClass,
): LinePanel {
  const { epochs } = valuation;
  const members = topSlots(valuation, classified, name, valuation.count);
  const byAge = (slot: number): Float64Array =>
    curves.of(slot).yields.subarray(Math.max(1, valuation.born[slot]), epochs.length);
  const sums = new Float64Array(epochs.length - 1);
  const counts = new Uint32Array(epochs.length - 1);
  for (const slot of members) {
    byAge(slot).forEach((each, age) => {
      sums[age] += each;
      counts[age]++;
    });
  }
  const ages = counts.filter((count) => count > 0).length;
  const colour = COLOURS[name];
  const lines: PanelLine[] = members
    .slice(0, LINES)
    .map((slot) => ({ values: [...byAge(slot)], colour, isBold: false, name: null }));
  if (ages > 0) {
    const values = [...sums.subarray(0, ages)].map((sum, age) => sum / counts[age]);
    lines.push({ values, colour, isBold: true, name: 'mean' });
  }
  return {
    title: `${name}: ${members.length} links`,
    remark: LINK_CLASSES.find((each) => each.name === name)?.rule ?? '',
    across: 'age in epochs',
    first: 0,
    lines,
  };
}

function linkPanels(
  valuation: Valuation,
  curves: YieldCurves,
  { classes }: Classified,
  slot: number,
): LinePanel[] {
  const { from, to, neuron, born, errorBound } = valuation.linkAt(slot);
  const { yields, cumulative } = curves.of(slot);
  const begin = Math.max(1, born);
  const colour = COLOURS[classes[slot]];
  const panel = (title: string, remark: string, values: Float64Array): LinePanel => ({
    title: `link ${slot}: ${title}`,
    remark,
    across: 'epoch',
    first: valuation.epochs[begin],
    lines: [{ values: [...values.subarray(begin)], colour, isBold: true, name: null }],
  });
  const bound =
    errorBound === null ? 'no proven bound' : `proven error ≤ ${errorBound.toExponential(2)}`;
  return [
    panel('yield', `${neuron ?? 'no neuron'}: ${from} → ${to}, ${classes[slot]}`, yields),
    panel('sum of yields', bound, cumulative),
  ];
}
