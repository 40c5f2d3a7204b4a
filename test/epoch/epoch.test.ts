// Chains of epochs: the same bytes on other machines, differences named, samples as likely as stated,
// and what an epoch says held against whole solves of its graphs.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWebGpuExact } from '../../src/backend/webgpu/webgpu.js';
import { epochFolder, manifestOf } from '../../src/epoch/chain.js';
import { differencesOf } from '../../src/epoch/diff.js';
import { unitsOf } from '../../src/epoch/files.js';
import type { SealedManifest } from '../../src/epoch/manifest.js';
import { readRulesets } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import { verifyChain } from '../../src/epoch/verify.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { readLinks } from '../../src/formats/read.js';
import { readDeltaLog } from '../../src/formats/signals.js';
import { replay } from '../../src/graph/delta.js';
import { linkGraph } from '../../src/graph/linked.js';
import {
  beaconOf,
  folder,
  LATER,
  linksFile,
  machinesOf,
  makeChain,
  RULES,
  RULESETS,
  signalsFile,
} from './chains.js';

/** The promise is made for 50 epochs: FOCUS_EPOCHS=50. */
const EPOCHS = Number(process.env['FOCUS_EPOCHS'] ?? 5);
const BEACON = 'a'.repeat(64);
const machines = machinesOf(2);
let made: { readonly chain: string; readonly sealed: SealedManifest; readonly inputs: string };

beforeAll(async () => {
  made = await makeChain(EPOCHS, machines);
}, 600_000);
afterAll(() => machines.destroy());

/** A copy of the chain that a test may damage. */
function copyOf(chain = made.chain): string {
  const copy = folder();
  cpSync(chain, copy, { recursive: true });
  return copy;
}

describe('a chain', () => {
  it('has the same bytes with other threads, and verifies', async () => {
    const others = machinesOf(3);
    const again = await makeChain(EPOCHS, others);
    expect(again.sealed.digest).toBe(made.sealed.digest);
    expect(await differencesOf(made.chain, again.chain)).toEqual([]);
    const verified = await verifyChain(made.chain, { rulesets: RULESETS }, others);
    expect(verified).toMatchObject({ epochs: EPOCHS + 1, head: made.sealed.digest });
    expect(verified.claims).toBe(EPOCHS + 1 + 4 * EPOCHS);
    expect(verified.chanceUnseen(1)).toBe(0);
    others.destroy();
  });

  it('computed on the CPU verifies on a GPU', { timeout: 900_000 }, async () => {
    const exact = await openWebGpuExact({});
    const { head } = await verifyChain(made.chain, {}, { ...machines, exact });
    expect(head).toBe(made.sealed.digest);
    exact.destroy();
  });

  it('says what whole computations of its graphs say', async () => {
    const { links } = (await readLinks(join(made.chain, 'links.tsv'))) as unknown as {
      links: Parameters<typeof linkGraph>[0];
    };
    let linked = linkGraph(links);
    let start: { units: BigInt64Array; name: string } | undefined;
    for (let epoch = 0; epoch <= 2; epoch++) {
      const place = epochFolder(made.chain, epoch);
      if (epoch > 0) {
        const { log } = await readDeltaLog(join(place, 'signals.ndjson'));
        const before = linked;
        linked = replay(linked, [log.flat()]);
        const { ids } = linked.graph;
        const { units, name } = start as NonNullable<typeof start>;
        const aligned = BigInt64Array.from({ length: ids.count }, (_, i) => {
          const at = before.graph.ids.indexOf(ids.at(i));
          return at < 0 ? 0n : units[at];
        });
        start = { units: aligned, name };
      }
      const { exact } = await focusExact(linked.graph, { start });
      start = { units: exact.units, name: exact.digest };
      expect([...unitsOf(readFileSync(join(place, 'focus.units')))]).toEqual([...exact.units]);
      const header = JSON.parse(readFileSync(join(place, 'header.json'), 'utf8')) as object;
      expect(header).toMatchObject({ epoch, focusDigest: exact.digest });
    }
  });

  it('keeps the shift and the joint rewards together to the unit', () => {
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      const rows = (name: string): Record<string, string>[] =>
        readFileSync(join(epochFolder(made.chain, epoch), name), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, string>);
      const shift = rows('shift.ndjson');
      const { norm, omitted } = shift.at(-1) as Record<string, string>;
      const sizes = shift.slice(0, -1).map(({ units }) => BigInt(units.replace('-', '')));
      expect(sizes.reduce((sum, size) => sum + size, BigInt(omitted))).toBe(BigInt(norm));
      const [byNorm] = rows('joint.ndjson');
      expect(Number(byNorm.value)).toBeCloseTo(Number(BigInt(norm)) / 2 ** 61, 14);
    }
  });

  it('an epoch computed again is left as it is; with other inputs it is refused', async () => {
    const { chain, inputs } = made;
    const request = {
      chain,
      epoch: 0,
      links: join(inputs, 'genesis.tsv'),
      signals: null,
      rulesets: RULESETS,
      beacon: beaconOf(0),
    };
    const { digest } = await manifestOf(chain, 0);
    expect((await runEpoch(request, machines)).digest).toBe(digest);
    const other = { ...request, beacon: beaconOf(9) };
    await expect(runEpoch(other, machines)).rejects.toMatchObject({ code: 'usage' });
    const later = { ...request, epoch: EPOCHS + 2, links: null, signals: 'none.ndjson' };
    await expect(runEpoch(later, machines)).rejects.toThrow(`expected epoch ${EPOCHS + 1} next`);
    expect(readdirSync(join(chain, 'epochs'))).toHaveLength(EPOCHS + 1);
  });

  it('what a dead process left is removed, and the epoch is the same', async () => {
    const chain = copyOf();
    const last = epochFolder(chain, EPOCHS);
    const signals = join(made.inputs, `signals-${EPOCHS}.ndjson`);
    rmSync(last, { recursive: true });
    // No process has the largest number.
    cpSync(epochFolder(chain, 1), `${last}.partial-4194304-x`, { recursive: true });
    const sealed = await runEpoch(
      { chain, epoch: EPOCHS, links: null, signals, rulesets: RULESETS, beacon: beaconOf(EPOCHS) },
      machines,
    );
    expect(sealed.digest).toBe(made.sealed.digest);
    expect(readdirSync(join(chain, 'epochs'))).toHaveLength(EPOCHS + 1);
  });
});

