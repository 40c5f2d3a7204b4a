// Does the suite notice one wrong bit? Each mutant flips one rounding or drops one carry in one
// implementation, everything else untouched; the digests of a few graphs, which agreement.test.ts
// compares, must then differ. Kernels are compiled anew and run in a copy of the package, shaders are
// given to the backend as changed text, the BigInt implementation is transpiled from changed text.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { openWebGpuExact } from '../../src/backend/webgpu/webgpu.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import type { Graph } from '../../src/graph/graph.js';
import { kernelArguments } from '../../scripts/kernel-arguments.mjs';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { lineageOf } from './lineages.js';

type Mutant = readonly [what: string, file: string, from: string, to: string];

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'focus-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KERNELS: readonly Mutant[] = [
  ['halves down in a fraction', 'exact.ts', '+ ((low >> 61) & 1)', '+ 0'],
  [
    'a carry dropped in a high product',
    'exact.ts',
    '(first >> 32) + (second >> 32)',
    '(first >> 32)',
  ],
  ['a term rounded down', 'exact.ts', '+ ((low >> (shift - 1)) & 1)', '+ 0'],
  ['a narrow row rounded down', 'exact-product.ts', '(rest + (1 << 29)) >> 30', 'rest >> 30'],
  [
    'a medium row rounded down',
    'exact-product.ts',
    '(rest >> 52) + ((rest >> 51) & 1)',
    'rest >> 52',
  ],
  ['a carry dropped in a medium row', 'exact-product.ts', 'high + (joined >> 32)', 'high'],
  ['a wide row rounded down', 'exact-product.ts', '+ <i64>((rest >> 61) & 1)', '+ 0'],
  [
    'a carry dropped in a dot',
    'exact-reduce.ts',
    'const middle = high + (low >> 32)',
    'const middle = high',
  ],
];
const SHADERS: readonly Mutant[] = [
  ['a fraction rounded down', 'number-exact', 'a.y + 0x20000000u', 'a.y + 0x1fffffffu'],
  ['half a fraction rounded down', 'number-exact', 'a.y + 0x40000000u', 'a.y'],
  ['a carry dropped in a product', 'number-exact', 'low.y + inner', 'low.y + one.x'],
  ['a carry dropped in a narrow sum', 'total-96', 'u32(low < a.x)', '0u'],
  ['a carry dropped in an addition', 'number-exact', 'b.y + u32(low < a.x)', 'b.y'],
];
const BIGINT: readonly Mutant[] = [
  [
    'halves down',
    'bigint-rational.ts',
    '(value + (1n << (bits - 1n)))',
    '(value + (1n << (bits - 1n)) - 1n)',
  ],
  ['quotients rounded down', 'bigint-rational.ts', '2n * value + divisor', '2n * value'],
];

/** The text with the mutation; fails where the place is gone, so that no mutant tests nothing. */
function mutated(text: string, [what, file, from, to]: Mutant): string {
  expect(text.split(from).length, `${file}: the place of "${what}"`).toBeGreaterThan(1);
  return text.replace(from, to);
}

/** Weights of every kind: all one, of 32 bits, of two halves of 26 bits, of 64 bits; and a wild graph. */
const graphs: Graph[] = [
  graphOf(randomLinks(5, 12, 40).map(([from, to]): LinkTuple => [from, to, 1])),
  graphOf(randomLinks(6, 14, 50)),
  graphOf(scaledLinks(7, 2 ** 30)),
  graphOf(scaledLinks(8, 2 ** 38)),
  lineageOf(13).before,
];

function scaledLinks(seed: number, by: number): LinkTuple[] {
  return randomLinks(seed, 12, 40).map(([from, to, amount]): LinkTuple => [
    from,
    to,
    Math.floor((amount * by) / 7),
  ]);
}

