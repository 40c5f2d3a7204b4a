// The same host code and the same WGSL give the same bits in a page: a headless Chromium on
// SwiftShader loads the built modules, solves with `navigator.gpu`, and what comes back has the
// digests of the WebAssembly backend. Where no Chromium with WebGPU starts, all of it is skipped,
// loudly.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { alignUnits } from '../../src/focus/exact/delta.js';
import {
  focusExactColumns,
  type ExactFocus,
  type ExactOptions,
  type ExactStart,
} from '../../src/focus/exact/focus-exact.js';
import { readGraph } from '../../src/formats/read.js';
import type { Graph } from '../../src/graph/graph.js';
import { lineageOf } from '../exact/lineages.js';
import { fixedPoints, referencePoints } from '../focus/golden-cases.js';
import { openPageMachine, type PageOptions } from './page-machine.js';

/** How many lineages, and from which on; the promise is made for 1,000: FOCUS_LINEAGES=1000. */
const LINEAGES = Number(process.env['FOCUS_LINEAGES'] ?? 20);
const FIRST = Number(process.env['FOCUS_FIRST_LINEAGE'] ?? 1);
const root = fileURLToPath(new URL('../../', import.meta.url));
const page = await openPageMachine();
const cpu = openCpuExact({ threads: 1 });
afterAll(async () => {
  cpu.destroy();
  if (typeof page !== 'string') await page.close();
});

const missing = typeof page === 'string' ? `EXACT WGSL DID NOT RUN IN CHROMIUM: ${page}` : null;
if (missing !== null) console.warn(missing);

const machines: PageOptions[] = [{ workgroupSize: 64 }, { workgroupSize: 128 }];
if (typeof page !== 'string') {
  if (page.features.includes('subgroups')) machines.push({ workgroupSize: 128, subgroups: true });
  else console.warn(`EXACT WGSL DID NOT RUN WITH SUBGROUPS IN CHROMIUM: ${page.version} has none`);
}

/** What a page must have in common with WebAssembly. */
const essence = ({ exact, ...focus }: ExactFocus) => ({
  digest: exact.digest,
  residual: exact.residual,
  missing: exact.missing,
  entropy: exact.entropy,
  iterations: focus.iterations,
  passes: focus.passes,
  errorBound: focus.errorBound,
  converged: focus.converged,
});

/** Solves here and on machines of the page; all must agree. Returns what WebAssembly gave. */
async function agree(
  name: string,
  on: readonly PageOptions[],
  graph: Graph,
  options: Omit<ExactOptions, 'start'>,
  starts: number | readonly ExactStart[] = 1,
): Promise<readonly ExactFocus[]> {
  if (typeof page === 'string') throw new Error(page);
  const here = await focusExactColumns(graph, options, starts, cpu);
  for (const machine of on) {
    const there = await page.focus(machine, graph, options, starts);
    expect(there.map(essence), `${name}, ${JSON.stringify(machine)}`).toEqual(here.map(essence));
  }
  return here;
}

describe('what a page loads', () => {
  const entries = ['dist/focus/exact/solve-units.js', 'dist/backend/webgpu/webgpu.js'];

  it('is built from the sources as they are', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts'),
    );
    const newest = Math.max(...files.map((file) => statSync(join(root, 'src', file)).mtimeMs));
    const built = statSync(join(root, 'dist', '.built')).mtimeMs;
    expect(built, 'dist/ is older than src/: npm run build').toBeGreaterThanOrEqual(newest);
  });

  it('needs no module of Node and no package', () => {
    const seen = new Set<string>();
    const foreign: string[] = [];
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, to] of text.matchAll(/^(?:import|export)\b(?:[^;'"]*\bfrom )?\s*'([^']+)'/gm)) {
        if (to.startsWith('.')) visit(join(dirname(file), to));
        else foreign.push(`${file}: ${to}`);
      }
    };
    entries.forEach(visit);
    expect(foreign).toEqual([]);
    expect(seen.size).toBeGreaterThan(25);
  });
});

const title = missing ?? `the same bits in ${typeof page === 'string' ? '' : page.version}`;
describe.skipIf(missing !== null)(title, () => {
  it('runs on the WebGPU of the browser', { timeout: 300_000 }, async () => {
    if (typeof page === 'string') return;
    for (const machine of machines) {
      expect(await page.describe(machine)).toMatch(/^webgpu, swiftshader.*, exact$/);
    }
    expect(page.served).toContain('/dist/focus/exact/solve-units.js');
    expect(page.served).toContain('/shaders/number-exact.wgsl');
  });

  it('golden fixed points', { timeout: 300_000 }, async () => {
    for (const { name, graph, options } of [...fixedPoints(), ...referencePoints()]) {
      await agree(name, machines, graph, options);
    }
  });

  const ends = [machines[0], machines[machines.length - 1]];
  for (const [file, on] of [
    ['karate.tsv', machines],
    ['bostrom-sample.tsv', ends],
  ] as const) {
    it(`data set ${file}`, { timeout: 300_000 }, async () => {
      const { graph } = await readGraph(join(root, 'datasets', file));
      await agree(file, on, graph, {});
    });
  }

  it('random lineages, cold and warm', { timeout: 24 * 3_600_000 }, async () => {
    // Every lineage on two machines in turn: on all of them it would take a minute more.
    const turn = (k: number): PageOptions[] => [machines[k % machines.length]];
    for (let seed = FIRST; seed < FIRST + LINEAGES; seed++) {
      const { name, before, after, options } = lineageOf(seed);
      const [{ exact }] = await agree(name, turn(seed), before, options);
      const units = alignUnits({ ids: before.ids, units: exact.units }, after.ids);
      const start = { units, name: exact.digest };
      await agree(`${name}, warm`, turn(seed + 1), after, options, [start]);
    }
  });

  it('blocks of seven columns', { timeout: 300_000 }, async () => {
    for (const seed of [1, 4, 7, 10]) {
      const { name, before, options } = lineageOf(seed);
      const starts = Array.from({ length: 7 }, (_, b) => {
        const units = new BigInt64Array(before.particles);
        // From a point mass to nearly everywhere.
        for (let i = 0; i <= (b * units.length) / 7 && i < units.length; i++) units[i] = 1n << 54n;
        return { units };
      });
      await agree(`${name}, seven columns`, machines, before, options, starts);
    }
  });
});
