// What section 11 proves of a column on a changed graph, against real numbers: one application of its
// map misses the map of the changed graph by at most Q and the truncation, and its focus is within the
// reported bound of that graph's. The real map is dense, in fixed point of 320 bits, and knows nothing
// of bases, changes or integer weights.

import { afterAll, describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { openExactBlock } from '../../src/focus/exact/block.js';
import { variedQuantisationError } from '../../src/focus/exact/varied-certificate.js';
import { openVariedBase, variedOperator } from '../../src/focus/exact/varied.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import { distanceToFocus, distanceToMap, realMap, type RealParameters } from './bigint-real.js';
import { changedGraph, variationsOf, type VariationCase } from './variations.js';

const backend = openCpuExact({ threads: 1 });
afterAll(() => backend.destroy());

function realParameters({ graph, options }: VariationCase): RealParameters {
  const { teleport, mu, tau, lambda } = resolveParameters(options, graph);
  const laplacian = options.reading === 'pagerank' ? 'none' : 'random-walk';
  const prior = options.prior ?? 'degree';
  return { laplacian, unit: 1, teleport, mu, tau, lambda, prior };
}

describe('the bound of an exact column on a changed graph', () => {
  it('holds one application against the real map', { timeout: 300_000 }, async () => {
    let worst = 0;
    for (let seed = 200; seed < 240; seed++) {
      const given = variationsOf(seed, 4, 8);
      const { graph, options, changes } = given;
      const added = Math.max(...changes.map((change) => change.added));
      const base = await openVariedBase(graph, resolveParameters(options, graph), added, backend);
      const columns = changes.length;
      const operator = variedOperator(base, columns);
      const own = operator.vary(changes.map(({ axons }) => axons));
      const { rows } = base.workspace;
      const random = randomStream(seed, 2);
      const values = new BigInt64Array(rows * columns);
      const after = changes.map((change) => changedGraph(graph, change));
      after.forEach(({ rows: there }, b) => {
        const most = 60 - Math.ceil(Math.log2(there.length));
        for (const row of there) {
          const value = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
          values[row * columns + b] = value >> BigInt(64 - most + random.below(20));
        }
      });
      const [phi, out] = [operator.workspace.vector(columns), operator.workspace.vector(columns)];
      operator.workspace.write(phi, values);
      for (const degree of base.series === null ? [0] : [0, 1, 2, 7, 60]) {
        operator.apply(out, phi, degree, operator.constantVector);
        const found = await operator.workspace.read(out);
        after.forEach(({ graph: changed, rows: there }, b) => {
          const column = own[b];
          if (column === null) return;
          const at = (block: BigInt64Array): bigint[] =>
            there.map((row) => block[row * columns + b]);
          const real = realMap(changed.axons, realParameters(given));
          const distance = distanceToMap(real, at(values), at(found));
          const phiOf = BigInt64Array.from({ length: rows }, (_, i) => values[i * columns + b]);
          const quantised = variedQuantisationError(base, column, phiOf, degree);
          const allowed = operator.applicationError(degree, b) + quantised;
          expect(distance <= allowed, `seed ${seed}, column ${b}, degree ${degree}`).toBe(true);
          const close = degree === 60 || base.series === null;
          if (close && quantised === 0n)
            worst = Math.max(worst, Number(distance) / Number(allowed));
          // Nothing is ever written where nobody is.
          const elsewhere = at(found).reduce((x, y) => x + (y < 0n ? -y : y), 0n);
          const all = found.reduce((x, y, k) => x + (k % columns !== b ? 0n : y < 0n ? -y : y), 0n);
          expect(all).toBe(elsewhere);
        });
      }
      base.destroy();
    }
    // The bound is no more than an order of magnitude above what happens.
    expect(worst).toBeGreaterThan(0.05);
  });

  it('holds the focus against the real one', { timeout: 300_000 }, async () => {
    for (let seed = 240; seed < 260; seed++) {
      const given = variationsOf(seed, 4, 8);
      const { graph, options, changes } = given;
      const added = Math.max(...changes.map((change) => change.added));
      const block = await openExactBlock(graph, { ...options, added, tolerance: 1e-12 }, backend);
      const found = await block.solve(changes.map((change) => ({ changes: change })));
      found.forEach((varied, b) => {
        if (varied === null) return;
        const { graph: changed, rows } = changedGraph(graph, changes[b]);
        const focus = realMap(changed.axons, realParameters(given)).focus();
        const units = rows.map((row) => varied.units[row]);
        const distance = distanceToFocus(focus, units);
        expect(distance, `seed ${seed}, column ${b}`).toBeLessThanOrEqual(varied.errorBound);
      });
      block.destroy();
    }
  });
});
