// What surrounds the kernels on a GPU: probing, budgets, slices, submits, lost devices, errors that
// Dawn reports late.

import { afterAll, describe, expect, it } from 'vitest';
import { FocusError, type ErrorCode } from '../../src/base/errors.js';
import type { Workspace } from '../../src/backend/backend.js';
import { openDevice, type Device, type DeviceOptions } from '../../src/backend/webgpu/device.js';
import { formatExact, formatF32 } from '../../src/backend/webgpu/format.js';
import { compileKernels } from '../../src/backend/webgpu/pipelines.js';
import { openWebGpu, probeWebGpu } from '../../src/backend/webgpu/webgpu.js';
import { openWorkspace } from '../../src/backend/webgpu/workspace.js';
import type { Csr } from '../../src/graph/csr.js';
import { naiveProduct } from '../cases/naive.js';
import { randomGraph, randomNumbers } from '../cases/random-graphs.js';

const graph = randomGraph({
  rows: 300,
  arcs: 4000,
  seed: 11,
  weight: (random) => 1 + random.double(),
});

/** The device under a workspace, for tests that break it. */
async function openBoth(options: DeviceOptions = {}, axons: Csr = graph) {
  const device = await openDevice(options);
  const kernels = await compileKernels(device, formatF32);
  const workspace = await openWorkspace(device, kernels, axons, 'both', () => undefined);
  return { device, workspace };
}

