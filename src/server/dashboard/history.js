// Settled hours: utilisation, distribution and backpay over time, one cursor for all charts, and the same figures as
// a table.

import { responsive, ring, sample, stackChart, stripChart } from './charts.js';
import { amountText, BUCKETS, byId, element, hourText, shareText, shortText } from './elements.js';

let hours = [];
let cursor = 0;
let redraw = () => undefined;

/** Prepares the charts, once. */
export function openHistory() {
  const charts = [
    chart(
      'utilisation',
      shareText,
      shares,
      stripChart,
      'Utilisation by bucket over the settled hours',
    ),
    chart(
      'granted',
      blyText,
      (hour) => each(hour, 'granted_bly'),
      stackChart,
      'BLY granted by bucket and hour',
    ),
    chart(
      'backpay',
      blyText,
      (hour) => each(hour, 'queued_bly'),
      stackChart,
      'BLY in the backpay queues by hour',
    ),
  ];
  const drawRing = openRing();
  redraw = (all) => {
    for (const draw of charts) draw();
    if (all) drawRing();
    showCursor();
  };
  byId('hour').addEventListener('input', ({ target }) => point(Number(target.value)));
}

/** Shows the hours of /rewards/buckets/metrics; `next` is when the next settlement is. */
export function showHistory(settled, next) {
  const wasLast = cursor >= hours.length - 1;
  hours = settled;
  const state = byId('history-state');
  state.hidden = hours.length > 0;
  byId('history').hidden = hours.length === 0;
  if (hours.length === 0) {
    state.textContent =
      `No hour has been settled yet: hours are settled from the first claim on. ` +
      `The next settlement is at ${hourText(next)}.`;
    return;
  }
  cursor = wasLast ? hours.length - 1 : Math.min(cursor, hours.length - 1);
  byId('hour').max = String(hours.length - 1);
  redraw(true);
  byId('hours-table').replaceChildren(...tableOf(hours));
}

function point(hour) {
  if (hour === cursor) return;
  cursor = hour;
  redraw(false);
}

function showCursor() {
  const slider = byId('hour');
  const text = hourText(hours[cursor].start);
  slider.value = String(cursor);
  slider.setAttribute('aria-valuetext', text);
  byId('hour-text').textContent = text;
}

/** A chart of one value a bucket and hour, with a legend that tells the values at the cursor. */
function chart(id, text, valuesOf, draw, label) {
  const plot = element('div', { class: 'plot' });
  const values = new Map();
  const legend = element('ul', { class: 'legend' });
  for (const bucket of BUCKETS) {
    const value = element('span', { class: 'value' });
    values.set(bucket.name, value);
    legend.append(element('li', {}, sample(bucket), element('span', {}, bucket.label), value));
  }
  byId(id).append(plot, legend);
  const again = responsive(plot, (width) => {
    const shown = hours.map((hour) => ({ start: hour.start, values: valuesOf(hour) }));
    return draw({ hours: shown, cursor, onPoint: point, label }, width);
  });
  return () => {
    const now = valuesOf(hours[cursor]);
    for (const { name } of BUCKETS) values.get(name).textContent = text(now[name]);
    again();
  };
}

function openRing() {
  const host = element('div', { class: 'donut' });
  const legend = element('ul', { class: 'legend' });
  byId('shares').append(host, legend);
  return () => {
    const values = Object.fromEntries(
      BUCKETS.map(({ name }) => [
        name,
        hours.reduce((sum, hour) => sum + hour.buckets[name].granted_bly, 0),
      ]),
    );
    const total = BUCKETS.reduce((sum, { name }) => sum + values[name], 0);
    const shareOf = (name) => (total > 0 ? values[name] / total : 0);
    legend.replaceChildren(
      ...BUCKETS.map((bucket) =>
        element(
          'li',
          {},
          sample(bucket),
          element('span', {}, bucket.label),
          element(
            'span',
            { class: 'value' },
            `${shareText(shareOf(bucket.name))} · ${blyText(values[bucket.name])}`,
          ),
        ),
      ),
    );
    const parts = BUCKETS.map(({ name, label }) => `${label} ${shareText(shareOf(name))}`);
    const label = `${blyText(total)} granted: ${parts.join(', ')}`;
    if (total > 0)
      host.replaceChildren(ring({ values, total: shortText(total), unit: 'BLY', label }));
    else
      host.replaceChildren(element('p', { class: 'state' }, 'Nothing was granted in these hours.'));
  };
}

function shares({ buckets }) {
  return Object.fromEntries(
    BUCKETS.map(({ name }) => {
      const { allotted_bly: allotted, granted_bly: granted } = buckets[name];
      // What was lent from other buckets is beyond the allotment.
      return [name, allotted > 0 ? Math.min(1, granted / allotted) : 0];
    }),
  );
}

function each({ buckets }, field) {
  return Object.fromEntries(BUCKETS.map(({ name }) => [name, buckets[name][field]]));
}

function blyText(value) {
  return `${amountText(value)} BLY`;
}

const COLUMNS = [
  ['Hour', ({ start }) => hourText(start)],
  ['Available', ({ available_bly: value }) => amountText(value)],
  ['Unspent', ({ unspent_bly: value }) => amountText(value)],
  ...BUCKETS.flatMap(({ name, label }) => [
    [`${label}: granted`, (hour) => amountText(hour.buckets[name].granted_bly)],
    [`${label}: used`, (hour) => shareText(shares(hour)[name])],
    [`${label}: backpay`, (hour) => amountText(hour.buckets[name].queued_bly)],
  ]),
  ['Expired', ({ expired_bly: value }) => amountText(value)],
];

/** Newest first. */
function tableOf(settled) {
  const head = element('tr', {}, ...COLUMNS.map(([name]) => element('th', { scope: 'col' }, name)));
  const rows = [...settled]
    .reverse()
    .map((hour) =>
      element(
        'tr',
        {},
        ...COLUMNS.map(([, text], i) =>
          element(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : {}, text(hour)),
        ),
      ),
    );
  return [element('thead', {}, head), element('tbody', {}, ...rows)];
}
