// focus rank as its users call it: keys, exit codes, streams, settings, outputs.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFocus } from '../../src/formats/read-focus.js';
import { BOSTROM, focusCommand, inFolder, KARATE } from './run.js';

describe('focus rank', () => {
  it('prints one JSON object with the keys that scripts rely on, and nothing else on stdout', async () => {
    const { code, stdout, lingerMs } = await focusCommand(['rank', BOSTROM, '--json']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const result = JSON.parse(stdout);
    const keys = [
      'particles',
      'links',
      'axons',
      'dropped',
      'reading',
      'parameters',
      'precision',
      'backend',
      'iterations',
      'passes',
      'converged',
      'residual',
      'errorBound',
      'entropy',
      'syntropy',
      'kappa',
      'elapsedMs',
      'digest',
    ];
    for (const key of keys) expect(result, key).toHaveProperty(key);
    expect(result.dropped).toMatchObject({ selfLoops: 0, zeroWeight: 0 });
    expect(result.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(result.errorBound).toBeLessThanOrEqual(1e-9);
    expect(lingerMs).toBeLessThan(1000);
  });

  it('reads standard input and gives the same digest as from the file', async () => {
    const input = readFileSync(BOSTROM, 'utf8');
    const fromFile = JSON.parse((await focusCommand(['rank', BOSTROM, '--json'])).stdout);
    const fromInput = JSON.parse((await focusCommand(['rank', '-', '--json'], { input })).stdout);
    const oneThread = JSON.parse(
      (await focusCommand(['rank', BOSTROM, '--json', '--threads', '1'])).stdout,
    );
    expect(fromInput.digest).toBe(fromFile.digest);
    expect(oneThread.digest).toBe(fromFile.digest);
  });

  it('has one digest whatever a parameter without effect is set to', async () => {
    const digestOf = async (...flags: string[]) =>
      JSON.parse((await focusCommand(['rank', KARATE, '--json', ...flags])).stdout).digest;
    const pagerank = await digestOf('--reading', 'pagerank');
    expect(await digestOf('--reading', 'pagerank', '--mu', '7')).toBe(pagerank);
    expect(await digestOf('--reading', 'pagerank', '--teleport', '0.2')).not.toBe(pagerank);
    expect(await digestOf('--mu', '7')).not.toBe(await digestOf());
  });

  it('refuses before any work an output that is the input, or that has no folder', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'graph.csv');
      writeFileSync(file, 'a,b,3\nb,c,4\n');
      const same = await focusCommand(['rank', file, '--out', file]);
      expect(same.code).toBe(2);
      expect(same.stderr).toMatch(/expected another file than the input/);
      expect(readFileSync(file, 'utf8')).toBe('a,b,3\nb,c,4\n');
      const nowhere = await focusCommand(['rank', file, '--out', join(folder, 'no', 'phi.csv')]);
      expect(nowhere.code).toBe(2);
      expect(nowhere.stderr).toMatch(/expected a folder to write to/);
    });
  });

  it('says when a header names no amounts, and reads no link as a header', async () => {
    const input = 'from,to,Amount (BOOT)\na,b,3\nb,c,400\n';
    const named = await focusCommand(['rank', '-'], { input });
    expect(named.stderr).toMatch(/no column of amounts: every link counts 1/);
    const plain = await focusCommand(['rank', '-', '--json'], { input: 'from\tto\t5\na\tb\t7\n' });
    expect(JSON.parse(plain.stdout).links).toBe(2);
  });

  it('prints the k highest particles, highest first', async () => {
    const { stdout } = await focusCommand(['rank', KARATE, '--top', '3']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.map(([id]) => id)).toEqual(['34', '33', '1']);
    expect(Number(rows[0][1])).toBeGreaterThan(Number(rows[1][1]));
  });

  it('writes every particle as ndjson, csv and parquet, with a manifest that names input and certificate', async () => {
    await inFolder(async (folder) => {
      const tables = [];
      for (const extension of ['ndjson', 'csv', 'parquet']) {
        const out = join(folder, `phi.${extension}`);
        const { code } = await focusCommand(['rank', KARATE, '--out', out]);
        expect(code).toBe(0);
        tables.push(await readFocus(out));
        const manifest = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8'));
        const sha256 = createHash('sha256').update(readFileSync(KARATE)).digest('hex');
        expect(manifest.input).toMatchObject({ sha256, format: 'tsv' });
        expect(manifest.output.sha256).toBe(
          createHash('sha256').update(readFileSync(out)).digest('hex'),
        );
        expect(manifest.result.errorBound).toBeLessThanOrEqual(1e-9);
        expect(manifest.result.digest).toMatch(/^[0-9a-f]{64}$/);
      }
      for (const table of tables) expect(table.focus).toEqual(tables[0].focus);
      expect(tables[0].focus).toHaveLength(34);
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    });
  });

  it('lets flags win over the environment, and the environment over the config file', async () => {
    await inFolder(async (folder) => {
      const config = join(folder, 'run.yaml');
      writeFileSync(config, 'teleport: 0.5\nmu: 2\ntau: 3\nlambda: [0.6, 0.2, 0.2]\n');
      const { stdout } = await focusCommand(
        ['rank', KARATE, '--json', '--config', config, '--teleport', '0.1'],
        { env: { FOCUS_TELEPORT: '0.2', FOCUS_MU: '4' } },
      );
      expect(JSON.parse(stdout).parameters).toMatchObject({
        teleport: 0.1,
        mu: 4,
        tau: 3,
        lambda: [0.6, 0.2, 0.2],
      });
    });
  });

  it('exits with 2 for wrong usage, and names value, range and flag', async () => {
    const cases: [string[], RegExp][] = [
      [['rank'], /missing required argument 'links'/],
      [
        ['rank', KARATE, '--teleport', '0'],
        /teleport: expected a finite number in \(0, 1\], found 0/,
      ],
      [['rank', KARATE, '--teleport', 'NaN'], /expected a finite decimal number, found "NaN"/],
      [['rank', KARATE, '--lambda', '0.5,0.5'], /expected three numbers/],
      [['rank', KARATE, '--lambda', '0.5,0.3,0.1'], /lambda: expected a sum of 1/],
      [['rank', KARATE, '--reading', 'focus-2'], /Allowed choices are focus-1/],
      [['rank', KARATE, '--reading', 'focus-1-combinatorial'], /needs a fixed stake > 0/],
      [['rank', KARATE, '--unit', '3'], /the reading focus-1 takes none/],
      [['rank', KARATE, '--iterations', '1.5'], /expected an integer ≥ 0/],
      [['rank', KARATE, '--tolerance', '0'], /tolerance: expected an L1 error/],
      [['rank', KARATE, '--threads', '0'], /expected an integer ≥ 1/],
      [['rank', KARATE, '--out', 'phi.xml'], /expected a name that ends in/],
      [['rank', KARATE, '--wrong'], /unknown option/],
      [['wrong'], /unknown command/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await focusCommand(args);
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(2);
      expect(stderr).toMatch(message);
      expect(stdout).toBe('');
    }
  });

  it('exits with 3 for bad input, naming file, line and column', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'graph.tsv');
      writeFileSync(file, 'a\tb\t1\nb\tc\tabc\n');
      const bad = await focusCommand(['rank', file]);
      expect(bad.code).toBe(3);
      expect(bad.stderr).toMatch(/graph\.tsv:2:5: expected .*found "abc"/);
      const missing = await focusCommand(['rank', join(folder, 'none.tsv')]);
      expect(missing.code).toBe(3);
      const out = join(folder, 'phi.csv');
      await focusCommand(['rank', file, '--out', out]);
      expect(existsSync(out)).toBe(false);
    });
  });

  it('exits with 4 when it has not converged, and still prints the result and its bound', async () => {
    const { code, stdout } = await focusCommand([
      'rank',
      BOSTROM,
      '--json',
      '--max-iterations',
      '2',
    ]);
    expect(code).toBe(4);
    const result = JSON.parse(stdout);
    expect(result.converged).toBe(false);
    expect(result.errorBound).toBeGreaterThan(1e-9);
  });

  it('runs exactly the iterations asked for', async () => {
    const { code, stdout } = await focusCommand(['rank', KARATE, '--iterations', '7', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).iterations).toBe(7);
  });

  it('adds spectrum, free energy and the operators of the highest when details are asked for', async () => {
    const { code, stdout } = await focusCommand([
      'rank',
      KARATE,
      '--details',
      '--json',
      '--top',
      '2',
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.lambda2).toBeLessThanOrEqual(result.kappa);
    expect(result.lambda2Diffusion).toBeLessThanOrEqual(0.85 + 1e-9);
    expect(result.fiedler).toBeGreaterThan(0);
    expect(result.freeEnergy).toBeGreaterThan(0);
    const [first] = result.top;
    const blend = 0.5 * first.diffusion + 0.3 * first.springs + 0.2 * first.heat;
    expect(Math.abs(blend - first.focus)).toBeLessThan(1e-9);
  });

  it('plans without computing', async () => {
    const { code, stdout, stderr } = await focusCommand(['rank', BOSTROM, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/about 4,000 links/);
    expect(stdout).toMatch(/MiB/);
    expect(stderr).toBe('');
  });

  it('says which backend it chose and why, and never a software adapter of its own accord', async () => {
    const { stderr } = await focusCommand(['rank', KARATE]);
    expect(stderr).toMatch(/backend: cpu, .* \(auto: /);
  });
});
