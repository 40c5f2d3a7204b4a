// Chains as a cheat would leave them: every digest agrees with its file, all the way to the head, and
// yet something is not as computed. And files that want to be written, shown or read where they must not.

import { readdirSync, readFileSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { epochFolder } from '../../src/epoch/chain.js';
import { differencesOf } from '../../src/epoch/diff.js';
import { digestOf, firstDifference, foundFile } from '../../src/epoch/files.js';
import { sealManifest, type EpochManifest } from '../../src/epoch/manifest.js';
import { readRulesets } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import { drawSample } from '../../src/base/sample.js';
import { verifyChain } from '../../src/epoch/verify.js';
import { beaconOf, folder, linksFile, machinesOf, makeChain, RULES, RULESETS } from './chains.js';

const LAST = 2;
/** States of three epochs and four signals in each but the first. */
const CLAIMS = LAST + 1 + 4 * LAST;
const machines = machinesOf(1);
let made: string;

beforeAll(async () => {
  made = (await makeChain(LAST, machines)).chain;
}, 120_000);
afterAll(() => machines.destroy());

/** A beacon that draws one claim and no other. */
function beaconFor(claim: number): string {
  for (let k = 0; ; k++) {
    const beacon = k.toString(16).padStart(64, '0');
    if (drawSample(beacon, 'focus-sample-1', 1, CLAIMS)[0] === claim) return beacon;
  }
}

/** A copy of the chain, changed by `edit`, then sealed again with `change` made to its manifests. */
function forged(
  edit: (file: (epoch: number, name: string) => string) => void,
  change: (manifest: EpochManifest) => EpochManifest = (manifest) => manifest,
): string {
  const chain = folder();
  cpSync(made, chain, { recursive: true });
  const file = (epoch: number, name: string): string => join(epochFolder(chain, epoch), name);
  edit(file);
  let previous: string | null = null;
  for (let epoch = 0; epoch <= LAST; epoch++) {
    const path = file(epoch, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as EpochManifest;
    const digests = (files: EpochManifest['inputs']): EpochManifest['inputs'] =>
      files.map((each) => {
        if (each.name.startsWith('links')) return each;
        return digestOf(foundFile(each.name, readFileSync(file(epoch, each.name))));
      });
    const { inputs, outputs } = manifest;
    const agreed = { ...manifest, previous, inputs: digests(inputs), outputs: digests(outputs) };
    const sealed = sealManifest(change(agreed));
    writeFileSync(path, sealed.text);
    previous = sealed.digest;
  }
  return chain;
}

const sampled = (chain: string, claim: number): Promise<unknown> =>
  verifyChain(chain, { sample: { count: 1, beacon: beaconFor(claim) } }, machines);

const ofEpoch =
  (epoch: number, change: (manifest: EpochManifest) => Partial<EpochManifest>) =>
  (manifest: EpochManifest): EpochManifest =>
    manifest.epoch === epoch ? { ...manifest, ...change(manifest) } : manifest;
const nothing = (): void => undefined;

describe('a forged chain', () => {
  it('is sealed again so that it verifies where nothing was changed', async () => {
    const { head } = await verifyChain(made, {}, machines);
    expect(await verifyChain(forged(nothing), {}, machines)).toMatchObject({ head });
  });

  it('a false error bound is found when the state is drawn, and only then', async () => {
    const change = ({ focus }: EpochManifest): Partial<EpochManifest> => ({
      focus: { ...focus, errorBound: 1e-15 },
    });
    // The last epoch: nothing is computed from its state.
    const chain = forged(nothing, ofEpoch(LAST, change));
    const state = 1 + 5 * (LAST - 1);
    await expect(sampled(chain, state)).rejects.toThrow(/manifest\.json: line .*errorBound/);
    expect(await sampled(chain, 0)).toMatchObject({ recomputed: 1 });
  });

  it('what costs nothing to check is checked whatever is drawn', async () => {
    const wrong: readonly ((manifest: EpochManifest) => Partial<EpochManifest>)[] = [
      ({ counts }) => ({ counts: { ...counts, particles: counts.particles + 1 } }),
      ({ counts }) => ({ counts: { ...counts, signals: 3 } }),
      () => ({ header: 'a'.repeat(64) }),
      ({ focus }) => ({ focus: { ...focus, digest: 'b'.repeat(64) } }),
      ({ inputs }) => ({ inputs: [...inputs, inputs[0]] }),
      ({ inputs }) => ({ inputs: inputs.map((file) => ({ ...file, rows: file.rows + 1 })) }),
      ({ outputs }) => ({ outputs: outputs.map((file) => ({ ...file, bytes: 1 })) }),
    ];
    for (const change of wrong) {
      const chain = forged(nothing, ofEpoch(1, change));
      await expect(sampled(chain, 0)).rejects.toMatchObject({
        code: 'mismatch',
        message: expect.stringMatching(/000001\/(manifest|header)\.json: /) as string,
      });
    }
  });

  it('rows and bytes that belong to no claim are found', async () => {
    const rows = forged((file) => {
      const path = file(1, 'marginals.ndjson');
      writeFileSync(path, `${readFileSync(path, 'utf8')}{"signal":4}\n`);
    });
    await expect(sampled(rows, 0)).rejects.toThrow(/marginals\.ndjson: expected 8 rows, found 9/);
    const bytes = forged((file) => {
      const path = file(1, 'focus.units');
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(3)]));
    });
    await expect(sampled(bytes, 0)).rejects.toThrow(/focus\.units: expected \d+ numbers/);
    await expect(verifyChain(bytes, {}, machines)).rejects.toThrow(/found 3 bytes that are no n/);
  });

  it('signals in epoch 0 are not passed over', async () => {
    const chain = forged((file) =>
      writeFileSync(file(0, 'signals.ndjson'), readFileSync(file(1, 'signals.ndjson'))),
    );
    await expect(verifyChain(chain, {}, machines)).rejects.toThrow(/000000\/signals.*empty file/);
  });

  it('rules of another text, start, order or kind are a mismatch, by their place', async () => {
    const texts: readonly [string, RegExp][] = [
      ['{', /000001\/ruleset\.json: expected JSON/],
      [`${JSON.stringify(RULES, null, 2)}\n`, /000001\/ruleset\.json: expected the canonical text/],
      [`${JSON.stringify({ ...RULES, startEpoch: 2 })}\n`, /startEpoch: expected at most 1/],
      [`${JSON.stringify({ ...RULES, order: 'sorted' })}\n`, /order: expected first-seen/],
      [`${JSON.stringify({ ...RULES, mu: 0 })}\n`, /000001\/ruleset\.json.*mu: expected a number/],
    ];
    for (const [text, message] of texts) {
      const chain = forged((file) => writeFileSync(file(1, 'ruleset.json'), text));
      const outcome = expect(verifyChain(chain, {}, machines)).rejects;
      await outcome.toMatchObject({
        code: 'mismatch',
        message: expect.stringMatching(message) as string,
      });
    }
    const signals = forged((file) => writeFileSync(file(1, 'signals.ndjson'), '{"remove": 1}\n'));
    await expect(verifyChain(signals, {}, machines)).rejects.toMatchObject({ code: 'mismatch' });
  });

  it('a manifest names files of its folder, not paths', async () => {
    for (const name of ['../../../secret', '/etc/passwd', 'a\u0000b', 'links\u001b[2J', '.']) {
      const change = ({ inputs }: EpochManifest): Partial<EpochManifest> => ({
        inputs: [...inputs, { ...inputs[0], name }],
      });
      const chain = forged(nothing, ofEpoch(1, change));
      for (const outcome of [verifyChain(chain, {}, machines), differencesOf(made, chain)])
        await expect(outcome).rejects.toThrow(/inputs\[2\]\.name: expected a file name/);
    }
  });

  it('writes nothing to a terminal but text', () => {
    const expected = { name: 'x.ndjson', bytes: Buffer.from('é1\n'), rows: 1 };
    const found = Buffer.from('é\u001b[2J\u202e\n');
    expect(firstDifference(expected, found)).toEqual({
      row: 1,
      expected: 'é1',
      found: 'é\\u{1b}[2J\\u{202e}',
    });
    expect(firstDifference(expected, Buffer.from('é1'))?.found).toBe('é1 without a line feed');
  });
});

