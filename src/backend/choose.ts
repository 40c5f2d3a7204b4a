// Which machine does the work, and why. `auto` takes a real GPU for graphs that are worth its
// start, never a software adapter, and the CPU otherwise; every choice comes with its reason, for
// one line on stderr.

import type { Backend, Precision } from './backend.js';
import { openCpu, openCpuExact } from './cpu/cpu.js';
import type { ExactBackend } from './exact.js';
import { openWebGpu, openWebGpuExact, probeWebGpu } from './webgpu/webgpu.js';

/** What a caller may ask for. */
export type BackendName = 'auto' | 'cpu' | 'webgpu';

export const BACKEND_NAMES: readonly BackendName[] = ['auto', 'cpu', 'webgpu'];

/** What to choose from. */
export interface BackendRequest {
  readonly backend?: BackendName | undefined;
  /**
   * Arithmetic of the CPU backend, default f64; a GPU always iterates in f32, and f64 results are
   * refined on the CPU.
   */
  readonly precision?: Precision | undefined;
  readonly threads?: number | undefined;
  /** Axons of the graph, for `auto`. */
  readonly axons: number;
}

/** A backend and why it was taken. */
export interface Choice<Machine = Backend> {
  readonly backend: Machine;
  readonly reason: string;
}

/** Below this many axons a GPU's start costs more than the CPU's whole solve. */
export const WORTH_A_GPU = 2_000_000;

/**
 * Opens the machine. Throws FocusError `no-backend` where the one asked for by name cannot be had.
 */
export function chooseBackend(request: BackendRequest): Promise<Choice> {
  const { precision, threads } = request;
  return choose(
    request,
    () =>
      openCpu({
        ...(precision === undefined ? {} : { precision }),
        ...(threads === undefined ? {} : { threads }),
      }),
    openWebGpu,
  );
}

/** The same for exact arithmetic, whose results do not depend on the choice. */
export function chooseExactBackend(
  request: Omit<BackendRequest, 'precision'>,
): Promise<Choice<ExactBackend>> {
  const { threads } = request;
  return choose(
    request,
    () => openCpuExact(threads === undefined ? {} : { threads }),
    openWebGpuExact,
  );
}

async function choose<Machine>(
  { backend = 'auto', axons }: Omit<BackendRequest, 'precision'>,
  openOnCpu: () => Machine,
  openOnGpu: (options: { software?: boolean }) => Promise<Machine>,
): Promise<Choice<Machine>> {
  const cpu = (reason: string): Choice<Machine> => ({ backend: openOnCpu(), reason });
  if (backend === 'cpu') return cpu('asked for by name');
  if (backend === 'webgpu') return { backend: await openOnGpu({}), reason: 'asked for by name' };
  if (axons < WORTH_A_GPU) {
    return cpu(
      `auto: ${axons} axons are fewer than the ${WORTH_A_GPU} that are worth a GPU's start`,
    );
  }
  const probe = await probeWebGpu();
  const real = probe.adapters.find((adapter) => !adapter.software);
  if (real === undefined) {
    const found =
      probe.unavailable ??
      (probe.adapters.length > 0
        ? `only a software adapter (${probe.adapters[0].name})`
        : 'no adapter');
    return cpu(`auto: no GPU, ${found}`);
  }
  try {
    return {
      backend: await openOnGpu({ software: false }),
      reason: `auto: ${real.name} is a GPU`,
    };
  } catch (error) {
    return cpu(`auto: the GPU ${real.name} could not be opened (${(error as Error).message})`);
  }
}
