// Goldens on every backend. Tolerances: 1e-9 in L1 in f64 (met with two decades to spare), 1e-5 in
// f32, 1e-8 for the reference reading, whose goldens are converged in float64.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { openWebGpu } from '../../src/backend/webgpu/webgpu.js';
import { focus } from '../../src/focus/focus.js';
import { distance } from '../graphs.js';
import { fixedPoints, referencePoints } from './golden-cases.js';

describe('on the CPU in f64', () => {
  for (const { name, graph, options, phi, entropy, syntropy } of fixedPoints()) {
    it(`${name} agrees to 1e-9`, async () => {
      const result = await focus(graph, { ...options, tolerance: 1e-11 });
      expect(result.converged).toBe(true);
      expect(distance(result.phi.data, phi)).toBeLessThan(1e-11);
      expect(Math.abs(result.entropy - entropy!)).toBeLessThan(1e-9);
      expect(Math.abs(result.syntropy - syntropy)).toBeLessThan(1e-9);
    });
  }

  for (const { name, graph, options, phi, syntropy } of referencePoints()) {
    it(`${name} agrees to 1e-8, with a residual and no bound`, async () => {
      const result = await focus(graph, { ...options, tolerance: 1e-12 });
      expect(result.converged).toBe(true);
      expect(result.errorBound).toBeNull();
      expect(result.residual).toBeLessThanOrEqual(1e-12);
      expect(distance(result.phi.data, phi)).toBeLessThan(1e-10);
      expect(Math.abs(result.syntropy - syntropy)).toBeLessThan(1e-8);
    });
  }
});

const singles: [string, () => Promise<Backend>][] = [
  ['the CPU in f32', () => Promise.resolve(openCpu({ precision: 'f32' }))],
  ['WebGPU in f32', () => openWebGpu()],
];
for (const [where, open] of singles) {
  describe(`on ${where}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend.destroy());

    for (const { name, graph, options, phi } of [...fixedPoints(), ...referencePoints()]) {
      it(`${name} agrees to 1e-5`, async () => {
        const result = await focus(graph, options, backend);
        expect(result.converged).toBe(true);
        expect(distance(result.phi.data, phi)).toBeLessThan(1e-5);
      });
    }

    for (const { name, graph, options, phi } of fixedPoints()) {
      it(`${name} is refined to 1e-9 when f64 is asked for`, async () => {
        const result = await focus(graph, { ...options, precision: 'f64' }, backend);
        expect(result.converged).toBe(true);
        expect(result.errorBound).toBeLessThanOrEqual(1e-9);
        expect(distance(result.phi.data, phi)).toBeLessThan(1e-9);
      });
    }
  });
}
