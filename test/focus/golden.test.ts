// Goldens: fixed points of an independent implementation (float64, dense, direct). Tolerances: 10⁻⁹
// in L1 in f64 and 10⁻⁵ in f32, 10⁻⁸ for the reference reading, whose goldens are converged in
// float64.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { focus } from '../../src/focus/focus.js';
import type { FocusOptions, Reading } from '../../src/focus/parameters.js';
import { buildGraph } from '../../src/graph/build.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { distance, graphOf, type LinkTuple } from '../graphs.js';

interface FocusGolden {
  readonly reading: Reading;
  readonly params: {
    t?: number;
    mu?: number;
    tau?: number;
    lam?: [number, number, number];
    unit?: number;
  };
  readonly links: LinkTuple[];
  readonly ids: string[];
  readonly phi: number[];
  readonly entropy: number;
  readonly syntropy: number;
}

interface ReferenceGolden {
  readonly nodes: number[];
  readonly edges: [number, number, number, number, number][];
  readonly karma: Record<string, number>;
  readonly will: Record<string, number>;
  readonly phi_star_f64: number[];
  readonly syntropy_f64: number;
}

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));
const fixedPoints = load('focus-1').fixed_points as Record<string, FocusGolden>;
const references = load('reference-2026-07').cases as Record<string, ReferenceGolden>;

const optionsOf = ({ reading, params }: FocusGolden): FocusOptions => ({
  reading,
  teleport: params.t,
  mu: params.mu,
  tau: params.tau,
  lambda: params.lam,
  unit: params.unit,
});

describe('fixed points', () => {
  for (const [name, golden] of Object.entries(fixedPoints)) {
    it(`${name} agrees to 1e-9 on cpu f64`, async () => {
      const graph = graphOf(golden.links);
      expect(golden.ids.map((_, i) => graph.ids.at(i))).toEqual(golden.ids);
      const result = await focus(graph, { ...optionsOf(golden), tolerance: 1e-11 });
      expect(result.converged).toBe(true);
      expect(distance(result.phi.data, golden.phi)).toBeLessThan(1e-11);
      expect(Math.abs(result.entropy - golden.entropy)).toBeLessThan(1e-9);
      expect(Math.abs(result.syntropy - golden.syntropy)).toBeLessThan(1e-9);
    });

    it(`${name} agrees to 1e-5 on cpu f32`, async () => {
      const graph = graphOf(golden.links);
      const result = await focus(graph, optionsOf(golden), openCpu({ precision: 'f32' }));
      expect(result.converged).toBe(true);
      expect(distance(result.phi.data, golden.phi)).toBeLessThan(1e-5);
    });

    it(`${name} agrees to 1e-9 when f32 iterates and f64 certifies`, async () => {
      const graph = graphOf(golden.links);
      const options = { ...optionsOf(golden), tolerance: 1e-9 };
      const result = await focus(graph, options, openCpu({ precision: 'f32' }));
      expect(result.converged).toBe(true);
      expect(distance(result.phi.data, golden.phi)).toBeLessThan(1e-9);
    });
  }
});

describe('the reference reading', () => {
  for (const [name, golden] of Object.entries(references)) {
    it(`${name} agrees to 1e-8`, async () => {
      const builder = createLinkBuilder();
      for (const [from, to, amount, neuron, price] of golden.edges) {
        builder.add({
          from: builder.particleOf(String(from)),
          to: builder.particleOf(String(to)),
          amount,
          neuron: builder.neuronOf(String(neuron)),
          price,
        });
      }
      const graph = buildGraph(builder.finish(), {
        karma: new Map(Object.entries(golden.karma)),
        will: new Map(Object.entries(golden.will)),
      });
      const options = { reading: 'reference-2026-07', tolerance: 1e-12 } as const;
      const result = await focus(graph, options);
      const phi = golden.nodes.map((node) => result.phi.data[graph.ids.indexOf(String(node))]);
      expect(result.converged).toBe(true);
      expect(result.errorBound).toBeNull();
      expect(distance(phi, golden.phi_star_f64)).toBeLessThan(1e-10);
      expect(Math.abs(result.syntropy - golden.syntropy_f64)).toBeLessThan(1e-8);
      const single = await focus(
        graph,
        { reading: 'reference-2026-07' },
        openCpu({ precision: 'f32' }),
      );
      const single_phi = golden.nodes.map(
        (node) => single.phi.data[graph.ids.indexOf(String(node))],
      );
      expect(distance(single_phi, golden.phi_star_f64)).toBeLessThan(1e-5);
    });
  }
});
