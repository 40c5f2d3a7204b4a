// Elements and texts: the few ways in which this page makes nodes and writes numbers. Nothing from the service is
// ever read as markup: all texts are text nodes.

/** The buckets in the order of the policy, with the names that people read. */
export const BUCKETS = [
  { name: 'inference', label: 'Inference' },
  { name: 'learning', label: 'Learning' },
  { name: 'validation', label: 'Validation' },
  { name: 'dataset', label: 'Dataset' },
];

const SVG = 'http://www.w3.org/2000/svg';

/** The element of the page that has this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** An HTML element with attributes and children: nodes or texts. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element with attributes and children. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** An amount as people read it: no decimals from 1,000 on. */
export function amountText(value) {
  return Math.abs(value) >= 1000 ? WHOLE.format(value) : FINE.format(value);
}

/** A count. */
export function countText(value) {
  return WHOLE.format(value);
}

/** An amount on an axis: 12.5K. */
export function shortText(value) {
  return SHORT.format(value);
}

/** A share of 1 as percent. */
export function shareText(value) {
  return PERCENT.format(value);
}

/** An exact decimal text of the service with separators: "1234.5" → "1,234.5"; no double is made of it. */
export function exactText(decimal) {
  const [whole, fraction] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** "Fri 1 May, 14:00 UTC" of an ISO time. */
export function hourText(time) {
  const parts = { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' };
  const day = new Intl.DateTimeFormat('en-GB', parts).format(new Date(time));
  return `${day}, ${clockText(time)}`;
}

/** "14:00 UTC" of an ISO time. */
export function clockText(time) {
  return `${new Date(time).toISOString().slice(11, 16)} UTC`;
}

/** "1 May" of an ISO time. */
export function dayText(time) {
  const parts = { day: 'numeric', month: 'short', timeZone: 'UTC' };
  return new Intl.DateTimeFormat('en-GB', parts).format(new Date(time));
}