describe('a damaged chain', () => {
  /** Every file of an epoch in which a flipped bit must be found; epoch 4 has the later rules. */
  const names = [
    'signals.ndjson',
    'ruleset.json',
    'header.json',
    'focus.units',
    'shift.ndjson',
    'joint.ndjson',
    'marginals.ndjson',
    'manifest.json',
  ];
  for (const epoch of [2, 4]) {
    for (const name of names) {
      it(`a flipped bit in ${name} of epoch ${epoch} is found and named`, async () => {
        const chain = copyOf();
        const path = join(epochFolder(chain, epoch), name);
        const bytes = readFileSync(path);
        // In a digit or a letter in the middle: the file still reads.
        let at = bytes.length >> 1;
        while (name !== 'focus.units' && !/[0-9a-f]/.test(String.fromCharCode(bytes[at]))) at++;
        bytes[at] ^= 1;
        writeFileSync(path, bytes);
        const error = await verifyChain(chain, {}, machines).then(
          () => null,
          (cause: unknown) => cause as Error,
        );
        expect(error).toMatchObject({ code: 'mismatch' });
        const row = name.endsWith('.ndjson') && name !== 'signals.ndjson';
        expect(error?.message).toContain(`00000${epoch}/${name}`);
        const lines = bytes.subarray(0, at).toString('latin1').split('\n').length;
        if (row) expect(error?.message).toContain(`row ${lines}:`);
        if (name === 'focus.units')
          expect(error?.message).toMatch(new RegExp(`row ${at >> 3} \\(particle \\w+\\)`));
      });
    }
  }

  it('other links, other rules, another head, a missing file and a gap are named', async () => {
    const links = copyOf();
    const path = join(links, 'links.tsv');
    writeFileSync(path, readFileSync(path, 'utf8').replace('p1\t', 'p2\t'));
    await expect(verifyChain(links, {}, machines)).rejects.toThrow(/links\.tsv: expected SHA-256/);
    const rulesets = readRulesets([RULES, { ...LATER, teleport: 0.25 }], 'mine');
    await expect(verifyChain(made.chain, { rulesets }, machines)).rejects.toThrow(
      /000003\/ruleset\.json: teleport: expected 0\.25, found 0\.2/,
    );
    await expect(verifyChain(made.chain, { head: BEACON }, machines)).rejects.toThrow(/head/);
    const missing = copyOf();
    rmSync(join(epochFolder(missing, 1), 'shift.ndjson'));
    await expect(verifyChain(missing, {}, machines)).rejects.toThrow(/shift\.ndjson: expected a f/);
    const gap = copyOf();
    rmSync(epochFolder(gap, 1), { recursive: true });
    await expect(verifyChain(gap, {}, machines)).rejects.toThrow(/expected epoch 1, found 2/);
  });

  it('differences are told by epoch, file and row', async () => {
    const other = folder();
    const links = linksFile(other);
    const twin = join(other, 'chain');
    const shared = { chain: twin, rulesets: RULESETS };
    const first = { ...shared, epoch: 0, links, signals: null, beacon: beaconOf(0) };
    await runEpoch(first, machines);
    const signals = signalsFile(other, 2, new Map());
    const second = { ...shared, epoch: 1, links: null, signals, beacon: beaconOf(1) };
    await runEpoch(second, machines);
    const differences = await differencesOf(made.chain, twin);
    expect(differences.filter(({ epoch }) => epoch === 0)).toEqual([]);
    const files = differences.filter(({ epoch }) => epoch === 1).map(({ what }) => what);
    expect(files).toContain('signals.ndjson');
    expect(files).toContain('marginals.ndjson');
    expect(files).not.toContain('ruleset.json');
    expect(differences.at(-1)).toMatchObject({ epoch: EPOCHS, what: 'epoch', second: null });
  });
});

