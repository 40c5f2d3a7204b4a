// focus bly as users run it: the examples of the policy, claims and challenges against a real service, and a ledger
// that is settled, replayed and read; exit codes.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signingKey } from '../../src/base/did-key.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { openDatabase } from '../../src/ledger/stores/libsql.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { nodeRegistry } from '../../src/payouts/buckets/claims/nodes.js';
import { AutomaticRewardDistributor } from '../../src/payouts/buckets/distributor.js';
import { createServer, type FocusServer } from '../../src/server/app.js';
import { focusCommand, inFolder, type Finished } from './run.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 4, 1) / HOUR;
const SEEDS = [1, 2, 3, 4].map((k) => String(k).repeat(64));
const [NODE, ...ATTESTERS] = SEEDS.map((seed) => signingKey(seed).did);

let server: FocusServer;
let url = '';

beforeAll(async () => {
  const owners = ['north', 'south', 'east'];
  const nodes = nodeRegistry(
    ATTESTERS.map((did, i) => ({ did, owner: owners[i], weight: 1_000_000_000n })),
  );
  const ledger = openLedger(openSqliteStore(':memory:'));
  server = await createServer({ ledger, nodes, logLevel: 'error', operatorToken: 'secret' });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const bly = (...args: string[]): Promise<Finished> => focusCommand(['bly', ...args]);

/** Runs a command that must succeed; its standard output without the last line's end. */
async function told(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await bly(...args);
  expect(code, stderr).toBe(0);
  return stdout.trimEnd();
}

it('calculates examples of each kind exactly, and clamps', async () => {
  const examples: readonly (readonly [string, string])[] = [
    ['--tokens 100000 --quality 1.1', '110'],
    ['--improvement-pct 2 --difficulty 2.0', '2000'],
    ['--validation-tasks 50', '500'],
    ['--dataset-gb 10 --dataset-quality 0.9', '900'],
    ['--dataset-gb 50 --dataset-quality 0.9 --dataset-diversity 1.1', '4950'],
    ['--tokens 100000 --quality 9', '150'],
  ];
  for (const [args, expected] of examples) {
    expect(await told('calc', ...args.split(' ')), args).toBe(expected);
  }
  const json = JSON.parse(await told('calc', '--tokens', '100000', '--quality', '1.1', '--json'));
  expect(json).toMatchObject({ kind: 'inference', bly: 110, blyExact: '110' });
});

it('estimates like the service, alone and asked', async () => {
  const args = ['--tokens', '100000', '--quality', '1.1', '--validation-tasks', '50', '--json'];
  const alone = JSON.parse(await told('estimate', ...args));
  const { budget_available, ...inference } = JSON.parse(
    await told('estimate', ...args, '--url', url),
  ).inference;
  expect(budget_available).toBe(true);
  expect(alone.inference).toEqual(inference);
  expect(alone.inference).toMatchObject({ per_1k_tokens_bly: 1, estimate_bly: 110 });
  expect(alone.validation.estimate_bly_exact).toBe('500');
  expect(await told('estimate', '--tokens', '100000', '--quality', '1.1', '--url', url)).toBe(
    'inference: 110 BLY, covered by this hour',
  );
});

it('refuses what cannot be estimated, with the code of its reason', async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['estimate --tokens 1 --quality 9', 3, /quality: expected 0.5 to 1.5, found 9/],
    [`estimate --tokens 1 --quality 9 --url ${url}`, 3, /out-of-range \(422\): quality: expected/],
    ['estimate --tokens -5', 3, /tokens: expected a decimal number from 0 on/],
    ['estimate --quality 1', 2, /--quality: expected --tokens with it/],
    ['estimate', 2, /expected work of some kind/],
    ['calc --tokens 1 --dataset-gb 1', 2, /expected work of one kind/],
    ['estimate --tokens 1 --url http://127.0.0.1:9', 1, /no answer/],
    ['status', 2, /expected --ledger or --url/],
    ['status --ledger no-such.ledger', 3, /no-such.ledger/],
  ];
  for (const [args, code, message] of cases) {
    const result = await bly(...args.split(' '));
    expect([result.code, result.stdout], `${args}: ${result.stderr}`).toEqual([code, '']);
    expect(result.stderr).toMatch(message);
  }
});