describe('a chain that begins', () => {
  const request = (chain: string, links: string): Parameters<typeof runEpoch>[0] => ({
    chain,
    epoch: 0,
    links,
    signals: null,
    rulesets: RULESETS,
    beacon: beaconOf(0),
  });

  it('keeps the links that are there, and removes what a dead process left', async () => {
    const [inputs, chain] = [folder(), folder()];
    const links = linksFile(inputs);
    writeFileSync(join(chain, 'links.tsv'), 'a\tb\t1\n');
    await expect(runEpoch(request(chain, links), machines)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('begun with other links') as string,
    });
    expect(readFileSync(join(chain, 'links.tsv'), 'utf8')).toBe('a\tb\t1\n');
    const fresh = folder();
    // No process has the largest number.
    writeFileSync(join(fresh, 'links.tsv.partial-4194304-x'), 'a\tb');
    await runEpoch(request(fresh, links), machines);
    expect(readdirSync(fresh).sort()).toEqual(['epochs', 'links.tsv']);
  });

  it('takes no links that changed after they were read', async () => {
    const [inputs, chain] = [folder(), folder()];
    const links = linksFile(inputs);
    const onProgress = (what: string): void => {
      if (what === 'hashing') writeFileSync(links, 'a\tb\t1\n');
    };
    await expect(runEpoch(request(chain, links), { ...machines, onProgress })).rejects.toThrow(
      /genesis\.tsv: it changed while it was read/,
    );
    expect(existsSync(join(chain, 'epochs'))).toBe(false);
    expect(readdirSync(chain)).toEqual([]);
  });

  it('is not made from standard input, and nothing is no chain', async () => {
    const outcome = expect(runEpoch(request(folder(), '-'), machines)).rejects;
    await outcome.toMatchObject({ code: 'usage' });
    const links = linksFile(folder());
    const taken = expect(runEpoch(request(links, links), machines)).rejects;
    await taken.toMatchObject({ code: 'usage' });
    await expect(differencesOf(folder(), folder())).rejects.toMatchObject({ code: 'usage' });
  });
});

it('rules that contradict each other are refused before anything is computed', () => {
  const wrong: readonly [object, RegExp][] = [
    [{ unit: 3 }, /unit: expected null/],
    [{ reading: 'focus-1-combinatorial' }, /unit: expected a number/],
    [{ reading: 'pagerank' }, /lambda: expected 1, 0, 0/],
    [{ lambda: [0, 0.6, 0.4] }, /lambda: expected diffusion > 0/],
    [{ reading: 'reference-2026-07' }, /marginals\.method: expected none/],
  ];
  for (const [change, message] of wrong)
    expect(() => readRulesets([{ ...RULES, ...change }], 'rules')).toThrow(message);
});
