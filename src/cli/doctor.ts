// focus doctor: what this machine offers and what would be chosen, and why. Exit code 0 even
// without a GPU: the CPU always works.

import { cpus, freemem, totalmem } from 'node:os';
import { Command } from 'commander';
import { chooseBackend, WORTH_A_GPU } from '../backend/choose.js';
import { probeWebGpu } from '../backend/webgpu/webgpu.js';
import { focus } from '../focus/focus.js';
import { buildGraph } from '../graph/build.js';
import { generateLinks } from '../graph/generate.js';
import { ENGINE_VERSION } from '../report/manifest.js';

/** Registers the command. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show threads, memory, adapters and limits, and what would be chosen')
    .option('--json', 'print one JSON object')
    .action(doctor);
}

async function doctor(flags: { readonly json?: boolean }): Promise<void> {
  const cores = cpus();
  const probe = await probeWebGpu(['default', 'opengles']);
  const choice = await chooseBackend({ axons: WORTH_A_GPU });
  const trial = await tryBackend(choice.backend);
  choice.backend.destroy();
  const record = {
    engine: ENGINE_VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryBytes: { total: totalmem(), free: freemem() },
    webgpu: probe,
    chosen: {
      backend: choice.backend.name,
      description: choice.backend.description,
      reason: choice.reason,
    },
    trial,
  };
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(record)}\n`);
    return;
  }
  const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const lines = [
    `engine      focus-engine ${record.engine}, node ${record.node}, ${record.platform}`,
    `processor   ${record.processor}, ${record.cores} cores`,
    `memory      ${gibibytes(record.memoryBytes.total)}, ${gibibytes(record.memoryBytes.free)} free`,
  ];
  if (probe.unavailable !== null) lines.push(`webgpu      not available: ${probe.unavailable}`);
  else if (probe.adapters.length === 0) lines.push('webgpu      loads, but finds no adapter');
  for (const adapter of probe.adapters) {
    lines.push(
      `adapter     ${adapter.name} (${adapter.api}, ${adapter.software ? 'software' : 'GPU'})`,
      `            driver ${adapter.driver || 'not named'}`,
      `            ${gibibytes(adapter.limits.maxStorageBufferBindingSize)} a binding, ` +
        `${gibibytes(adapter.limits.maxBufferSize)} a buffer, ` +
        `${adapter.limits.maxStorageBuffersPerShaderStage} storage buffers a stage`,
      `            features ${adapter.features.join(', ') || 'none'}`,
    );
  }
  lines.push(
    `chosen      ${choice.backend.description}`,
    `why         ${choice.reason}`,
    `trial       ${trial}`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Solves a small graph, so that a driver that only pretends is found out here. */
async function tryBackend(backend: Parameters<typeof focus>[2]): Promise<string> {
  const graph = buildGraph(
    generateLinks({ profile: 'uniform', seed: 1, particles: 1000, links: 5000 }),
  );
  const started = performance.now();
  const result = await focus(graph, { tolerance: 1e-6 }, backend);
  const elapsed = (performance.now() - started).toFixed(0);
  return `${graph.report.axons} axons certified to ${result.errorBound?.toExponential(1)} in ${elapsed} ms`;
}
