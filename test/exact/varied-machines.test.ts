// Exact columns that differ have the same bits on every machine: WebAssembly with several numbers of
// threads, and WGSL through two shader compilers and several sizes of workgroup.

import { expect, it } from 'vitest';
import { openExactBlock } from '../../src/focus/exact/block.js';
import { machinesHere } from './machines.js';
import { variationsOf } from './variations.js';

const SEEDS = [11];
/** One adapter for each shader compiler: the shared cases run the rest. */
const machines = machinesHere().filter(({ name, core }) => core || name.startsWith('WebAssembly'));

for (const { name, open } of machines) {
  it(`gives the bits of one thread: ${name}`, { timeout: 600_000 }, async () => {
    const [backend, first] = [await open(), await machines[0].open()];
    for (const seed of SEEDS) {
      const { graph, options, changes } = variationsOf(seed, 4, 40);
      const added = Math.max(...changes.map((change) => change.added));
      const results = [];
      for (const machine of [first, backend]) {
        const block = await openExactBlock(
          graph,
          { ...options, added, columns: 4, tolerance: 1e-7 },
          machine,
        );
        const found = await block.solve(changes.map((change) => ({ changes: change })));
        results.push(found.map((own) => own && { ...own, units: own.units.join() }));
        block.destroy();
      }
      expect(results[1], `seed ${seed}`).toEqual(results[0]);
      expect(results[0].filter((own) => own !== null).length).toBeGreaterThan(1);
    }
    backend.destroy();
    first.destroy();
  });
}
