// The shared cases of exact arithmetic on SwiftShader, for every size of workgroup, through
// subgroups, and with bindings and dispatches so small that all is sliced; and what only the WebGPU
// backend promises.

import { openWebGpuExact } from '../../src/backend/webgpu/webgpu.js';
import { exactCases } from '../cases/exact-cases.js';

const SMALL_BINDING = 2 ** 17;

for (const workgroupSize of [64, 32, 128] as const) {
  exactCases(`webgpu with workgroups of ${workgroupSize}`, () => openWebGpuExact({ workgroupSize }));
}

const large = `its blocks exceed a binding of ${SMALL_BINDING} bytes`;
exactCases(
  'webgpu with small bindings and dispatches',
  () => openWebGpuExact({ bindingLimit: SMALL_BINDING, groupLimit: 150 }),
  {
    'exact blocks are read back as they were written': large,
    'exact products agree on hubs of a hundred thousand arcs': large,
    'exact combinations agree for up to 24 terms of every kind': large,
    'exact scaling agrees, also in place': large,
    'sixteen exact reductions of 100000 rows agree': large,
  },
);
