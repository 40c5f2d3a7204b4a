// focus value, karma and bts: a chain and checkpoints as input, tables, files that are read back,
// pictures, exit codes and errors that name what is wrong.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statesOf } from '../../src/epoch/states.js';
import { karmaOf } from '../../src/valuation/karma.js';
import { valueLinks } from '../../src/valuation/link-valuation.js';
import { folder, machinesOf, makeChain } from '../epoch/chains.js';
import { focusCommand } from './run.js';

const machines = machinesOf();
const place = folder();
let chain = '';
let checkpoints: string[] = [];

beforeAll(async () => {
  ({ chain } = await makeChain(3, machines));
  const rows = ['a\tb\t3\tann', 'b\tc\t1\tann', 'c\ta\t2\tbo'];
  const later = ['a\tb\t3\tann', 'c\ta\t2\tbo', 'a\tb\t1\tbo', 'b\td\t4\tcy'];
  checkpoints = [rows, later, [...later, 'c\td\t2\tcy']].map((lines, k) => {
    const path = join(place, `links-${k}.tsv`);
    writeFileSync(path, `from\tto\tamount\tneuron\n${lines.join('\n')}\n`);
    return path;
  });
});
afterAll(() => machines.destroy());

interface Row {
  readonly link: number;
  readonly neuron: string | null;
  readonly from: string;
  readonly to: string;
  readonly value: number;
  readonly errorBound: number | null;
}

