// The dashboard: asks the service for its state every few seconds and shows it. Where the service cannot be reached it
// says so plainly, keeps the last figures with their time, and goes on trying; a page that nobody looks at does not ask.

import { showStatus } from './buckets.js';
import { openCalculator, showPolicy } from './calculator.js';
import { byId, clockText } from './elements.js';
import { openHistory, showHistory } from './history.js';
import { ask, Unreachable } from './service.js';

const PERIOD_MS = 15_000;
/** Settled hours change once an hour; they are asked for anew after this time at the latest. */
const HISTORY_MS = 300_000;

let status = null;
let answeredAt = null;
let policyShown = false;
let history = { range: '', hour: -1, askedAt: 0 };
let timer = 0;
let refreshing = null;

openCalculator();
openHistory();
byId('range').addEventListener('change', () => void refresh());
byId('retry').addEventListener('click', () => void refresh());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
void refresh();

/** Asks for all that may be new; one at a time. */
async function refresh() {
  clearTimeout(timer);
  refreshing ??= load().finally(() => (refreshing = null));
  await refreshing;
  // A range that was chosen meanwhile has not been asked for.
  if (status !== null && history.range !== byId('range').value && byId('problem').hidden)
    return refresh();
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(() => void refresh(), PERIOD_MS);
}

async function load() {
  try {
    status = await ask('rewards/buckets/status');
    showStatus(status);
    await loadHistory();
    if (!policyShown) {
      const { policy, digest } = await ask('rewards/policy');
      showPolicy(policy, digest);
      policyShown = true;
    }
    answeredAt = new Date();
    tellUp();
  } catch (error) {
    tellDown(error);
  }
}

async function loadHistory() {
  const range = byId('range').value;
  const isNew =
    history.range !== range ||
    history.hour !== status.hour ||
    performance.now() - history.askedAt > HISTORY_MS ||
    // The hour is over, and its settlement may be there any moment.
    history.newest < status.hour - 1;
  if (!isNew) return;
  const { hours } = await ask('rewards/buckets/metrics', { hours: range });
  showHistory(hours, status.next_settlement);
  history = {
    range,
    hour: status.hour,
    newest: hours.at(-1)?.hour ?? Infinity,
    askedAt: performance.now(),
  };
}

function tellUp() {
  byId('problem').hidden = true;
  const connection = byId('connection');
  connection.className = 'connection up';
  connection.textContent = `Up to date at ${clockText(answeredAt)}`;
}

function tellDown(error) {
  const connection = byId('connection');
  connection.className = 'connection down';
  connection.textContent =
    error instanceof Unreachable ? 'Not connected' : 'The service has a problem';
  const since =
    answeredAt === null
      ? 'No figures could be loaded.'
      : `The figures below are from ${clockText(answeredAt)} and may be out of date.`;
  byId('problem-text').textContent =
    `${error.message} ${since} Trying again every ${PERIOD_MS / 1000} seconds.`;
  byId('problem').hidden = false;
  if (answeredAt !== null) return;
  for (const place of ['buckets', 'rates']) {
    const state = byId(place).querySelector('.state');
    if (state !== null) state.textContent = 'Not loaded.';
    byId(place).removeAttribute('aria-busy');
  }
  byId('tiles').removeAttribute('aria-busy');
  if (status === null) byId('history-state').textContent = 'Not loaded.';
}
