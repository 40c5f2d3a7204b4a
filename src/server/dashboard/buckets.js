// The present hour: four figures, and a card for each bucket with its floor, target and ceiling.

import {
  amountText,
  BUCKETS,
  byId,
  clockText,
  countText,
  drawn,
  element,
  exactText,
  shareText,
} from './elements.js';
import { sample } from './charts.js';

const BAR = 400;
const KEY =
  'Each bar is the budget of the hour: the wide band reaches from the bucket’s floor to its ceiling, the mark is its ' +
  'target, the colour is what is claimed and queued.';

/** Shows the answer of /rewards/buckets/status. */
export function showStatus(status) {
  const tiles = byId('tiles');
  tiles.replaceChildren(...tilesOf(status));
  tiles.removeAttribute('aria-busy');
  const host = byId('buckets');
  const list = element('ul', { class: 'bucket-list' });
  for (const bucket of BUCKETS) list.append(card(bucket, status.buckets[bucket.name]));
  host.replaceChildren(list, element('p', { class: 'quiet key' }, KEY));
  host.removeAttribute('aria-busy');
}

function tilesOf(status) {
  const buckets = BUCKETS.map(({ name }) => status.buckets[name]);
  const sum = (name) => buckets.reduce((all, bucket) => all + bucket[name], 0);
  const { granted_bly: granted, cap_bly: cap, year } = status.year;
  const claims = sum('claims');
  return [
    tile(
      'Budget of this hour',
      `${amountText(status.hour_budget_bly + status.rollover_bly)} BLY`,
      `${amountText(status.rollover_bly)} of it rolled over · settles at ${clockText(status.next_settlement)}`,
    ),
    tile(
      'Claimed this hour',
      `${amountText(sum('claimed_bly'))} BLY`,
      `in ${countText(claims)} ${claims === 1 ? 'claim' : 'claims'}`,
    ),
    tile(
      'Granted last hour',
      `${amountText(sum('granted_bly'))} BLY`,
      `of ${amountText(sum('allotted_bly'))} allotted`,
    ),
    tile(
      'Backpay',
      `${amountText(sum('backpay_bly'))} BLY`,
      `waits in ${countText(sum('backpay_claims'))} claims`,
    ),
    tile(
      `Granted in ${year}`,
      `${amountText(granted)} BLY`,
      `${shareText(cap > 0 ? granted / cap : 0)} of the year’s cap`,
    ),
  ];
}

function tile(name, value, note) {
  return element(
    'div',
    { class: 'tile' },
    element('dt', {}, name),
    element('dd', {}, value),
    element('dd', { class: 'note' }, note),
  );
}

function card(bucket, status) {
  const facts = [
    [
      'Floor · target · ceiling',
      [status.floor_pct, status.target_pct, status.ceiling_pct].map(shareText).join(' · '),
    ],
    ['Claimed this hour', `${amountText(status.claimed_bly)} BLY`, status.claimed_bly_exact],
    ['Still available', `${amountText(status.available_bly)} BLY`, status.available_bly_exact],
    ['Used last hour', shareText(status.utilization)],
    ['Backpay', `${amountText(status.backpay_bly)} BLY`, status.backpay_bly_exact],
    ['Granted in all', `${amountText(status.total_bly)} BLY`, status.total_bly_exact],
  ];
  return element(
    'li',
    { class: 'bucket' },
    element('h3', {}, sample(bucket), bucket.label),
    bar(bucket, status),
    element(
      'dl',
      { class: 'facts' },
      ...facts.flatMap(([name, value, exact]) => [
        element('dt', {}, name),
        element('dd', exact === undefined ? {} : { title: `${exactText(exact)} BLY` }, value),
      ]),
    ),
  );
}

/** From floor to ceiling as a band, the target as a mark, this hour's claims and queue as a bar. */
function bar({ name, label }, status) {
  const { floor_pct: floor, target_pct: target, ceiling_pct: ceiling } = status;
  // What the ceiling allows, in BLY, is what is spoken for and what is left.
  const taken = status.claimed_bly + status.backpay_bly;
  const allowed = Math.max(taken, status.available_bly + taken);
  const share = allowed > 0 ? (taken / allowed) * ceiling : 0;
  const x = (value) => (value * BAR).toFixed(1);
  const asked = shareText(Math.min(share, ceiling));
  const text =
    `${label}: floor ${shareText(floor)}, target ${shareText(target)}, ceiling ${shareText(ceiling)} ` +
    `of the hour’s budget; claimed and queued ${asked}`;
  return drawn(
    'svg',
    { viewBox: `0 0 ${BAR} 22`, role: 'img', 'aria-label': text, preserveAspectRatio: 'none' },
    drawn('rect', { class: 'band', x: 0, y: 8, width: BAR, height: 6, rx: 3, opacity: 0.45 }),
    drawn('rect', {
      class: 'band',
      x: x(floor),
      y: 3,
      width: x(ceiling - floor),
      height: 16,
      rx: 3,
    }),
    drawn('rect', {
      class: `area ${name}`,
      x: 0,
      y: 7,
      width: x(Math.min(share, ceiling)),
      height: 8,
      rx: 2,
    }),
    drawn('line', { class: 'tick', x1: x(target), x2: x(target), y1: 1, y2: 21 }),
  );
}