function codeOf(action: () => unknown): ErrorCode | 'nothing thrown' {
  try {
    action();
  } catch (error) {
    if (error instanceof FocusError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

const rejectedCode = (promise: Promise<unknown>): Promise<ErrorCode | 'nothing thrown'> =>
  promise.then(
    () => 'nothing thrown',
    (error: unknown) => {
      if (error instanceof FocusError) return error.code;
      throw error;
    },
  );

describe('a probe', () => {
  it('describes the software adapter as one', async () => {
    const { unavailable, adapters } = await probeWebGpu();
    expect(unavailable).toBeNull();
    expect(adapters.map(({ software }) => software)).toContain(true);
    const software = adapters.find((adapter) => adapter.software);
    expect(software?.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
  });

  it('is not enough for a caller who refuses software adapters', async () => {
    if ((await probeWebGpu()).adapters.some(({ software }) => !software)) return;
    expect(await rejectedCode(openWebGpu({ software: false }))).toBe('no-backend');
  });
});

describe('a kernel', () => {
  it('compiles without a single message, warnings included, in every format', async () => {
    for (const format of [formatF32, formatExact]) {
      for (const subgroups of [false, true]) {
        const device = await openDevice({ subgroups });
        const gpu = device.device;
        const compile = gpu.createShaderModule.bind(gpu);
        const modules: GPUShaderModule[] = [];
        gpu.createShaderModule = (descriptor) => {
          const module = compile(descriptor);
          modules.push(module);
          return module;
        };
        await compileKernels(device, format);
        expect(modules.length).toBeGreaterThan(7);
        for (const module of modules)
          expect((await module.getCompilationInfo()).messages, module.label).toEqual([]);
        device.destroy();
      }
    }
  });

  it('that does not compile is named with file and line', async () => {
    const device = await openDevice({});
    const broken = compileKernels(device, { ...formatF32, prelude: 'summation' });
    await expect(broken).rejects.toThrow(/shaders\/[a-z-]+\.wgsl:\d+:\d+: WGSL error/);
    device.destroy();
  });
});

describe('a matrix larger than a binding', () => {
  it('is cut into slices, more than fit in one submit, with the same product', async () => {
    const axons = randomGraph({
      rows: 1000,
      arcs: 200_000,
      seed: 12,
      weight: (random) => 1 + random.double(),
    });
    const { device, workspace } = await openBoth({ bindingLimit: 16_384 }, axons);
    const x = { columns: 2, values: randomNumbers(2000, 1) };
    const vector = workspace.vector(2);
    const out = workspace.vector(2);
    workspace.write(vector, x.values);
    workspace.product({
      out,
      direction: 'both',
      x: vector,
      factor: 0.5,
      terms: [
        { coefficient: Float64Array.of(2, -3), vector },
        { coefficient: 1.5, vector },
      ],
    });
    const term = { coefficient: Float64Array.of(3.5, -1.5), vector: x };
    const { value, magnitude } = naiveProduct({
      axons,
      direction: 'both',
      x,
      factor: 0.5,
      terms: [term],
    });
    const found = await workspace.read(out);
    const worst = Math.max(...found.map((number, k) => Math.abs(number - value[k]) / magnitude[k]));
    expect(worst).toBeLessThan(2e-6);
    workspace.destroy();
    device.destroy();
  });
});

describe('the byte budget', () => {
  it('refuses a graph and a vector before they are allocated', async () => {
    const backend = await openWebGpu({ memoryBudget: 2 ** 21 });
    const large = randomGraph({ rows: 50_000, arcs: 200_000, seed: 13 });
    expect(await rejectedCode(backend.open(large, 'both'))).toBe('too-large');
    const small = await backend.open(randomGraph({ rows: 5_000, arcs: 100, seed: 14 }), 'in');
    expect(codeOf(() => small.vector(100))).toBe('too-large');
    backend.destroy();
  });

  it('gives back what released vectors held', async () => {
    const { device, workspace } = await openBoth({ memoryBudget: 2 ** 21 });
    for (let columns = 1; columns <= 200; columns++) workspace.release(workspace.vector(columns));
    workspace.destroy();
    expect(device.allocatedBytes).toBe(0);
    device.destroy();
  });

  it('names the limit of a binding', async () => {
    const { device, workspace } = await openBoth({ bindingLimit: 65_536 });
    expect(() => workspace.vector(100)).toThrow(/120000 bytes.*at most 65536/);
    device.destroy();
  });
});

describe('scalars on the device', () => {
  it('that newer ones have overwritten are an error and not a wrong number', async () => {
    const { device, workspace } = await openBoth({ bindingLimit: 16_384 });
    const x = workspace.vector(8);
    const [old] = workspace.reduce([{ kind: 'sum', x }]);
    for (let k = 0; k < 500; k++) workspace.reduce([{ kind: 'sum', x }]);
    expect(await rejectedCode(workspace.numbers([old]))).toBe('usage');
    device.destroy();
  });
});

describe('entries and scalars that stay', () => {
  const entry = {
    row: null,
    column: 1,
    keep: 1,
    parts: [{ source: 0, row: 3, column: 0, weight: 2 }],
  };

  it('outlive reduced scalars, whose ring is overwritten', async () => {
    const { device, workspace } = await openBoth({ bindingLimit: 16_384 });
    const x = workspace.vector(8);
    workspace.write(x, new Float64Array(8 * workspace.rows).fill(1));
    const stored = workspace.scalars(2);
    workspace.amend(stored, workspace.place([entry]), [{ numbers: x, factor: 1 }]);
    for (let k = 0; k < 500; k++) workspace.reduce([{ kind: 'sum', x }]);
    // As coefficients they take room among the constants: 1,024 of a submit, for 128 dispatches.
    const [many, wide] = [workspace.scalars(12), workspace.vector(12)];
    for (let k = 0; k < 130; k++) workspace.combine(wide, [{ coefficient: many, vector: wide }]);
    expect(await workspace.numbers([stored])).toEqual([Float64Array.of(0, 2)]);
    device.destroy();
  });

  it('give their bytes back, and are a defect afterwards', async () => {
    const { device, workspace } = await openBoth();
    const x = workspace.vector(1);
    workspace.write(x, new Float64Array(workspace.rows).fill(1));
    const kept = workspace.scalars(2);
    const before = device.allocatedBytes;
    const stored = workspace.scalars(5);
    const placed = workspace.place([entry]);
    expect(device.allocatedBytes).toBeGreaterThan(before);
    workspace.amend(stored, placed, [{ numbers: x, factor: 1 }]);
    const between = { row: null, column: 1, weight: 2, source: 0 };
    const copying = workspace.place([{ ...entry, parts: [between] }]);
    workspace.amend(kept, copying, [{ numbers: stored, factor: 1 }]);
    workspace.release(placed);
    workspace.release(stored);
    workspace.release(copying);
    expect(device.allocatedBytes).toBe(before);
    const from = [{ numbers: x, factor: 1 }];
    const unused = workspace.place([entry]);
    expect(codeOf(() => workspace.amend(stored, unused, from))).toBe('invariant');
    expect(codeOf(() => workspace.amend(kept, placed, from))).toBe('invariant');
    const by = [{ coefficient: stored, vector: x }];
    expect(codeOf(() => workspace.combine(workspace.vector(5), by))).toBe('invariant');
    const [sum] = workspace.reduce([{ kind: 'sum', x }]);
    workspace.release(sum);
    const numbers = await workspace.numbers([kept, sum]);
    expect(numbers).toEqual([Float64Array.of(0, 4), Float64Array.of(workspace.rows)]);
    workspace.destroy();
    expect(device.allocatedBytes).toBe(0);
    device.destroy();
  });

  it('share one submit with what stands around them', async () => {
    const { device, workspace } = await openBoth();
    const x = workspace.vector(2);
    const placed = workspace.place([{ ...entry, row: 1, parts: [] }]);
    const { queue } = device.device;
    const submit = queue.submit.bind(queue);
    let submits = 0;
    queue.submit = (buffers) => {
      submits++;
      return submit(buffers);
    };
    for (let k = 0; k < 20; k++) {
      workspace.combine(x, [{ coefficient: 2, vector: x }]);
      workspace.amend(x, placed, []);
    }
    await workspace.read(x);
    expect(submits).toBe(1);
    device.destroy();
  });
});

describe('a lost device', () => {
  const devices: Device[] = [];
  afterAll(() => devices.forEach((device) => device.destroy()));

  /** A product and a reduction under way. */
  function busy(workspace: Workspace): readonly Promise<unknown>[] {
    const x = workspace.vector(2);
    const out = workspace.vector(2);
    workspace.product({ out, direction: 'both', x, factor: 1, terms: [] });
    return [workspace.numbers(workspace.reduce([{ kind: 'sum', x: out }])), workspace.read(out)];
  }

  it('rejects every pending and every later wait, and refuses verbs', async () => {
    const { device, workspace } = await openBoth();
    devices.push(device);
    const vector = workspace.vector(1);
    const pending = busy(workspace).map(rejectedCode);
    device.device.destroy();
    expect(await Promise.all(pending)).toEqual(['device-lost', 'device-lost']);
    expect(await rejectedCode(workspace.read(vector))).toBe('device-lost');
    expect(codeOf(() => workspace.combine(vector, []))).toBe('device-lost');
    expect(codeOf(() => workspace.vector(1))).toBe('device-lost');
    workspace.destroy();
  });

  it('is what waits see when the backend is destroyed under them', async () => {
    const backend = await openWebGpu();
    const workspace = await backend.open(graph, 'both');
    const pending = busy(workspace).map(rejectedCode);
    backend.destroy();
    backend.destroy();
    expect(await Promise.all(pending)).toEqual(['device-lost', 'device-lost']);
    expect(await rejectedCode(backend.open(graph, 'in'))).toBe('device-lost');
  });
});

describe('an error that Dawn reports late', () => {
  it('is thrown at the next wait', async () => {
    const { device, workspace } = await openBoth();
    const vector = workspace.vector(1);
    device.device.createBuffer({ label: 'wrong', size: 16, usage: 0x1 | 0x80 });
    const wait = async (): Promise<unknown> =>
      workspace.numbers([]).then(() => workspace.read(vector));
    await device.device.queue.onSubmittedWorkDone();
    expect(await rejectedCode(wait())).toBe('failure');
    device.destroy();
  });
});