describe('a sample', () => {
  it('holds for a chain that holds, and says what it may have missed', async () => {
    const options = { sample: { count: 6, beacon: BEACON } };
    const verified = await verifyChain(made.chain, options, machines);
    const { claims } = verified;
    expect(verified.recomputed).toBe(6);
    expect(verified.chanceUnseen(1)).toBeCloseTo(1 - 6 / claims, 12);
    const both = ((claims - 6) * (claims - 7)) / (claims * (claims - 1));
    expect(verified.chanceUnseen(2)).toBeCloseTo(both, 12);
    expect(verified.chanceUnseen(claims - 5)).toBe(0);
  });

  it('finds a false reward exactly when it draws it', async () => {
    // The rewards of signal 1 of epoch 1, and the digests over them, all the way to the head.
    const chain = copyOf();
    const claim = 1 + 1 + 1;
    const place = epochFolder(chain, 1);
    const lines = readFileSync(join(place, 'marginals.ndjson'), 'utf8').split('\n');
    lines[2] = lines[2].replace(/"value":(-?)0\.0/, '"value":$10.1');
    expect(lines[2]).toContain('0.1');
    writeFileSync(join(place, 'marginals.ndjson'), lines.join('\n'));
    await reseal(chain);
    let found = 0;
    let drawn = 0;
    for (let k = 0; k < 12; k++) {
      const beacon = k.toString(16).padStart(64, '0');
      const { drawSample } = await import('../../src/base/sample.js');
      const claims = EPOCHS + 1 + 4 * EPOCHS;
      const isDrawn = drawSample(beacon, 'focus-sample-1', 12, claims).includes(claim);
      drawn += Number(isDrawn);
      const outcome = await verifyChain(chain, { sample: { count: 12, beacon } }, machines).then(
        () => 'holds',
        (error: unknown) => (error as Error).message,
      );
      if (isDrawn) expect(outcome).toMatch(/000001\/marginals\.ndjson: row 3: expected/);
      else expect(outcome).toBe('holds');
      found += Number(outcome !== 'holds');
    }
    expect(found).toBe(drawn);
    expect(drawn).toBeGreaterThan(0);
    expect(drawn).toBeLessThan(12);
  });
});

/** Makes every digest of a chain agree with its files again, as a cheat would. */
async function reseal(chain: string): Promise<void> {
  const { digestOf, sha256 } = await import('../../src/epoch/files.js');
  const { sealManifest } = await import('../../src/epoch/manifest.js');
  let previous: string | null = null;
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const place = epochFolder(chain, epoch);
    const text = readFileSync(join(place, 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as SealedManifest['manifest'];
    const outputs = manifest.outputs.map(({ name, rows }) =>
      digestOf({ name, rows, bytes: readFileSync(join(place, name)) }),
    );
    const sealed = sealManifest({ ...manifest, previous, outputs });
    writeFileSync(join(place, 'manifest.json'), sealed.text);
    previous = sha256(sealed.text);
  }
}
