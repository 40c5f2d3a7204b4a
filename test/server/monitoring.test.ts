// What deploy/ gives to Prometheus and Grafana, held against a real service: every metric that a rule or a panel names
// is exported, every metric of the specification is shown, thresholds are those of the packaged policy. Where promtool
// is (on the path, or named by FOCUS_PROMTOOL) it checks the rules, their unit tests and the queries of all panels.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openLedger } from '../../src/ledger/ledger.js';
import { decimalOf } from '../../src/ledger/amount.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { RewardConfig } from '../../src/payouts/buckets/config.js';
import { createServer } from '../../src/server/app.js';
import { inFolder } from '../cli/run.js';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const read = (name: string): string => readFileSync(join(deploy, name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

const { groups } = parse(read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('grafana/dashboards/bly.json')) as { panels: Panel[] };
const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const ruleNamed = (name: string): Rule => rules.find(({ alert }) => alert === name) as Rule;

/** Names that the service exports with their types, and those of the parts of histograms. */
const exported = new Map<string, string>();

beforeAll(async () => {
  const ledger = openLedger(openSqliteStore(':memory:'));
  const server = await createServer({ ledger, logLevel: 'silent' });
  const { body } = await server.app.inject('/metrics');
  await server.close();
  for (const [, name, type] of body.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    exported.set(name, type);
    if (type !== 'histogram') continue;
    for (const part of ['bucket', 'sum', 'count']) exported.set(`${name}_${part}`, type);
  }
});

/** Metrics that a query names. */
function metricsIn(expr: string): readonly string[] {
  const bare = expr.replace(/"[^"]*"/g, '').replace(/\$\w+/g, '');
  return [...bare.matchAll(/\b(?:rewards|http|process|nodejs)_\w+/g)].map(([name]) => name);
}

it('names only metrics that the service exports', () => {
  const named = [...rules.map(({ expr }) => expr), ...queries].flatMap(metricsIn);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !exported.has(name))).toEqual([]);
});

it('shows every metric of the specification, and totals are counters', () => {
  const totals = ['inference', 'learning', 'validation', 'dataset'].map(
    (bucket) => `rewards_${bucket}_bly_total`,
  );
  const specified = [
    ...totals,
    ...['rewards_bucket_utilization', 'rewards_bucket_available_bly', 'rewards_backpay_queue_size'],
    ...['rewards_backpay_queue_bly', 'rewards_distribution_duration_seconds_bucket'],
  ];
  const shown = new Set(queries.flatMap(metricsIn));
  expect(specified.filter((name) => !shown.has(name))).toEqual([]);
  for (const name of totals) expect(exported.get(name)).toBe('counter');
});

it('alerts at the thresholds of the packaged policy', () => {
  const { monitoring } = RewardConfig.packaged().policy;
  const { below, hours } = monitoring.learningUtilisation;
  const learning = ruleNamed('LearningUnderused');
  expect(learning.for).toBe(`${hours}h`);
  const least = Number(below.numerator) / Number(below.denominator);
  expect(learning.expr).toContain(`{bucket="learning"} < ${least} `);
  const most = decimalOf(monitoring.backpayAbove);
  expect(ruleNamed('BackpayHigh').expr).toMatch(new RegExp(`> ${most}$`));
  expect(ruleNamed('BucketEmpty').for).toBe(`${monitoring.bucketEmptyHours}h`);
  for (const { annotations } of rules) {
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  }
});

it('lays out its panels without overlap, each with what it shows', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, description, gridPos, targets } of panels) {
    expect(description.length, title).toBeGreaterThan(10);
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    const { x, y, w, h } = gridPos;
    expect(x + w, title).toBeLessThanOrEqual(24);
    for (let i = x; i < x + w; i++) {
      for (let j = y; j < y + h; j++) {
        expect(taken.has(`${i},${j}`), title).toBe(false);
        taken.add(`${i},${j}`);
      }
    }
  }
  for (const title of [/utilisation over time/, /^Distribution/, /Backpay/, /rates/, /duration/]) {
    expect(panels.some((panel) => title.test(panel.title))).toBe(true);
  }
});

const promtool = process.env['FOCUS_PROMTOOL'] ?? 'promtool';
const hasPromtool = spawnSync(promtool, ['--version']).status === 0;
if (!hasPromtool) {
  process.stderr.write('PROMTOOL IS NOT HERE: rules and queries are checked by name only\n');
}

it.runIf(hasPromtool)('passes promtool: configuration, unit tests of rules, all queries', () =>
  inFolder(async (folder) => {
    const run = (...args: string[]): string =>
      execFileSync(promtool, args, { encoding: 'utf8', cwd: join(deploy, 'prometheus') });
    expect(run('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
    const recorded = queries.map((expr, i) => ({
      record: `panel:${i}`,
      expr: expr.replaceAll(/\$__(?:range|rate_interval)/g, '1h').replaceAll('$instance', '.*'),
    }));
    const file = join(folder, 'queries.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
    expect(run('check', 'rules', file)).toContain(`${recorded.length} rules found`);
  }),
);
