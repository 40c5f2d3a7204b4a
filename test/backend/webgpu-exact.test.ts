// The shared cases of exact arithmetic on SwiftShader: for every size of workgroup, through
// subgroups, and with bindings and dispatches so small that all is sliced; and what only the WebGPU
// backend promises.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from 'webgpu';
import { describe, expect, it } from 'vitest';
import type { ExactBackend } from '../../src/backend/exact.js';
import { openDevice } from '../../src/backend/webgpu/device.js';
import { openWebGpuExact, type DeviceOptions } from '../../src/backend/webgpu/webgpu.js';
import { exactCases } from '../cases/exact-cases.js';
import { exactMatrices, randomIntegers } from '../cases/exact-graphs.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SMALL_BINDING = 2 ** 17;

exactCases('webgpu', () => openWebGpuExact());
exactCases('webgpu with workgroups of 128 and subgroups', () =>
  openWebGpuExact({ workgroupSize: 128, subgroups: true }),
);
const large = `its blocks exceed a binding of ${SMALL_BINDING} bytes`;
exactCases(
  'webgpu with workgroups of 32, small bindings and dispatches',
  () => openWebGpuExact({ workgroupSize: 32, bindingLimit: SMALL_BINDING, groupLimit: 150 }),
  {
    'exact blocks are read back as they were written': large,
    'exact products agree on hubs of a hundred thousand arcs': large,
    'exact combinations agree for up to 24 terms of every kind': large,
    'exact scaling agrees, also in place': large,
    'sixteen exact reductions of 100000 rows agree': large,
  },
);

/** A block after products with both tables and a correction by a reduction, and its sums. */
async function someBits(backend: ExactBackend): Promise<string> {
  const matrices = exactMatrices({ rows: 1100, arcs: 500, seed: 5, hubs: true }, 'wide', 'row');
  const workspace = await backend.open(matrices);
  const [x, out] = [workspace.vector(3), workspace.vector(3)];
  workspace.write(x, randomIntegers(3 * matrices.rows, 1, 48));
  workspace.product({ out, table: 'spread', x, factor: 3n << 59n, terms: [] });
  const sums = workspace.reduce([
    { kind: 'sum', x: out },
    { kind: 'dot', x: out, y: x },
  ]);
  const terms = [{ coefficient: sums[0], shift: 62, vector: x }];
  workspace.product({ out, table: 'transition', x, terms });
  const result = [...(await workspace.read(out)), ...(await workspace.numbers(sums)).flat()];
  workspace.destroy();
  return result.join();
}

describe('exact arithmetic on webgpu', () => {
  it('has the same bits for every size of workgroup, with and without subgroups', async () => {
    const results = new Set<string>();
    for (const [workgroupSize, subgroups] of [
      [32, true],
      [64, false],
      [64, true],
      [128, false],
      [256, true],
    ] as const) {
      const backend = await openWebGpuExact({ workgroupSize, subgroups });
      results.add(await someBits(backend));
      backend.destroy();
    }
    expect(results.size).toBe(1);
  }, 120_000);

  it('uses subgroups where it is asked to, and only there', async () => {
    for (const subgroups of [false, true]) {
      const device = await openDevice({ subgroups });
      expect(device.leastSubgroup !== null).toBe(subgroups);
      device.destroy();
    }
  });

  it('takes a GPU object and the texts of shaders from a caller without files', async () => {
    const gpu = create([]);
    const names: string[] = [];
    const options: DeviceOptions = {
      gpu,
      readShader: (name) => {
        names.push(name);
        return readFileSync(join(root, 'shaders', `${name}.wgsl`), 'utf8');
      },
    };
    const [given, own] = [await openWebGpuExact(options), await openWebGpuExact()];
    expect(await someBits(given)).toBe(await someBits(own));
    expect(names).toContain('number-exact');
    given.destroy();
    own.destroy();
  });

  it('refuses a workgroup that the adapter cannot run', async () => {
    const options = { workgroupSize: 48 } as unknown as DeviceOptions;
    await expect(openWebGpuExact(options)).rejects.toThrow(/workgroupSize: expected one of/);
  });

  it('refuses weights above 2^e and integers above 64 bits', async () => {
    const backend = await openWebGpuExact();
    const matrices = exactMatrices({ rows: 9, arcs: 30, seed: 1 }, 'narrow', 'source');
    const low = matrices.transitionExponents.map((exponent) => Math.max(0, exponent - 3));
    await expect(backend.open({ ...matrices, transitionExponents: low })).rejects.toThrow(/2\^e/);
    const workspace = await backend.open(matrices);
    const x = workspace.vector(1);
    const term = { coefficient: 1n << 63n, shift: 0, vector: x };
    expect(() => workspace.combine(x, [term])).toThrow(/64 bits/);
    backend.destroy();
  });

  it('imports no module of Node before it needs it', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(file, 'utf8').replaceAll(/(import|export) type [^;]*;/g, '');
      for (const [, to] of text.matchAll(/^(?:import|export|\}) .*?from '([^']+)';/gms)) {
        expect(to, file).toMatch(/^\./);
        visit(resolve(dirname(file), to.replace(/\.js$/, '.ts')));
      }
    };
    visit(join(root, 'src/backend/webgpu/webgpu.ts'));
    expect(seen.size).toBeGreaterThan(12);
  });

  it('has no floating-point number in its shaders', () => {
    const files = readdirSync(join(root, 'shaders')).filter((file) => file !== 'number-f32.wgsl');
    expect(files.length).toBeGreaterThan(12);
    for (const file of files) {
      const code = readFileSync(join(root, 'shaders', file), 'utf8')
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/\/\/.*/g, '');
      expect(code, file).not.toMatch(/\bf(16|32|64)\b|\b(vec|mat)\w*[fh]\b|\d\.\d|\b\d+[fh]\b/);
    }
  });
});
