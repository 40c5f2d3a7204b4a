// The calculator: the fields of a kind of work with the ranges of the policy. Work that is done once is answered by
// /rewards/estimate, a habit of work by /rewards/calculator. And the table of rates, from the same policy.

import { BUCKETS, byId, element, exactText } from './elements.js';
import { ask, Refused } from './service.js';

/** Fields by kind: the API's name, what people read, an example, and the range in the policy. */
const FIELDS = {
  inference: [
    { name: 'tokens', label: 'Tokens', example: '100000' },
    { name: 'quality', label: 'Quality', range: 'inferenceQuality', example: '1.1' },
  ],
  learning: [
    { name: 'improvement_pct', label: 'Improvement in %', example: '2' },
    { name: 'difficulty', label: 'Difficulty', range: 'learningDifficulty', example: '2' },
    { name: 'applicability', label: 'Applicability', range: 'learningApplicability' },
  ],
  validation: [
    { name: 'validation_tasks', label: 'Tasks', example: '50' },
    { name: 'complexity', label: 'Complexity', range: 'validationComplexity' },
  ],
  dataset: [
    { name: 'dataset_gb', label: 'Gigabytes', example: '10' },
    { name: 'dataset_quality', label: 'Quality', range: 'datasetQuality' },
    { name: 'dataset_diversity', label: 'Diversity', range: 'datasetDiversity' },
  ],
};

/** How often, where it is more than once: the scenario, and what it calls amount and count. */
const HABITS = {
  inference: {
    scenario: 'inference_hour',
    amount: 'tokens_per_hour',
    count: 'hours_per_day',
    label: 'Hours a day',
  },
  learning: { scenario: 'learning_session', count: 'sessions_per_day', label: 'Sessions a day' },
  validation: { scenario: 'validation_batch', count: 'batches_per_day', label: 'Batches a day' },
  dataset: { scenario: 'dataset_upload', count: 'uploads_per_week', label: 'Uploads a week' },
};

const RATES = {
  inference: ['per1kTokens', '1,000 tokens'],
  learning: ['per1pctImprovement', '1 % of validated improvement'],
  validation: ['perValidationTask', 'a validation task'],
  dataset: ['perGbDataset', 'a gigabyte (10⁹ bytes)'],
};

let multipliers = null;
let asked = 0;

/** Prepares the form, once. */
export function openCalculator() {
  const kinds = byId('kinds');
  for (const [i, { name, label }] of BUCKETS.entries()) {
    const radio = element('input', { type: 'radio', name: 'kind', value: name, checked: i === 0 });
    radio.addEventListener('change', showFields);
    kinds.append(element('label', {}, radio, label));
  }
  showFields();
  byId('calculator').addEventListener('submit', (event) => {
    event.preventDefault();
    void calculate();
  });
}

/** Shows rates and ranges of a policy. */
export function showPolicy(policy, digest) {
  multipliers = policy.multipliers;
  byId('rates').replaceChildren(ratesTable(policy));
  byId('rates').removeAttribute('aria-busy');
  byId('policy-digest').textContent = ` · policy ${digest.slice(0, 16)}…`;
  byId('policy-digest').title = digest;
  for (const field of fieldsShown()) {
    const hint = byId(`hint-${field.name}`);
    if (hint !== null) hint.textContent = hintOf(field);
  }
}

function kindChosen() {
  return new FormData(byId('calculator')).get('kind') ?? BUCKETS[0].name;
}

/** The fields of the chosen kind, the last of them how often. */
function fieldsShown() {
  const { count, label } = HABITS[kindChosen()];
  return [...FIELDS[kindChosen()], { name: count, label, isCount: true }];
}

function showFields() {
  byId('fields').replaceChildren(
    ...fieldsShown().map((field) => {
      const { name, label, example = '' } = field;
      const id = `field-${name}`;
      const hint = `hint-${name}`;
      const attributes = { type: 'text', inputmode: 'decimal', autocomplete: 'off' };
      return element(
        'div',
        { class: 'field' },
        element('label', { for: id }, label),
        element('input', { id, name, value: example, 'aria-describedby': hint, ...attributes }),
        element('span', { id: hint, class: 'hint' }, hintOf(field)),
      );
    }),
  );
  byId('estimate').replaceChildren();
}

