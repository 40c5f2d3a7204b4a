// The house rules that a machine can check: layers, cycles, file headers, lengths, words, and that
// every shader has a CPU twin and shared cases. A rule that is broken names the file and the line.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function filesOf(folder: string, ...endings: string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.parentPath.includes('node_modules'))
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const source = filesOf('src', '.ts');
const kernels = filesOf('kernels', '.ts');
const shaders = filesOf('shaders', '.wgsl');
const tests = filesOf('test', '.ts');
const written = [...source, ...kernels, ...shaders, ...tests];

/**
 * Which folders of src a folder may import, besides itself. cli and index see all; money never
 * meets numbers.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  graph: ['base'],
  formats: ['graph', 'base'],
  backend: ['graph', 'base'],
  focus: ['backend', 'graph', 'base'],
  rewards: ['focus', 'backend', 'graph', 'base'],
  attribution: ['rewards', 'focus', 'backend', 'graph', 'base'],
  valuation: ['attribution', 'rewards', 'focus', 'backend', 'graph', 'base'],
  claims: ['rewards', 'focus', 'backend', 'graph', 'base'],
  simulate: ['rewards', 'focus', 'backend', 'graph', 'base'],
  report: ['formats', 'graph', 'base'],
  ledger: ['base'],
  payouts: ['ledger', 'base'],
  epoch: [
    'payouts',
    'ledger',
    'claims',
    'valuation',
    'attribution',
    'rewards',
    'report',
    'formats',
    'focus',
    'backend',
    'graph',
    'base',
  ],
  'index.ts': [
    'ledger',
    'payouts',
    'claims',
    'attribution',
    'valuation',
    'epoch',
    'simulate',
    'rewards',
    'focus',
    'backend',
    'formats',
    'graph',
    'base',
    'report',
  ],
  server: [
    'payouts',
    'ledger',
    'claims',
    'epoch',
    'focus',
    'backend',
    'formats',
    'graph',
    'base',
    'report',
  ],
  cli: [
    'server',
    'claims',
    'payouts',
    'attribution',
    'valuation',
    'ledger',
    'epoch',
    'simulate',
    'rewards',
    'focus',
    'backend',
    'formats',
    'graph',
    'base',
    'report',
  ],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string): Import[] {
  const found = read(file).matchAll(/(?:from|import\()\s*'([^']+)'/g);
  return [...found].map(([, to]) => ({ from: file, to }));
}

const layerOf = (file: string): string => file.split('/')[1];

/** Imports between files of src, resolved. */
const edges: Import[] = source
  .flatMap(importsOf)
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({
    from,
    to: relative(root, resolve(root, dirname(from), to)).replace(/\.js$/, '.ts'),
  }))
  .filter(({ to }) => to.startsWith('src/'));

describe('the house', () => {
  it('keeps its layers', () => {
    const wrong = edges.filter(
      ({ from, to }) =>
        layerOf(from) !== layerOf(to) && !(LAYERS[layerOf(from)] ?? []).includes(layerOf(to)),
    );
    expect(wrong).toEqual([]);
    expect(edges.length).toBeGreaterThan(100);
  });

  it('has no cycle of imports', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, `a cycle through ${file}`).not.toContain(file);
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of source) visit(file, []);
  });

  it('imports webgpu, commander, libsql, postgres and fastify only where they are wrapped', () => {
    const wrong = source
      .flatMap(importsOf)
      .filter(
        ({ from, to }) =>
          (to === 'webgpu' && !from.startsWith('src/backend/webgpu/')) ||
          (to === 'commander' && !from.startsWith('src/cli/')) ||
          (/^(@?fastify(\/|$)|prom-client$)/.test(to) && !from.startsWith('src/server/')) ||
          (to === 'libsql' && from !== 'src/ledger/stores/libsql.ts') ||
          (to === 'postgres' && !from.startsWith('src/ledger/stores/postgres')),
      );
    expect(wrong).toEqual([]);
  });

  it('leaves chance to base/random and the clock to the command line', () => {
    const allowed = /^src\/(cli|server)\/|^src\/base\/(random|clock)\.ts$/;
    const wrong = source.filter(
      (file) => !allowed.test(file) && /Math\.random|Date\.now/.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });

  it('opens every file with a comment that says what it holds', () => {
    const wrong = written.filter((file) => !/^(#!.*\n)?(\/\/ .{20,})/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('keeps files and lines short', () => {
    const long = written.filter(
      (file) => read(file).split('\n').length > (file.startsWith('test/') ? 600 : 400),
    );
    expect(long).toEqual([]);
    const wide = written.flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, i) => ({ place: `${file}:${i + 1}`, width: [...line].length }))
        .filter(({ width }) => width > 120),
    );
    expect(wide).toEqual([]);
  });

  it('has no default exports, no enums, no any and no unfinished work', () => {
    const marks = new RegExp(
      ['export default', '\\benum ', ': any\\b', '<any>', 'TO' + 'DO', 'FIX' + 'ME'].join('|'),
    );
    const wrong = source.flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, i) => `${file}:${i + 1}: ${line.trim()}`)
        .filter((line) => marks.test(line)),
    );
    expect(wrong).toEqual([]);
  });

  it('says teleport and never alpha', () => {
    expect(source.filter((file) => /\balpha\b/i.test(read(file)))).toEqual([]);
  });

  it('names the CPU twin in every shader that computes, and the twin exists', () => {
    const computing = shaders.filter((file) => /@compute/.test(read(file)));
    expect(computing.length).toBeGreaterThan(3);
    for (const file of computing) {
      const twin = /((?:kernels|src\/backend\/cpu)\/[a-z-]+\.ts)/.exec(read(file))?.[1];
      expect(twin, `${file} names no twin kernels/*.ts or src/backend/cpu/*.ts`).toBeDefined();
      expect([...kernels, ...source], `${file} names ${twin}`).toContain(twin);
    }
  });

  it('runs the shared cases on both backends', () => {
    for (const file of ['test/backend/cpu.test.ts', 'test/backend/webgpu.test.ts']) {
      expect(read(file)).toMatch(/workspaceCases\(/);
    }
    for (const file of ['test/backend/cpu-exact.test.ts', 'test/backend/webgpu-exact.test.ts']) {
      expect(read(file)).toMatch(/exactCases\(/);
    }
  });

  it('pins every dependency exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('speaks of no path of the machine it was made on', () => {
    const place = new RegExp(['/wo' + 'rk/', '/ro' + 'ot/', '/ho' + 'me/'].join('|'));
    const wrong = [
      ...written,
      ...filesOf('docs', '.md'),
      ...filesOf('bench', '.ts', '.mjs'),
      'README.md',
    ].filter((file) => place.test(read(file)));
    expect(wrong).toEqual([]);
  });
});
