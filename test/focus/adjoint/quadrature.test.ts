// Quadrature and the tables made from it, against integrals known in closed form, and its error
// bound against the integrals it is used for.

import { describe, expect, it } from 'vitest';
import {
  decayIntegrals,
  gaussLegendre,
  heatQuadrature,
  type Quadrature,
} from '../../../src/focus/adjoint/quadrature.js';

const integral = ({ nodes, weights }: Quadrature, f: (x: number) => number): number =>
  nodes.reduce((sum, x, j) => sum + weights[j] * f(x), 0);

describe('Gauss–Legendre quadrature', () => {
  it('is exact for polynomials of degree 2N − 1, and symmetric', () => {
    for (const count of [1, 2, 3, 6, 17, 64, 200]) {
      const rule = gaussLegendre(count, 2);
      for (const power of [0, 1, 2 * count - 2, 2 * count - 1]) {
        // ∫₀² (x − 1)^k dx
        const truth = power % 2 === 0 ? 2 / (power + 1) : 0;
        expect(Math.abs(integral(rule, (x) => (x - 1) ** power) - truth)).toBeLessThan(1e-13);
      }
      rule.nodes.forEach((x, j) => {
        expect(x + rule.nodes[count - 1 - j]).toBeCloseTo(2, 14);
        if (j > 0) expect(x).toBeGreaterThan(rule.nodes[j - 1]);
      });
    }
  });

  it('has the error that heat asks for, between any two eigenvalues, with few nodes', () => {
    for (const [tau, spectrum] of [
      [1, 2],
      [0.1, 2],
      [12, 2],
      [1, 80],
      [0.01, 9],
      [3, 300],
    ]) {
      const rule = heatQuadrature(tau, spectrum, 1e-11);
      for (let i = 0; i <= 40; i++) {
        for (let k = 0; k <= 40; k++) {
          const [a, b] = [(spectrum * i) / 40, (spectrum * k) / 40];
          const found = integral(rule, (s) => Math.exp(-(tau - s) * a - s * b));
          const truth =
            i === k
              ? tau * Math.exp(-tau * a)
              : (Math.exp(-tau * a) - Math.exp(-tau * b)) / (b - a);
          expect(Math.abs(found - truth)).toBeLessThan(1e-11 * tau + 1e-14);
        }
      }
    }
    expect(heatQuadrature(1, 2, 1e-11).nodes).toHaveLength(6);
  });

  it('refuses a heat that needs hundreds of nodes, and says what to change', () => {
    expect(() => heatQuadrature(1, 1e5, 1e-11)).toThrow(/nodes of quadrature/);
  });
});

describe('the decay integrals', () => {
  it('are exact for what the nodes interpolate: ∫₀^σ e^{−(σ − r)} r^k dr', () => {
    for (const [count, end] of [
      [1, 1],
      [6, 1],
      [9, 3],
      [37, 40],
    ] as const) {
      const { nodes } = gaussLegendre(count, end);
      const table = decayIntegrals(nodes, end);
      for (let i = 0; i <= count; i++) {
        const upper = i < count ? nodes[i] : end;
        // I_0 = 1 − e^{−σ}, I_k = σ^k − k I_{k−1}: stable for the few powers tried.
        let truth = -Math.expm1(-upper);
        for (let power = 0; power < Math.min(count, 4); power++) {
          if (power > 0) truth = upper ** power - power * truth;
          const found = nodes.reduce((sum, r, j) => sum + table[i * count + j] * r ** power, 0);
          expect(Math.abs(found - truth)).toBeLessThan(1e-12 * Math.max(1, end ** power));
        }
      }
    }
  });
});