function hintOf({ range, isCount }) {
  if (isCount === true) return 'empty: once';
  if (range === undefined) return 'needed';
  const found = multipliers?.[range];
  if (found === undefined) return 'may be left out';
  return `${found.least} to ${found.most}, else ${found.usual}`;
}

async function calculate() {
  const turn = ++asked;
  const kind = kindChosen();
  const query = {};
  for (const { name } of fieldsShown()) {
    const input = byId(`field-${name}`);
    input.removeAttribute('aria-invalid');
    const value = input.value.trim().replaceAll(/[ ,_]/g, '');
    if (value !== '') query[name] = value;
  }
  let lines;
  try {
    lines =
      query[HABITS[kind].count] === undefined
        ? await workOnce(kind, query)
        : await habit(kind, query);
  } catch (error) {
    lines = [element('p', { class: 'bad' }, error.message)];
    if (turn === asked && error instanceof Refused) markField(error.field, kind);
  }
  // Of two answers the later question's counts.
  if (turn === asked && kind === kindChosen()) byId('estimate').replaceChildren(...lines);
}

async function workOnce(kind, query) {
  const answer = (await ask('rewards/estimate', query))[kind];
  return answerLines(answer.estimate_bly_exact, '', answer);
}

async function habit(kind, query) {
  const { scenario, amount } = HABITS[kind];
  const [{ name: usual }] = FIELDS[kind];
  const { [usual]: size, ...rest } = query;
  const named = size === undefined ? rest : { ...rest, [amount ?? usual]: size };
  const answer = await ask('rewards/calculator', { scenario, ...named });
  const { total_bly_exact: once, per_day_bly_exact: day, per_week_bly_exact: week, unit } = answer;
  const more = [`${exactText(once)} BLY for one ${unit}`];
  if (day !== undefined) more.push(`${exactText(week)} BLY a week`);
  const sum = day ?? week;
  const [{ formula }] = answer.lines;
  return answerLines(
    sum,
    day === undefined ? ' a week' : ' a day',
    { ...answer, formula },
    more.join(' · '),
  );
}

function answerLines(exact, period, { budget_available: isThere, formula }, more) {
  const inputs = Object.entries(formula.inputs).map(([name, value]) => `${name} ${value}`);
  return [
    element('p', { class: 'sum' }, `${exactText(exact)} BLY${period}`),
    ...(more === undefined ? [] : [element('p', {}, more)]),
    element(
      'p',
      {},
      isThere
        ? 'This hour’s budget covers it as it stands.'
        : 'More than this hour’s budget has left as it stands: the rest would wait as backpay.',
    ),
    element('p', { class: 'quiet' }, `${formula.name}: ${inputs.join(', ')}`),
  ];
}

function markField(name, kind) {
  const field = name !== null && name === HABITS[kind].amount ? FIELDS[kind][0].name : name;
  const input = field === null ? null : byId(`field-${field}`);
  input?.setAttribute('aria-invalid', 'true');
  input?.focus();
}

function ratesTable({ rates, multipliers: ranges }) {
  const head = element(
    'tr',
    {},
    ...['Bucket', 'BLY for', 'Factors'].map((name) => element('th', { scope: 'col' }, name)),
  );
  const rows = BUCKETS.map(({ name, label }) => {
    const [rate, unit] = RATES[name];
    const factors = FIELDS[name]
      .filter(({ range }) => range !== undefined)

      .map(({ label: factor, range }) => {
        const { least, most } = ranges[range];
        return element('li', {}, `${factor} ${least}\u2060–\u2060${most}`);
      });
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, label),
      element('td', {}, `${exactText(rates[rate])} for ${unit}`),
      element('td', {}, element('ul', { class: 'plain' }, ...factors)),
    );
  });
  return element(
    'table',
    { class: 'rates-table' },
    element('thead', {}, head),
    element('tbody', {}, ...rows),
  );
}
