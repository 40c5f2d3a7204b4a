// The shared cases on this machine's own graphics card, where it has one; SwiftShader is not on
// this project's path.

import { it } from 'vitest';
import { openWebGpu, probeWebGpu } from '../../src/backend/webgpu/webgpu.js';
import { workspaceCases } from '../cases/workspace-cases.js';

const { adapters } = await probeWebGpu();
const card = adapters.find(({ software }) => !software);
if (card !== undefined) {
  workspaceCases(`webgpu on ${card.name}`, () => openWebGpu({ software: false }), 1e-6);
} else {
  const line =
    'THE WGSL SUITE DID NOT RUN ON HARDWARE: no graphics card with a Vulkan, Metal or D3D12 driver';
  console.warn(line);
  it.skip(line);
}
