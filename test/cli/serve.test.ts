// focus serve as a process: it says where it listens, answers, survives kill -9 without losing or doubling a claim
// that it acknowledged, and ends with 0 when it is asked to, after what it was doing.

import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { signClaim } from '../../src/payouts/buckets/claims/signed-claim.js';
import { claimOf, didOf, seedOf } from '../payouts/buckets/claims/desk.js';
import { CLI, focusCommand, KARATE, inFolder } from './run.js';

interface Process {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stderr: () => string;
  /** The exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Process> {
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let text = '';
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (piece: Buffer) => {
      text += piece.toString();
      const found = /listening on (http:\S+);/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
  return { child, url, stderr: () => text, ended };
}

/** A claim of node k that needs no attestation, signed now. */
function claim(k: number, workId: string): { readonly key: string; readonly body: string } {
  const body = claimOf('inference', {
    node: didOf(k),
    workId,
    nonce: workId,
    timestamp_ms: Date.now(),
  });
  return { key: `key-${workId}`, body: JSON.stringify(signClaim(seedOf(k), body)) };
}

const post = (url: string, { key, body }: { readonly key: string; readonly body: string }) =>
  fetch(`${url}/rewards/claims`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body,
  });

describe('focus serve', () => {
  it('says in one line where it listens, and that a ledger in memory is gone in the end', async () => {
    const { child, url, stderr, ended } = await serve([]);
    expect(stderr().trim().split('\n')).toHaveLength(1);
    expect(stderr()).toMatch(/in memory/);
    const answer = await fetch(`${url}/rewards/estimate?tokens=100000&quality=1.1`);
    expect(await answer.json()).toMatchObject({ inference: { estimate_bly: 110 } });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('finishes requests that came before the end, and exits with 0', async () => {
    await inFolder(async (folder) => {
      const policy = join(folder, 'policy.yaml');
      writeFileSync(policy, 'validation: { verification_nodes: 0 }\n');
      const file = join(folder, 'bly.ledger');
      const { child, url, ended } = await serve(['--ledger', file, '--policy', policy]);
      await fetch(`${url}/healthz`);
      const asked = Array.from({ length: 8 }, (_, i) => post(url, claim(1, `w${i}`)));
      await Promise.race(asked);
      child.kill('SIGTERM');
      const answers = await Promise.allSettled(asked);
      expect(await ended).toBe(0);
      const ids = answers.flatMap((each) =>
        each.status === 'fulfilled' ? [each.value.status] : [],
      );
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.every((status) => status === 201)).toBe(true);
      const ledger = openLedger(openSqliteStore(file));
      expect((await ledger.head()).entries).toBeGreaterThanOrEqual(ids.length);
      expect((await ledger.verify()).verified).toBe(true);
      await ledger.close();
    });
  });

  it('loses no acknowledged claim to kill -9, and doubles none', async () => {
    await inFolder(async (folder) => {
      const policy = join(folder, 'policy.yaml');
      writeFileSync(policy, 'validation: { verification_nodes: 0 }\n');
      const file = join(folder, 'bly.ledger');
      const flags = ['--ledger', file, '--policy', policy];
      const first = await serve(flags);
      const claims = Array.from({ length: 60 }, (_, i) => claim(1 + (i % 8), `work-${i}`));
      const acknowledged = new Map<string, string>();
      const all = claims.map(async (each) => {
        const answer = await post(first.url, each);
        if (answer.status !== 201) return;
        const { claim_id: id } = (await answer.json()) as { claim_id: string };
        acknowledged.set(each.key, id);
        if (acknowledged.size === 20) first.child.kill('SIGKILL');
      });
      await Promise.allSettled(all);
      expect(await first.ended).toBe('SIGKILL');
      expect(acknowledged.size).toBeGreaterThanOrEqual(20);
      const second = await serve(flags);
      for (const each of claims) {
        const answer = await post(second.url, each);
        const { claim_id: id } = (await answer.json()) as { claim_id: string };
        expect(answer.status).toBe(201);
        const before = acknowledged.get(each.key);
        if (before === undefined) continue;
        expect(id).toBe(before);
        expect(answer.headers.get('idempotency-replayed')).toBe('true');
      }
      second.child.kill('SIGTERM');
      expect(await second.ended).toBe(0);
      const ledger = openLedger(openSqliteStore(file));
      expect((await ledger.head()).entries).toBe(claims.length);
      await ledger.close();
    });
  });

  it('serves the focus of a graph from a thread of its own', async () => {
    const { child, url, ended } = await serve(['--graph', KARATE]);
    const answer = await fetch(`${url}/focus?top=1`);
    expect(await answer.json()).toMatchObject({ particles: 34, top: [{ rank: 1 }] });
    expect((await fetch(`${url}/focus/nobody`)).status).toBe(404);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it.each([
    [['--policy', 'no-such.yaml'], 3, /no-such\.yaml/],
    [['--nodes', 'no-such.yaml'], 3, /--nodes/],
    [['--graph', 'no-such.tsv'], 3, /no-such\.tsv/],
    [['--port', 'x'], 2, /--port/],
    [['--log', 'loud'], 2, /--log/],
  ])('%j ends with %i and says why', async (args, code, why) => {
    const finished = await focusCommand(['serve', '--port', '0', ...args]);
    expect(finished.stderr).toMatch(why);
    expect(finished.code).toBe(code);
  });
});
