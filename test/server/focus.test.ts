// The focus that a service tells: equal to the library's, with proofs that verify and bounds that hold.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNeighbourhood } from '../../src/claims/read-neighbourhood.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { readGraph } from '../../src/formats/read.js';
import { openFocusNode } from '../../src/server/focus-node.js';
import { machinesOf, makeChain } from '../epoch/chains.js';
import { ask, openService, type TestService } from './service.js';

const KARATE = fileURLToPath(new URL('../../datasets/karate.tsv', import.meta.url));

let service: TestService;
beforeAll(async () => {
  service = await openService({ focus: await openFocusNode(KARATE) });
});
afterAll(() => service.close());

interface Row {
  readonly id: string;
  readonly rank: number;
  readonly focus: number;
  readonly units: string;
  readonly error_bound: number;
  readonly header: string;
}

describe('the focus of a graph', () => {
  it('is that of the library, particle by particle, ranked by falling focus', async () => {
    const { graph } = await readGraph(KARATE);
    const { exact } = await focusExact(graph);
    const { body } = await ask(service, '/focus?top=1000');
    const { top } = body as unknown as { readonly top: readonly Row[] };
    expect(top).toHaveLength(graph.particles);
    expect(body).toMatchObject({ digest: exact.digest });
    top.forEach(({ id, units, rank }, i) => {
      expect(units).toBe(String(exact.units[graph.ids.indexOf(id)]));
      expect(rank).toBe(i + 1);
      if (i > 0) expect(BigInt(units)).toBeLessThanOrEqual(BigInt(top[i - 1].units));
    });
    const one = await ask(service, `/focus/${encodeURIComponent(top[3].id)}`);
    expect(one.body).toMatchObject({ ...top[3] });
    expect((await ask(service, '/focus?top=2')).body).toMatchObject({ top: top.slice(0, 2) });
  });

  it('tells a neighbourhood whose proofs a neuron verifies', async () => {
    const { header } = (await ask(service, '/focus/1')).body as unknown as Row;
    const { status, text } = await ask(service, '/focus/neighbourhood/1?hops=1&stake=10');
    expect(status).toBe(200);
    const local = readNeighbourhood(JSON.parse(text), header);
    expect(local.linked.graph.ids.indexOf('1')).toBeGreaterThanOrEqual(0);
  });

  it('estimates what links move within the bound that it tells', async () => {
    const body = { links: [{ from: '1', to: '34', amount: 5 }] };
    const answer = await ask(service, '/focus/estimate', { body });
    const { shift, error_bound: bound } = answer.body as unknown as {
      readonly shift: readonly { readonly id: string; readonly delta: number }[];
      readonly error_bound: number;
    };
    const folder = mkdtempSync(join(tmpdir(), 'focus-estimate-'));
    const text = readFileSync(KARATE, 'utf8');
    const changed = join(folder, 'changed.tsv');
    writeFileSync(changed, `${text.trimEnd()}\n1\t34\t5\n`);
    const after = await openService({ focus: await openFocusNode(changed) });
    let distance = 0;
    for (const { id, delta } of shift) {
      const [was, is] = await Promise.all(
        [service, after].map(
          async (each) => (await ask(each, `/focus/${id}`)).body as unknown as Row,
        ),
      );
      distance += Math.abs(is.focus - was.focus - delta);
    }
    expect(shift.length).toBeGreaterThan(10);
    expect(distance).toBeLessThanOrEqual(bound + 2e-9);
    await after.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['/focus/nobody', 404],
    ['/focus/neighbourhood/nobody', 404],
    ['/focus/neighbourhood/1?hops=4', 422],
    ['/focus/neighbourhood/1?stake=0', 422],
    ['/focus?top=x', 400],
    ['/epochs/0', 404],
  ])('%s answers %i', async (path, status) => {
    expect((await ask(service, path)).status).toBe(status);
  });

  it.each([
    [{ links: [] }, 400],
    [{ links: [{ from: '1', to: '2' }] }, 400],
    [{ links: [{ from: '1', to: '2', amount: -1 }] }, 400],
    [{ links: [{ from: '1', to: 'a\u0000b', amount: 1 }] }, 200],
    [{ links: [{ from: '1', to: '1', amount: 1 }] }, 200],
    [{ links: [{ from: '1', to: '2', amount: 0 }] }, 200],
  ])('an estimate of %j answers %i', async (body, status) => {
    const answer = await ask(service, '/focus/estimate', { body });
    expect([status, 422]).toContain(answer.status);
  });
});

describe('the epochs of a chain', () => {
  it('are told by their headers, whose text has the hash that the next one names', async () => {
    const machines = machinesOf();
    const { chain, inputs } = await makeChain(1, machines);
    machines.destroy();
    const own = await openService({ epochs: chain });
    expect((await ask(own, '/epochs')).body).toEqual({ epochs: 2 });
    const [first, second] = await Promise.all(
      ['/epochs/0', '/epochs/1'].map(async (path) => (await ask(own, path)).body),
    );
    const { text, hash } = first as unknown as { readonly text: string; readonly hash: string };
    expect(createHash('sha256').update(text, 'utf8').digest('hex')).toBe(hash);
    expect(second).toMatchObject({ epoch: 1, header: { epoch: 1, previous: hash } });
    expect((await ask(own, '/epochs/2')).body).toMatchObject({ code: 'no-such-epoch' });
    expect((await ask(own, '/epochs/01')).status).toBe(400);
    await own.close();
    for (const folder of [chain, inputs]) rmSync(folder, { recursive: true });
  });
});
