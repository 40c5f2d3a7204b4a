// How fast is one PageRank iteration? Ours (f32 and f64, one and eight columns) against plain
// TypeScript-style loops on one thread, and against GAP's pr_spmv in C++ with OpenMP where its
// binary is given:
//   node --expose-gc bench/main.mjs pagerank --scales=18,20,22 --threads=2 --gap=PATH/pr_spmv
// An iteration is complete: contributions, product, teleport, and the L1 change (ours holds z =
// φ/out, as the engine does, so that contributions are z itself). Figures are medians; rounds of
// all contestants alternate, so that a machine that slows down slows all of them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCpu } from '../dist/backend/cpu/cpu.js';
import { kronecker, writeSerialised } from './kronecker.mjs';

const DAMPING = 0.85;

export async function bench({ scales = '18,20', threads = '2', gap, rounds = '5', steps = '8' }) {
  const rows = [];
  for (const scale of scales.split(',').map(Number)) {
    const graph = kronecker(scale);
    const arcs = graph.columns.length;
    process.stderr.write(`scale ${scale}: ${graph.rows} particles, ${arcs} arcs\n`);
    const contestants = [plain(graph)];
    if (gap !== undefined) contestants.push(gapBinary(graph, gap, threads));
    for (const precision of ['f32', 'f64']) {
      contestants.push(...(await ours(graph, precision, Number(threads), [1, 8])));
    }
    for (let round = 0; round < Number(rounds); round++) {
      for (const contestant of contestants)
        contestant.times.push(...(await contestant.run(Number(steps))));
    }
    const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
    const reference = contestants.find(({ name }) => name.startsWith('gap'));
    const gapMs = reference && median(reference.times);
    for (const { name, columns, times, close } of contestants) {
      const ms = median(times);
      rows.push({
        contestant: name,
        scale: String(scale),
        columns,
        ms,
        'arc-columns/ns': (arcs * columns) / ms / 1e6,
        'gap/ours': gapMs && columns === 1 ? gapMs / ms : null,
      });
      close?.();
    }
    const speed = (name) =>
      rows.find((row) => row.contestant === name && row.scale === String(scale))['arc-columns/ns'];
    for (const precision of ['f32', 'f64']) {
      rows.push({
        contestant: `B=8 over B=1, ${precision}`,
        scale: String(scale),
        ratio: speed(`ours ${precision} B=8`) / speed(`ours ${precision} B=1`),
      });
    }
  }
  return rows;
}

async function ours(graph, precision, threads, blocks) {
  const backend = openCpu({ precision, threads });
  const workspace = await backend.open(graph, 'in');
  const n = graph.rows;
  const column = (value) => {
    const vector = workspace.vector(1);
    workspace.write(
      vector,
      Float64Array.from({ length: n }, (_, i) =>
        value(graph.offsets[i + 1] - graph.offsets[i] || 1),
      ),
    );
    return vector;
  };
  const [measure, rowScale, prior] = [
    column((out) => out),
    column((out) => 1 / out),
    column((out) => 1 / n / out),
  ];
  let open = blocks.length;
  return blocks.map((columns) => {
    let [x, y] = [workspace.vector(columns), workspace.vector(columns)];
    workspace.write(x, new Float64Array(n * columns).fill(1 / n));
    return {
      name: `ours ${precision} B=${columns}`,
      columns,
      times: [],
      close: () => {
        if (--open === 0) workspace.destroy();
      },
      run: async (steps) => {
        const times = [];
        for (let step = 0; step < steps; step++) {
          const started = performance.now();
          workspace.product({
            out: y,
            direction: 'in',
            x,
            rowScale,
            factor: DAMPING,
            terms: [{ coefficient: 1 - DAMPING, vector: prior }],
          });
          await workspace.numbers(
            workspace.reduce([{ kind: 'distance', x: y, y: x, weight: measure }]),
          );
          times.push(performance.now() - started);
          [x, y] = [y, x];
        }
        return times;
      },
    };
  });
}

/**
 * The loops that a careful TypeScript program would have: typed arrays, one thread, f32 vectors.
 */
function plain({ rows, offsets, columns }) {
  const x = new Float32Array(rows).fill(1 / rows);
  const share = new Float32Array(rows);
  return {
    name: 'plain typescript f32',
    columns: 1,
    times: [],
    run: (steps) => {
      const times = [];
      for (let step = 0; step < Math.min(steps, 3); step++) {
        const started = performance.now();
        for (let i = 0; i < rows; i++) share[i] = x[i] / (offsets[i + 1] - offsets[i] || 1);
        let change = 0;
        for (let i = 0; i < rows; i++) {
          let sum = 0;
          for (let k = offsets[i]; k < offsets[i + 1]; k++) sum += share[columns[k]];
          const value = (1 - DAMPING) / rows + DAMPING * sum;
          change += Math.abs(value - x[i]);
          x[i] = value;
        }
        if (!(change >= 0)) throw new Error('the iteration broke');
        times.push(performance.now() - started);
      }
      return times;
    },
  };
}

function gapBinary(graph, binary, threads) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'));
  const file = join(folder, 'graph.sg');
  writeSerialised(graph, file);
  return {
    name: 'gap pr_spmv f32',
    columns: 1,
    times: [],
    close: () => rmSync(folder, { recursive: true }),
    run: (steps) => {
      const output = execFileSync(binary, ['-f', file, '-n', '3', '-i', String(steps), '-t', '0'], {
        encoding: 'utf8',
        env: { ...process.env, OMP_NUM_THREADS: threads },
      });
      return [...output.matchAll(/Trial Time:\s+([\d.]+)/g)].map(
        ([, seconds]) => (Number(seconds) * 1000) / steps,
      );
    },
  };
}
