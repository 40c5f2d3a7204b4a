// A process that used the GPU ends by itself: after destroy(), and also where a caller forgets it.
// Runs compiled scripts, as a user would, with nothing on standard output but what they print.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { softwareEnvironment } from './software-adapter.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'node_modules', '.cache', 'focus-engine', `process-test-${process.pid}`);

const body = `
import { openWebGpu } from './backend/webgpu/webgpu.js';
const backend = await openWebGpu();
const axons = {
  rows: 2,
  offsets: Uint32Array.of(0, 1, 1),
  columns: Uint32Array.of(1),
  weights: Float64Array.of(2.5),
};
const workspace = await backend.open(axons, 'in');
const x = workspace.vector(1);
const out = workspace.vector(1);
const shared = new Float64Array(new SharedArrayBuffer(16));
shared.set([4, 5]);
workspace.write(x, shared);
workspace.product({ out, direction: 'in', x, factor: 1, terms: [] });
console.log((await workspace.read(out)).join(' '));
`;

/**
 * Compiles src/ without type checking, beside a link to shaders/: the layout of the installed
 * package.
 */
beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(root, 'shaders'), join(folder, 'shaders'));
  const source = join(root, 'src');
  for (const part of ['base', 'graph', 'backend']) {
    for (const entry of readdirSync(join(source, part), { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('.ts') || entry.endsWith('.d.ts')) continue;
      const target = join(folder, 'dist', part, entry.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
      writeFileSync(
        target,
        ts.transpileModule(readFileSync(join(source, part, entry), 'utf8'), { compilerOptions })
          .outputText,
      );
    }
  }
  writeFileSync(join(folder, 'dist', 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script; rejects unless it exits 0. */
async function run(
  name: string,
  end: string,
): Promise<{ readonly output: string; readonly exitMs: number }> {
  const script = join(folder, 'dist', `${name}.js`);
  writeFileSync(
    script,
    `${body}${end}\nconsole.log(Math.round(performance.timeOrigin + performance.now()));\n`,
  );
  const env = { ...process.env, ...softwareEnvironment() };
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env,
    timeout: 30_000,
  });
  const ended = performance.timeOrigin + performance.now();
  const [output, last] = stdout.trim().split('\n');
  return { output, exitMs: ended - Number(last) };
}

describe('a process that used the GPU', () => {
  it.each([
    ['destroys the backend', 'backend.destroy();'],
    ['forgets to destroy it', ''],
    [
      'forgets it and collects garbage',
      'for (let k = 0; k < 50; k++) new Array(100_000).fill({});',
    ],
    [
      'destroys it with a read under way',
      'workspace.read(out).catch(() => undefined); backend.destroy();',
    ],
  ])('exits within a second when it %s', async (name, end) => {
    const { output, exitMs } = await run(name.replaceAll(' ', '-'), end);
    expect(output).toBe('0 10');
    expect(exitMs).toBeLessThan(1000);
  });
});
