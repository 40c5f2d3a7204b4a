// The shared cases on SwiftShader: every kernel through Dawn's Vulkan back end, once with the
// adapter's own limits and once with small workgroups, subgroups, bindings so small that matrices
// are cut into slices and dispatch dimensions so small that all are two-dimensional.

import { openWebGpu, probeWebGpu } from '../../src/backend/webgpu/webgpu.js';
import { workspaceCases } from '../cases/workspace-cases.js';

/** Sixteen units of 2⁻²⁴; the largest error seen is six. */
const TOLERANCE_F32 = 1e-6;
const SMALL_BINDING = 2 ** 17;

const { unavailable, adapters } = await probeWebGpu();
if (adapters.length === 0) {
  throw new Error(
    `the WGSL suite did not run: ${unavailable ?? 'no adapter, not even SwiftShader'}`,
  );
}

workspaceCases(`webgpu on ${adapters[0].name}`, () => openWebGpu(), TOLERANCE_F32);

const small = () =>
  openWebGpu({
    bindingLimit: SMALL_BINDING,
    groupLimit: 150,
    workgroupSize: 32,
    subgroups: true,
  });
const large = `its blocks exceed a binding of ${SMALL_BINDING} bytes`;
const title = 'webgpu with workgroups of 32, subgroups, small bindings and dispatches';
workspaceCases(title, small, TOLERANCE_F32, {
  'what was written is read back in graph order': large,
  'products agree for more columns than a workgroup has lanes': large,
  'products agree on hubs of a hundred thousand arcs': large,
  'sixteen reductions of 100000 rows agree': large,
});
