// The machines of commands that compute in exact arithmetic: where exact solves run, and doubles on the
// CPU beside it, with progress and interruption.

import { chooseExactBackend, type BackendName } from '../backend/choose.js';
import { openCpu } from '../backend/cpu/cpu.js';
import type { EpochMachines } from '../epoch/compute.js';
import { interruptible } from './interrupt.js';
import { openProgress } from './progress.js';

/** Where to run. */
export interface MachineFlags {
  readonly backend?: BackendName;
  readonly threads?: number;
}

/** Opens machines for a graph of about so many axons, and closes them in the end. */
export async function withMachines<T>(
  flags: MachineFlags,
  axons: number,
  work: (machines: EpochMachines) => Promise<T>,
): Promise<T> {
  const { backend: exact, reason } = await chooseExactBackend({ ...flags, axons });
  const cpu = openCpu(flags.threads === undefined ? {} : { threads: flags.threads });
  const progress = openProgress();
  try {
    return await interruptible((signal) => {
      process.stderr.write(`backend: ${exact.description} (${reason})\n`);
      return work({
        exact,
        cpu,
        signal,
        onProgress: (what, fraction) =>
          fraction === null ? progress.phase(what) : progress.update(fraction, what),
      });
    });
  } finally {
    progress.end();
    exact.destroy();
    cpu.destroy();
  }
}
