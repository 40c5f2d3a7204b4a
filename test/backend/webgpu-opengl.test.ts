// The shared cases on Mesa's llvmpipe through OpenGL ES: a second shader compiler and a second Dawn
// back end, where installed.

import { it } from 'vitest';
import { openWebGpu } from '../../src/backend/webgpu/webgpu.js';
import { workspaceCases } from '../cases/workspace-cases.js';
import { hasSystemEgl } from './software-adapter.js';

if (hasSystemEgl()) {
  workspaceCases('webgpu on llvmpipe', () => openWebGpu({ api: 'opengles' }), 1e-6);
} else {
  const line =
    'THE WGSL SUITE DID NOT RUN ON LLVMPIPE: install libegl1, libgl1-mesa-dri and libegl-dev';
  console.warn(line);
  it.skip(line);
}
