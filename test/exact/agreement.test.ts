// Every machine gives the same bits, and they are the bits of the second implementation: on the
// goldens, on data sets, on random lineages (a graph, a delta, a warm start), alone and in a block of
// seven. FOCUS_LINEAGES sets how many (default 30; the promise is made for 1,000), from
// FOCUS_FIRST_LINEAGE on. All run on one thread and on both shader compilers; FOCUS_EVERY is how
// many lineages apart the other machines run too (default 5; 1: every machine, every lineage).

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExactBackend } from '../../src/backend/exact.js';
import { alignUnits } from '../../src/focus/exact/delta.js';
import { detailsExact } from '../../src/focus/exact/details.js';
import {
  focusExact,
  focusExactColumns,
  type ExactFocus,
  type ExactOptions,
} from '../../src/focus/exact/focus-exact.js';
import { readGraph } from '../../src/formats/read.js';
import type { Graph } from '../../src/graph/graph.js';
import { fixedPoints, referencePoints } from '../focus/golden-cases.js';
import { bigintFocus, type BigintFocus } from './bigint-focus.js';
import { lineageOf } from './lineages.js';
import { machinesHere } from './machines.js';

const LINEAGES = Number(process.env['FOCUS_LINEAGES'] ?? 30);
const FIRST = Number(process.env['FOCUS_FIRST_LINEAGE'] ?? 1);
const EVERY = Number(process.env['FOCUS_EVERY'] ?? 5);
const machines = machinesHere();
const backends: ExactBackend[] = [];

beforeAll(async () => {
  for (const machine of machines) backends.push(await machine.open());
});
afterAll(() => {
  for (const backend of backends) backend.destroy();
});

/** Runs on all machines, or on the core of them; they must agree. Returns the first result. */
async function everywhere(graph: Graph, options: ExactOptions, all = true): Promise<ExactFocus> {
  const results: { readonly name: string; readonly result: ExactFocus }[] = [];
  for (const [k, { name, core }] of machines.entries()) {
    if (all || core) results.push({ name, result: await focusExact(graph, options, backends[k]) });
  }
  const { result: first } = results[0];
  const seen = ({ exact, errorBound, converged }: ExactFocus) => [
    exact.digest,
    errorBound,
    converged,
  ];
  expect(results.map(({ name, result }) => [name, ...seen(result)])).toEqual(
    results.map(({ name }) => [name, ...seen(first)]),
  );
  return first;
}

/** What both implementations must have in common. */
function same(ours: ExactFocus, theirs: BigintFocus): void {
  expect(ours.exact.digest).toBe(theirs.digest());
  expect(ours.exact.units.length).toBe(theirs.units.length);
  expect(ours.exact.residual).toBe(theirs.residualUnits);
  expect(ours.exact.entropy).toBe(theirs.entropy);
  expect(ours.exact.syntropy).toBe(theirs.syntropy);
  expect(ours.errorBound).toBe(theirs.errorBound);
  expect(ours.converged).toBe(theirs.converged);
}

describe('the same bits everywhere', () => {
  for (const { name, graph, options } of [...fixedPoints(), ...referencePoints()]) {
    it(`golden ${name}`, async () => {
      const theirs = bigintFocus(graph, options);
      const ours = await everywhere(graph, options);
      same(ours, theirs);
      if (ours.reading === 'pagerank' || ours.reading === 'reference-2026-07') return;
      const parts = theirs.components();
      for (const [k, backend] of backends.entries()) {
        const { units } = ours.exact;
        const found = await detailsExact(graph, ours.parameters, units, 1e-9, backend);
        expect([...found.diffusion], machines[k].name).toEqual(parts.diffusion);
        expect([...found.springs], machines[k].name).toEqual(parts.springs);
        expect([...found.heat], machines[k].name).toEqual(parts.heat);
        expect(found.freeEnergy, machines[k].name).toBe(parts.energy);
      }
    });
  }

  const folder = fileURLToPath(new URL('../../datasets/', import.meta.url));
  const beside = fileURLToPath(new URL('../../../shared/datasets/', import.meta.url));
  const dataSet = (file: string): void =>
    it(`data set ${file.split('/').at(-1)}`, { timeout: 300_000 }, async () => {
      const { graph } = await readGraph(file);
      same(await everywhere(graph, {}), bigintFocus(graph));
    });
  // The project's own must be there; those beside the project need not.
  for (const name of ['karate.tsv', 'bostrom-sample.tsv']) dataSet(`${folder}${name}`);
  for (const name of ['crystal-pages-edges.csv', 'bostrom-sample-links.csv']) {
    if (existsSync(`${beside}${name}`)) dataSet(`${beside}${name}`);
    else it.skip(`data set ${name} (NOT RUN: it does not lie beside the project)`);
  }

  it('random lineages, cold and warm', { timeout: 24 * 3_600_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + LINEAGES; seed++) {
      const { name, before, after, options } = lineageOf(seed);
      const all = seed % EVERY === 0;
      const first = await everywhere(before, options, all);
      same(first, bigintFocus(before, options));
      const { digest, units } = first.exact;
      const aligned = alignUnits({ ids: before.ids, units }, after.ids);
      const start = { units: aligned, name: digest };
      const second = await everywhere(after, { ...options, start }, all);
      same(second, bigintFocus(after, options, { start: [...aligned], startName: digest }));
      expect(first.converged || first.errorBound !== null, name).toBe(true);
    }
  });

  it('a block of seven columns, each as if alone', { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= Math.min(LINEAGES, 100); seed += 3) {
      const { before, options } = lineageOf(seed);
      const starts = Array.from({ length: 7 }, (_, b) => {
        const units = new BigInt64Array(before.particles);
        // From a point mass to nearly everywhere.
        for (let i = 0; i <= (b * units.length) / 7 && i < units.length; i++) units[i] = 1n << 54n;
        return { units };
      });
      const alone = [];
      for (const start of starts)
        alone.push(await focusExact(before, { ...options, start }, backends[0]));
      for (const [k, backend] of backends.entries()) {
        const block = await focusExactColumns(before, options, starts, backend);
        expect(
          block.map(({ exact }) => exact.digest),
          machines[k].name,
        ).toEqual(alone.map(({ exact }) => exact.digest));
      }
    }
  });
});