async function jsonOf(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await focusCommand([...args, '--json']);
  expect(stderr).not.toMatch(/error/);
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('focus value', () => {
  it('values a chain as the library does, and writes it in every format', async () => {
    const out = join(place, 'links.ndjson');
    const curves = join(place, 'curves.parquet');
    const args = ['value', chain, '--weighting', 'half-life=2', '--top', '100'];
    const found = await jsonOf([...args, '--out', out, '--curves', curves]);
    async function* epochs() {
      for await (const { epoch, linked, focus } of statesOf(chain)) {
        yield { epoch, linked, phi: focus.units, errorBound: focus.errorBound };
      }
    }
    const valuation = await valueLinks(epochs(), {
      weighting: { name: 'half-life', parameter: 2 },
      share: 'axon',
      identity: 'row',
      curves: true,
    });
    const rows = readFileSync(out, 'utf8').trim().split('\n');
    const links = rows.map((line) => JSON.parse(line) as Row);
    expect(found).toMatchObject({
      weighting: 'half-life=2',
      share: 'axon',
      identity: 'row',
      epochs: [0, 1, 2, 3],
      links: valuation.count,
      converged: true,
    });
    expect(links.map(({ value }) => value)).toEqual([...valuation.values]);
    const top = found.top as readonly Row[];
    expect(top.map(({ value }) => value)).toEqual(
      [...valuation.values].sort((a, b) => b - a).slice(0, 100),
    );
    const classes = Object.values(found.classes as Record<string, number>);
    expect(classes.reduce((sum, count) => sum + count, 0)).toBe(valuation.count);
    const points = await parquetReadObjects({
      file: new Uint8Array(readFileSync(curves)).buffer as ArrayBuffer,
    });
    const sums = new Float64Array(valuation.count);
    for (const { link, yield: each } of points) sums[link as number] += each as number;
    expect(sums).toEqual(valuation.values);
    const manifest = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8')) as {
      readonly input: { readonly sha256: string };
      readonly result: Record<string, unknown>;
    };
    expect(manifest.result.digest).toBe(found.digest);
    expect(manifest.input.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await jsonOf(args)).toMatchObject({ digest: found.digest });
  });

  it('says that rules changed within a chain', async () => {
    const { stderr, stdout } = await focusCommand(['value', chain, '--top', '2']);
    expect(stderr).toMatch(/epoch 3 has other parameters than the one before/);
    expect(stderr).not.toMatch(/epoch 2 has other/);
    expect(stderr).toMatch(
      /inert, .* confirming, .* bridge, .* viral, .* foundational; .* communities/,
    );
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  it('solves checkpoints, follows their links by occurrence, and draws a chosen one', async () => {
    const svg = join(place, 'curves.svg');
    const found = await jsonOf(['value', ...checkpoints, '--svg', svg, '--link', '0']);
    expect(found).toMatchObject({ identity: 'occurrence', epochs: [0, 1, 2], links: 6 });
    const exact = await jsonOf(['value', ...checkpoints, '--precision', 'exact']);
    const [ours, theirs] = [found, exact].map(
      ({ top }) => new Map((top as readonly Row[]).map(({ link, value }) => [link, value])),
    );
    expect(ours.size).toBe(6);
    for (const [link, value] of ours) expect(theirs.get(link)).toBeCloseTo(value, 8);
    const link = found.link as { readonly curve: readonly Record<string, unknown>[] };
    expect(link).toMatchObject({ link: 0, neuron: 'ann', from: 'a', to: 'b', isAlive: true });
    expect(link.curve.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    const drawn = readFileSync(svg, 'utf8');
    for (const name of [
      'link 0: yield',
      'viral',
      'foundational',
      'confirming',
      'bridge',
      'inert',
    ]) {
      expect(drawn).toContain(name);
    }
    const removed = (found.top as readonly (Row & { readonly isAlive: boolean })[]).filter(
      ({ isAlive }) => !isAlive,
    );
    expect(removed).toMatchObject([{ neuron: 'ann', from: 'b', to: 'c', value: 0 }]);
  });

  it('divides by targets where asked, which sums to what the targets gained', async () => {
    const [axon, target] = await Promise.all(
      ['axon', 'target'].map((share) => jsonOf(['value', ...checkpoints, '--share', share])),
    );
    const total = ({ top }: Record<string, unknown>): number =>
      (top as readonly Row[]).reduce((sum, { value }) => sum + value, 0);
    expect(target.sum).toBeCloseTo(total(target), 14);
    expect(total(axon)).not.toBeCloseTo(total(target), 3);
  });

  it('refuses what it cannot value', async () => {
    const empty = join(place, 'empty');
    mkdirSync(empty, { recursive: true });
    const damaged = join(place, 'damaged');
    cpSync(chain, damaged, { recursive: true });
    writeFileSync(join(damaged, 'epochs/000002/focus.units'), Buffer.alloc(8));
    for (const [args, code, message] of [
      [['value', checkpoints[0]], 2, /folder of a chain or at least two files/],
      [['value', empty], 2, /empty: expected a chain of epochs, found none/],
      [['value', chain, '--reading', 'pagerank'], 2, /--reading: expected none with a chain/],
      [['value', chain, '--weighting', 'exponential'], 2, /exponential: expected a rate/],
      [['value', chain, '--link', '999'], 2, /--link 999: expected a link from 0 to/],
      [['value', damaged], 5, /000002\/focus.units: expected SHA-256/],
      [['karma', chain, '--rate', '1'], 2, /--bts and --rate together/],
    ] as const) {
      const { code: found, stderr, stdout } = await focusCommand(args);
      expect(stderr).toMatch(message);
      expect(found).toBe(code);
      expect(stdout).toBe('');
    }
  });
});

describe('focus karma', () => {
  it('sums values by neuron, and adds scores at a rate', async () => {
    const answers = join(place, 'answers.ndjson');
    const lines = ['ann', 'bo', 'zoe'].map((neuron, k) =>
      JSON.stringify({ neuron, belief: 0.2 + 0.3 * k, prediction: 0.5 }),
    );
    writeFileSync(answers, `${lines.join('\n')}\n`);
    const out = join(place, 'karma.csv');
    const found = await jsonOf(['karma', chain, '--bts', answers, '--rate', '0.5', '--out', out]);
    async function* epochs() {
      for await (const { epoch, linked, focus } of statesOf(chain)) {
        yield { epoch, linked, phi: focus.units, errorBound: focus.errorBound };
      }
    }
    const karma = karmaOf(
      await valueLinks(epochs(), {
        weighting: { name: 'constant', parameter: null },
        share: 'axon',
        identity: 'row',
        curves: false,
      }),
    );
    const neurons = found.neurons as readonly Record<string, number | string | null>[];
    for (const { neuron, karma: value, links } of karma) {
      expect(neurons.find((each) => each.neuron === neuron)).toMatchObject({ karma: value, links });
    }
    const zoe = neurons.find(({ neuron }) => neuron === 'zoe');
    expect(zoe).toMatchObject({ karma: 0, links: 0 });
    for (const { karma: value, score, karmaAfter } of neurons) {
      const after = score === null ? null : Math.max(0, Number(value) + 0.5 * Number(score));
      expect(karmaAfter).toBe(after);
    }
    expect(readFileSync(out, 'utf8').split('\n')[0]).toBe(
      'neuron,links,alive,karma,errorBound,score,karmaAfter',
    );
  });
});

describe('focus bts', () => {
  const agree = '{"belief": 0.8, "prediction": 0.8}\n';

  it('scores a file of answers', async () => {
    const input = `${agree.repeat(3)}{"neuron": "n4", "belief": 0.15, "prediction": 0.8}\n`;
    const { stdout, code } = await focusCommand(['bts', '-'], { input });
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows[0]).toEqual(['index', 'neuron', 'belief', 'prediction', 'score']);
    expect(Number(rows[1][4])).toBeCloseTo(-0.222991872, 9);
    expect(rows[4][1]).toBe('n4');
  });

  it('names the line that is no answer', async () => {
    const input = `${agree}{"belief": 1.1, "prediction": 0}\n`;
    const { stderr, code, stdout } = await focusCommand(['bts', '-'], { input });
    expect(stderr).toMatch(/:2:12: expected the belief as a number in \[0, 1\]/);
    expect(code).toBe(3);
    expect(stdout).toBe('');
  });
});

it('help names the commands', () => {
  const help = execFileSync(process.execPath, ['dist/cli/main.js', '--help'], { encoding: 'utf8' });
  for (const name of ['value', 'karma', 'bts'])
    expect(help).toMatch(new RegExp(`^  ${name} `, 'm'));
});
