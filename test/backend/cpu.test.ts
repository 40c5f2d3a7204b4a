// The CPU backend against the shared suite, in both precisions and with several threads, and what
// only it promises.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { workspaceCases } from '../cases/workspace-cases.js';
import { randomGraph, randomNumbers } from '../cases/random-graphs.js';

workspaceCases('cpu f64, 1 thread', () => Promise.resolve(openCpu({ threads: 1 })), 1e-14);
workspaceCases('cpu f64, 3 threads', () => Promise.resolve(openCpu({ threads: 3 })), 1e-14);
workspaceCases(
  'cpu f32, 2 threads',
  () => Promise.resolve(openCpu({ precision: 'f32', threads: 2 })),
  2e-6,
);

describe('the cpu backend', () => {
  it('refuses a number of threads that is no integer from 1 to 256', () => {
    for (const threads of [0, -1, 1.5, 257, NaN]) {
      expect(() => openCpu({ threads })).toThrow(/threads: expected an integer in 1…256/);
    }
  });

  it('has the same bits for any number of threads, in every verb', async () => {
    const graph = randomGraph({
      rows: 30_000,
      arcs: 120_000,
      seed: 11,
      weight: (r) => 0.1 + r.double(),
      hubs: true,
    });
    const results: Float64Array[][] = [];
    for (const threads of [1, 2, 3, 8]) {
      const backend = openCpu({ threads });
      const workspace = await backend.open(graph, 'both');
      const columns = 3;
      const x = workspace.vector(columns);
      const out = workspace.vector(columns);
      workspace.write(x, randomNumbers(graph.rows * columns, 5));
      workspace.product({
        out,
        direction: 'both',
        x,
        factor: 0.7,
        terms: [{ coefficient: -0.3, vector: x }],
      });
      const sums = workspace.reduce([
        { kind: 'sum', x: out },
        { kind: 'dot', x: out, y: x },
      ]);
      workspace.combine(out, [
        { coefficient: sums[0], vector: out },
        { coefficient: 2, vector: x },
      ]);
      results.push([await workspace.read(out), ...(await workspace.numbers(sums))]);
      workspace.destroy();
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('gives released memory to the next block, zeroed', async () => {
    const workspace = await openCpu({ threads: 1 }).open(
      randomGraph({ rows: 100, arcs: 300, seed: 1 }),
      'in',
    );
    const first = workspace.vector(2);
    workspace.write(first, randomNumbers(200, 3));
    workspace.release(first);
    expect(await workspace.read(workspace.vector(2))).toEqual(new Float64Array(200));
    workspace.destroy();
  });
});