describe('a mutant of the kernels is caught', () => {
  const copy = join(folder, 'package');
  const files: string[] = [];
  const digestsOf = (from: string): string[] =>
    files.map((file) => {
      const args = [
        join(from, 'dist', 'cli', 'main.js'),
        'rank',
        file,
        '--precision',
        'exact',
        '--json',
      ];
      // Exit code 4, not converged, is a result too.
      const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      return (JSON.parse(stdout) as { digest: string }).digest;
    });
  let right: string[];
  beforeAll(() => {
    mkdirSync(copy);
    for (const part of ['dist', 'kernels', 'shaders', 'package.json'])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    mkdirSync(join(copy, 'src', 'backend', 'cpu'), { recursive: true });
    cpSync(join(root, 'src/backend/cpu/layout.ts'), join(copy, 'src/backend/cpu/layout.ts'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [k, { axons, ids }] of graphs.entries()) {
      const file = join(folder, `${k}.tsv`);
      const rows = Array.from({ length: axons.rows }, (_, p) =>
        Array.from(
          axons.columns.subarray(axons.offsets[p], axons.offsets[p + 1]),
          (q, at) => `${ids.at(p)}\t${ids.at(q)}\t${axons.weights[axons.offsets[p] + at]}\n`,
        ).join(''),
      );
      writeFileSync(file, rows.join(''));
      files.push(file);
    }
    right = digestsOf(root);
  });

  it('and the unchanged copy is right', () => {
    expect(digestsOf(copy)).toEqual(right);
  });
  for (const mutant of KERNELS) {
    const [what, file] = mutant;
    it(what, { timeout: 120_000 }, () => {
      const path = join(copy, 'kernels', file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, mutated(text, mutant));
      try {
        compileKernels(copy);
        let found: string[];
        try {
          found = digestsOf(copy);
        } catch {
          // A mutant may well leave the range and stop with an error: caught, too.
          return;
        }
        expect(found).not.toEqual(right);
      } finally {
        writeFileSync(path, text);
      }
    });
  }
});

/** Compiles the kernels of a copy. */
function compileKernels(copy: string): void {
  const asc = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  execFileSync(process.execPath, [asc, ...kernelArguments], { cwd: copy });
}

describe('a mutant of the shaders is caught', () => {
  const right: string[] = [];
  const digestsOn = async (options: Parameters<typeof openWebGpuExact>[0]): Promise<string[]> => {
    const backend = await openWebGpuExact(options);
    try {
      const digests = [];
      for (const graph of graphs) digests.push((await focusExact(graph, {}, backend)).exact.digest);
      return digests;
    } finally {
      backend.destroy();
    }
  };
  const textOf = (name: string): string =>
    readFileSync(join(root, 'shaders', `${name}.wgsl`), 'utf8');
  beforeAll(async () => {
    const backend = openCpuExact({ threads: 1 });
    for (const graph of graphs) right.push((await focusExact(graph, {}, backend)).exact.digest);
  });

  it('and the unchanged text is right', { timeout: 120_000 }, async () => {
    expect(await digestsOn({ readShader: (name) => Promise.resolve(textOf(name)) })).toEqual(right);
  });
  for (const mutant of SHADERS) {
    const [what, file] = mutant;
    it(what, { timeout: 120_000 }, async () => {
      const changed = mutated(textOf(file), mutant);
      const readShader = (name: string): Promise<string> =>
        Promise.resolve(name === file ? changed : textOf(name));
      let found: string[] | null = null;
      try {
        found = await digestsOn({ readShader });
      } catch (error) {
        expect(String(error)).toMatch(/exact arithmetic/);
      }
      expect(found).not.toEqual(right);
    });
  }
});

describe('a mutant of the second implementation is caught', () => {
  const here = fileURLToPath(new URL('./', import.meta.url));
  const names = readdirSync(here).filter((name) => /^bigint-.*\.ts$/.test(name));
  const digestsWith = async (mutant: Mutant | null): Promise<string[]> => {
    const target = mkdtempSync(join(folder, 'bigint-'));
    writeFileSync(join(target, 'package.json'), '{"type":"module"}');
    for (const name of names) {
      const text = readFileSync(join(here, name), 'utf8');
      const source = mutant !== null && mutant[1] === name ? mutated(text, mutant) : text;
      const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
      const { outputText } = ts.transpileModule(source, { compilerOptions: options });
      writeFileSync(join(target, name.replace(/\.ts$/, '.js')), outputText);
    }
    const url = pathToFileURL(join(target, 'bigint-focus.js')).href;
    const { bigintFocus } = (await import(/* @vite-ignore */ url)) as {
      bigintFocus: (graph: Graph) => { digest(): string };
    };
    return graphs.map((graph) => bigintFocus(graph).digest());
  };
  let right: string[];
  beforeAll(async () => {
    right = await digestsWith(null);
  });

  for (const mutant of BIGINT) {
    it(mutant[0], { timeout: 120_000 }, async () => {
      expect(await digestsWith(mutant)).not.toEqual(right);
    });
  }
});