it('claims with attestations, answers a claim that is sent again, and challenges it', () =>
  inFolder(async (folder) => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const keys = SEEDS.map((seed, i) => file(`${i}.key`, `${seed}\n`));
    const proof = file('proof.log', 'what was processed\n');
    const work = [
      '--tokens',
      '100000',
      '--key',
      keys[0],
      '--work-id',
      'batch-7',
      '--evidence',
      proof,
    ];
    const draft = file('draft.json', await told('claim', ...work, '--draft'));
    const lines: string[] = [];
    for (const [i, quality] of ['1.1', '0.9', '1.2'].entries()) {
      const figures = `quality=${quality}`;
      lines.push(await told('attest', draft, '--key', keys[i + 1], '--figures', figures));
    }
    const early = await bly('claim', ...work, '--url', url);
    expect(early.code).toBe(3);
    expect(early.stderr).toMatch(/too-few-attestations \(422\)/);

    const attested = file('attested.ndjson', `${lines.join('\n')}\n`);
    const signed = join(folder, 'claim.json');
    const id = await told(
      'claim',
      ...work,
      '--attestations',
      attested,
      '--out',
      signed,
      '--url',
      url,
    );
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const again = JSON.parse(await told('claim', '--send', signed, '--url', url, '--json'));
    // The median of what was attested is paid: 100 · 1.1.
    expect(again).toMatchObject({ claim_id: id, claimed_bly_exact: '110', replayed: true });
    expect(server.distributor.present.claims.inference).toBe(1);

    const forged = JSON.parse(readFileSync(signed, 'utf8'));
    forged.claim.work.tokens = '200000';
    const send = file('bad.json', JSON.stringify(forged));
    const bad = await bly('claim', '--send', send, '--url', url, '--idempotency-key', 'other');
    expect([bad.code, bad.stdout]).toEqual([3, '']);
    expect(bad.stderr).toMatch(/wrong-(signature|attestation) \(401\)/);

    const evidence = ['--evidence', 'never happened'];
    const key = await told('challenge', id, ...evidence, '--key', keys[1], '--url', url);
    const verdict = ['--challenge', key, '--verdict', 'upheld', '--reason', 'no such batch'];
    const denied = await bly('verdict', id, ...verdict, '--url', url);
    expect([denied.code, denied.stderr]).toEqual([
      2,
      expect.stringMatching(/FOCUS_OPERATOR_TOKEN/),
    ]);
    const decided = await focusCommand(['bly', 'verdict', id, ...verdict, '--url', url], {
      env: { FOCUS_OPERATOR_TOKEN: 'secret' },
    });
    expect([decided.code, decided.stdout]).toEqual([0, 'upheld\n']);
    const status = JSON.parse(await told('status', '--url', url, '--json'));
    expect(status.buckets.inference).toMatchObject({ claimed_bly_exact: '110', claims: 1 });
    const { stdout } = await bly('statement', `neuron:${NODE}`, '--url', url, '--format', 'ndjson');
    expect(stdout).toBe('');
  }));

/** A ledger file with claims of three hours of the past, none of them settled. */
async function claimed(target: string): Promise<readonly string[]> {
  const ledger = openLedger(openSqliteStore(target));
  let nowMs = 0;
  const distributor = new AutomaticRewardDistributor({ ledger, now: () => nowMs });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    nowMs = (START + i) * HOUR + 5;
    ids.push(await distributor.submitClaim('validation', 'alice', { tasks: 30 }));
    ids.push(await distributor.submitClaim('inference', 'bob', { tokens: 9_000_000 }));
  }
  await ledger.close();
  return ids;
}

it('settles hour by hour, tells the status, replays and prints statements', () =>
  inFolder(async (folder) => {
    const target = join(folder, 'bly.ledger');
    const [first] = await claimed(target);
    const at = ['--ledger', target];
    const until = new Date((START + 2) * HOUR).toISOString();
    expect(await told('settle', ...at, '--until', until)).toBe(
      '2026-05-01T00:00:00.000Z: granted 7149.3 of 11415.5 BLY (inference 6849.3, validation 300); ' +
        '4266.2 left, 2150.7 queued, 0 expired\n' +
        '2026-05-01T01:00:00.000Z: granted 9709.02 of 15681.7 BLY (inference 9409.02, validation 300); ' +
        '5972.68 left, 1741.68 queued, 0 expired',
    );
    const challenged = await bly('challenge', first, '--evidence', 'bad', ...at);
    expect(challenged.code, challenged.stderr).toBe(0);
    const rest = JSON.parse(
      await told('settle', ...at, '--until', new Date((START + 30) * HOUR).toISOString(), '--json'),
    );
    expect(rest).toMatchObject({ finished: [], nextHour: START + 30 });
    expect(rest.settled).toHaveLength(28);
    expect(rest.settled[0].units.granted.validation).toBe('300000000000');
    expect(await told('settle', ...at, '--until', until)).toBe('');

    const csv = await told('statement', 'wallet:bob', ...at, '--token', 'BLY');
    expect(csv.split('\n').length).toBeGreaterThan(2);
    expect(csv).toContain('BLY,6849.3,6849.3,');
    const status = JSON.parse(await told('status', ...at, '--json'));
    expect(status.buckets.validation.total_bly_exact).toBe('900');

    const replay = JSON.parse(await told('replay', ...at, '--json'));
    expect(replay).toMatchObject({ replayed: true, difference: null, hours: 30, claims: 6 });
    expect(replay.grantedExact).toMatchObject({ validation: '900', inference: '27000' });
    const other = join(folder, 'other.yaml');
    writeFileSync(other, 'daily_budget_bly: 5\n');
    const wrong = await bly('replay', ...at, '--policy', other);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toMatch(/was settled by the policy/);

    const future = await bly('settle', ...at, '--until', '2999-01-01T00:00:00Z');
    expect([future.code, future.stderr]).toEqual([2, expect.stringMatching(/a time that is over/)]);

    const database = openDatabase(target, 1000);
    database.execute(
      `update entries set content = replace(content, '"units":"300000000000"', '"units":"300000000001"')
       where content like '%"kind":"bly-grant"%' and content like '%300000000000%'`,
    );
    database.close();
    const forged = await bly('replay', ...at);
    expect([forged.code, forged.stdout]).toEqual([5, '']);
    expect(forged.stderr).toMatch(
      /MISMATCH: entry \d+: bly-grant: differs from the plan of hour \d+\n$/,
    );
  }));

it('claims as the operator of a ledger, once', () =>
  inFolder(async (folder) => {
    const target = join(folder, 'own.ledger');
    await claimed(target);
    const args = ['--dataset-gb', '10', '--recipient', 'wallet:carol', '--work-id', 'set-1'];
    const id = await told('claim', ...args, '--ledger', target);
    expect(await told('claim', ...args, '--ledger', target)).toBe(id);
    const { stdout } = await focusCommand(['ledger', 'explain', target, id]);
    expect(stdout).toMatch(/900 BLY claimed/);
    const none = await bly('claim', '--dataset-gb', '10', '--ledger', target, '--work-id', 'x');
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/expected --recipient/)]);
  }));
