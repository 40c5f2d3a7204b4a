// Charts as SVG at the size that they have on the page, so that text keeps its size. Each draws into an element and
// is drawn anew when that changes its width. A chart over hours shows the cursor of the page, and tells where it is
// pointed at.
//   strips: shares, one strip a bucket         stacks: amounts, one on the other         ring: parts of a whole

import { BUCKETS, clockText, dayText, drawn, shareText, shortText } from './elements.js';

const HEIGHT = 250;
const LEFT = 46;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 24;
const THINNEST = 3;
/** Height of a strip, and of the title above it. */
const STRIP = 54;
const TITLE = 24;

/** Draws a chart into an element whenever its width changes; returns how to draw it again. */
export function responsive(host, draw) {
  let width = 0;
  const again = () => {
    if (width > 0) host.replaceChildren(draw(width));
  };
  new ResizeObserver(([{ contentRect }]) => {
    const now = Math.floor(contentRect.width);
    if (now === width) return;
    width = now;
    again();
  }).observe(host);
  return again;
}

/**
 * Shares of 0 … 1 over hours, a strip for each bucket: four lines in one frame would hide each other.
 * `hours` is a list of {start, values: {bucket: share}}.
 */
export function stripChart({ hours, cursor, onPoint, label }, width) {
  const { svg, x } = frame({ hours, width, onPoint, label });
  const bars = joined(hours, width);
  for (const [k, { name, label: title }] of BUCKETS.entries()) {
    const bottom = TOP + (k + 1) * STRIP;
    const most = STRIP - TITLE;
    svg.append(drawn('text', { x: LEFT, y: bottom - most - 5 }, title));
    for (const [share, y] of [
      [0, bottom],
      [1, bottom - most],
    ]) {
      svg.append(drawn('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y, y2: y }));
      svg.append(drawn('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, shareText(share)));
    }
    for (const { from, to, values } of bars) {
      svg.append(bar(name, x(from), x(to), bottom - most * values[name], bottom));
    }
  }
  svg.append(cursorLine(x(cursor + 0.5)));
  return svg;
}

/** Amounts over hours, stacked by bucket. */
export function stackChart({ hours, cursor, onPoint, label }, width) {
  const bars = joined(hours, width);
  const sums = bars.map(({ values }) => BUCKETS.reduce((sum, { name }) => sum + values[name], 0));
  const most = niceCeiling(Math.max(...sums));
  const { svg, x } = frame({ hours, width, onPoint, label });
  const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / most;
  for (let k = 0; k <= 4; k++) {
    const value = (most * k) / 4;
    const at = y(value);
    svg.append(drawn('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    svg.append(drawn('text', { x: LEFT - 6, y: at + 4, 'text-anchor': 'end' }, shortText(value)));
  }
  for (const { from, to, values } of bars) {
    let sum = 0;
    for (const { name } of BUCKETS) {
      if (values[name] === 0) continue;
      const bottom = y(sum);
      sum += values[name];
      svg.append(bar(name, x(from), x(to), y(sum), bottom));
    }
  }
  svg.append(cursorLine(x(cursor + 0.5)));
  return svg;
}

/** Hours as bars; where those would be too thin, several are one bar of their mean. */
function joined(hours, width) {
  const each = Math.max(1, Math.ceil((THINNEST * hours.length) / (width - LEFT - RIGHT)));
  const bars = [];
  for (let from = 0; from < hours.length; from += each) {
    const part = hours.slice(from, from + each);
    const mean = (name) => part.reduce((sum, { values }) => sum + values[name], 0) / part.length;
    const values = Object.fromEntries(BUCKETS.map(({ name }) => [name, mean(name)]));
    bars.push({ from, to: from + part.length, values });
  }
  return bars;
}

function bar(name, left, right, top, bottom) {
  const gap = right - left > 4 ? 1 : 0;
  return drawn('rect', {
    class: `area ${name}`,
    x: left.toFixed(1),
    y: top.toFixed(1),
    width: Math.max(0.5, right - left - gap).toFixed(1),
    height: Math.max(0, bottom - top).toFixed(1),
  });
}

/** Parts of a whole as a ring; `total` is written into it. */
export function ring({ values, total, unit, label }) {
  const size = 190;
  const outer = 90;
  const inner = 60;
  const svg = drawn('svg', {
    viewBox: `0 0 ${size} ${size}`,
    ...{ width: size, height: size, role: 'img', 'aria-label': label },
  });
  const sum = BUCKETS.reduce((all, { name }) => all + values[name], 0);
  let from = 0;
  for (const { name } of BUCKETS) {
    const share = values[name] / sum;
    if (share > 0) {
      const path =
        share > 0.999999
          ? wholeRing(size / 2, outer, inner)
          : sector(size / 2, outer, inner, from, from + share);
      svg.append(drawn('path', { class: `area ${name}`, 'fill-rule': 'evenodd', d: path }));
    }
    from += share;
  }
  const middle = { x: size / 2, 'text-anchor': 'middle' };
  svg.append(drawn('text', { ...middle, y: size / 2 + 4, class: 'strong' }, total));
  svg.append(drawn('text', { ...middle, y: size / 2 + 24 }, unit));
  return svg;
}

/** The square in a bucket's colour that stands beside its name. */
export function sample({ name }) {
  const svg = drawn('svg', { width: 12, height: 12, 'aria-hidden': 'true' });
  svg.append(drawn('rect', { class: `area ${name}`, width: 12, height: 12, rx: 2 }));
  return svg;
}

/** The axis of time, and the pointer. */
function frame({ hours, width, onPoint, label }) {
  const svg = drawn('svg', {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    ...{ height: HEIGHT, role: 'img', 'aria-label': label },
  });
  const inner = Math.max(1, width - LEFT - RIGHT);
  const x = (i) => LEFT + (inner * i) / hours.length;
  for (const [i, text] of timeLabels(hours, inner)) {
    svg.append(drawn('text', { x: x(i), y: HEIGHT - 6, 'text-anchor': 'middle' }, text));
    svg.append(
      drawn('line', {
        class: 'grid',
        x1: x(i),
        x2: x(i),
        y1: HEIGHT - BOTTOM,
        y2: HEIGHT - BOTTOM + 4,
      }),
    );
  }
  svg.addEventListener('pointermove', ({ clientX }) => {
    const { left, width: shown } = svg.getBoundingClientRect();
    const at = ((clientX - left) / shown) * width - LEFT;
    const hour = Math.floor((at / inner) * hours.length);
    if (hour >= 0 && hour < hours.length) onPoint(hour);
  });
  return { svg, x };
}

/** Days where there are two or more, else every few hours; far enough apart to be read. */
function timeLabels(hours, inner) {
  const isLong = hours.length > 36;
  const marks = hours
    .map(({ start }, i) => [i, start])
    .filter(([, start]) => (isLong ? start.slice(11, 13) === '00' : true))
    .map(([i, start]) => [i, isLong ? dayText(start) : clockText(start).slice(0, 5)]);
  const fit = Math.max(1, Math.floor(inner / 64));
  const step = Math.ceil(marks.length / fit);
  return marks
    .filter((_, k) => k % step === 0)
    .filter(([i]) => (inner * i) / hours.length < inner - 16);
}

function cursorLine(x) {
  return drawn('line', { class: 'cursor-line', x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM });
}

/** The least of 1, 2, 4, 5, 10 times a power of ten that is not below a value. */
function niceCeiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const times = [1, 2, 4, 5, 10].find((each) => each * power >= value);
  return (times ?? 10) * power;
}

function sector(middle, outer, inner, from, to) {
  const at = (radius, share) => {
    const angle = 2 * Math.PI * share - Math.PI / 2;
    return `${(middle + radius * Math.cos(angle)).toFixed(2)} ${(middle + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = to - from > 0.5 ? 1 : 0;
  return (
    `M ${at(outer, from)} A ${outer} ${outer} 0 ${large} 1 ${at(outer, to)} ` +
    `L ${at(inner, to)} A ${inner} ${inner} 0 ${large} 0 ${at(inner, from)} Z`
  );
}

function wholeRing(middle, outer, inner) {
  const circle = (radius) =>
    `M ${middle} ${middle - radius} A ${radius} ${radius} 0 1 1 ${middle} ${middle + radius} ` +
    `A ${radius} ${radius} 0 1 1 ${middle} ${middle - radius} Z`;
  return `${circle(outer)} ${circle(inner)}`;
}
