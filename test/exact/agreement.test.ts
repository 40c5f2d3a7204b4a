// Every machine gives the same bits, and they are the bits of the second implementation: on the
// goldens, on data sets, on random lineages (a graph, a delta, a warm start), alone and in a block of
// seven. FOCUS_LINEAGES sets how many (default 40; the promise is kept for 1,000, in a quarter of an
// hour); every machine runs every lineage.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExactBackend } from '../../src/backend/exact.js';
import { alignUnits } from '../../src/focus/exact/delta.js';
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

const LINEAGES = Number(process.env['FOCUS_LINEAGES'] ?? 40);
const machines = machinesHere();
const backends: ExactBackend[] = [];

beforeAll(async () => {
  for (const machine of machines) backends.push(await machine.open());
});
afterAll(() => {
  for (const backend of backends) backend.destroy();
});

/** Runs on every machine; all must give one digest, which is returned with the last result. */
async function everywhere(graph: Graph, options: ExactOptions): Promise<ExactFocus> {
  const results = [];
  for (const backend of backends) results.push(await focusExact(graph, options, backend));
  const [first] = results;
  const found = results.map(({ exact, errorBound, converged }, k) => [
    machines[k].name,
    exact.digest,
    errorBound,
    converged,
  ]);
  expect(found).toEqual(
    machines.map(({ name }) => [name, first.exact.digest, first.errorBound, first.converged]),
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
      same(await everywhere(graph, options), bigintFocus(graph, options));
    });
  }

  const folder = fileURLToPath(new URL('../../datasets/', import.meta.url));
  const beside = fileURLToPath(new URL('../../../shared/datasets/', import.meta.url));
  const files = [
    `${folder}karate.tsv`,
    `${folder}bostrom-sample.tsv`,
    `${beside}crystal-pages-edges.csv`,
    `${beside}bostrom-sample-links.csv`,
  ];
  for (const file of files) {
    const run = existsSync(file) ? it : it.skip;
    run(`data set ${file.split('/').at(-1)}`, { timeout: 300_000 }, async () => {
      const { graph } = await readGraph(file);
      same(await everywhere(graph, {}), bigintFocus(graph));
    });
  }

  it('random lineages, cold and warm', { timeout: 3_600_000 }, async () => {
    for (let seed = 1; seed <= LINEAGES; seed++) {
      const { name, before, after, options } = lineageOf(seed);
      const first = await everywhere(before, options);
      same(first, bigintFocus(before, options));
      const { digest, units } = first.exact;
      const aligned = alignUnits({ ids: before.ids, units }, after.ids);
      const start = { units: aligned, name: digest };
      const second = await everywhere(after, { ...options, start });
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
        expect(block.map(({ exact }) => exact.digest), machines[k].name).toEqual(
          alone.map(({ exact }) => exact.digest),
        );
      }
    }
  });
});
