// The other commands, and how all of them behave as parts of a pipeline.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BOSTROM, CLI, focusCommand, inFolder, KARATE } from './run.js';

describe('focus', () => {
  it('generates the same bytes from the same seed, and other bytes from another', async () => {
    for (const profile of [
      ['kronecker', '--scale', '8'],
      ['uniform', '--particles', '50', '--links', '300'],
      ['bostrom', '--links', '500', '--ids', 'cid'],
    ]) {
      const [a, b, c] = await Promise.all(
        ['7', '7', '8'].map((seed) => focusCommand(['generate', ...profile, '--seed', seed])),
      );
      expect(a.code).toBe(0);
      expect(a.stdout).toBe(b.stdout);
      expect(a.stdout).not.toBe(c.stdout);
      expect(a.stdout.split('\n').length).toBeGreaterThan(100);
    }
    const wrong = await focusCommand(['generate', 'tree']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/expected one of kronecker, uniform, bostrom, found "tree"/);
  });

  it('converts between all formats without changing focus', async () => {
    await inFolder(async (folder) => {
      const digest = async (path: string) =>
        JSON.parse((await focusCommand(['rank', path, '--json', '--order', 'sorted'])).stdout)
          .digest;
      const expected = await digest(BOSTROM);
      let previous = BOSTROM;
      for (const extension of ['csv', 'ndjson', 'mtx', 'parquet', 'tsv']) {
        const next = join(folder, `graph.${extension}`);
        const { code, stderr } = await focusCommand(['convert', previous, next]);
        expect(code, stderr).toBe(0);
        // MatrixMarket numbers its particles, so the chain goes on from the file before it.
        if (extension !== 'mtx') {
          expect(await digest(next), extension).toBe(expected);
          previous = next;
        }
      }
      const binary = join(folder, 'graph.focus');
      await focusCommand(['convert', BOSTROM, binary, '--order', 'sorted']);
      const loaded = JSON.parse((await focusCommand(['rank', binary, '--json'])).stdout);
      expect(loaded.digest).toBe(expected);
    });
  });

  it('describes the shape of a graph', async () => {
    const { code, stdout } = await focusCommand(['stats', KARATE, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      particles: 34,
      links: 78,
      axons: 78,
      components: 1,
      largestComponent: 34,
      dangling: 8,
      totalStake: 78,
    });
    const text = await focusCommand(['stats', KARATE]);
    expect(text.stdout).toMatch(/particles +34\n/);
  });

  it('doctor tells what would be chosen and why, and tries it', async () => {
    const { code, stdout } = await focusCommand(['doctor', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.chosen.backend).toBe('cpu');
    expect(report.chosen.reason).not.toBe('');
    expect(report.trial).toMatch(/certified to/);
  });

  it('ends quietly when its reader closes the pipe', async () => {
    const child = spawn(process.execPath, [CLI, 'generate', 'bostrom', '--links', '200000']);
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    expect(stderr).toBe('');
  });

  it('stops at Ctrl-C with exit code 130, leaving no output behind', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'graph.tsv');
      await focusCommand([
        'generate',
        'uniform',
        file,
        '--particles',
        '60000',
        '--links',
        '400000',
      ]);
      const out = join(folder, 'phi.csv');
      const { code, stderr } = await focusCommand(
        [
          'rank',
          file,
          '--out',
          out,
          '--tolerance',
          '1e-14',
          '--mu',
          '0.0001',
          '--max-iterations',
          '1000000',
        ],
        { interruptAt: /backend:/ },
      );
      expect(stderr).toMatch(/interrupted/);
      expect(code).toBe(130);
      expect(() => readFileSync(out)).toThrow();
    });
  });

  it('keeps the data sets at the digests that datasets/README.md names', () => {
    const folder = new URL('../../datasets/', import.meta.url);
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const name of ['karate.tsv', 'bostrom-sample.tsv', 'signals-epoch.ndjson']) {
      const sha256 = createHash('sha256')
        .update(readFileSync(new URL(name, folder)))
        .digest('hex');
      expect(readme, name).toContain(sha256);
    }
  });

  it('reports a config file that is wrong by file and option', async () => {
    await inFolder(async (folder) => {
      const config = join(folder, 'run.yaml');
      for (const [text, message] of [
        ['telport: 0.2\n', /expected an option of focus rank, found "telport"/],
        ['teleport: yes please\n', /teleport: .*expected a finite decimal number/],
        ['- a\n', /expected a mapping/],
      ] as const) {
        writeFileSync(config, text);
        const { code, stderr } = await focusCommand(['rank', KARATE, '--config', config]);
        expect(code).toBe(2);
        expect(stderr).toMatch(message);
      }
    });
  });
});
