// Quantities read from a focus vector:
//   entropy H = −Σ φ ln φ (nats)     syntropy J = ln n − H = KL(φ ‖ uniform)
// Sums are compensated; Math.log is within 1 ulp, so the error of H is below 2⁻⁵⁰·H + n·2⁻¹⁰⁰.

import { compensatedSum } from './sums.js';

/** Entropy and syntropy of a distribution. */
export interface Entropies {
  /** H in nats, 0 … ln n. */
  readonly entropy: number;
  /** J = ln n − H in nats. */
  readonly syntropy: number;
}

/** H and J of φ; zeros contribute nothing. O(n). */
export function entropiesOf(phi: Float64Array): Entropies {
  const entropy = -compensatedSum(phi.length, (i) => (phi[i] > 0 ? phi[i] * Math.log(phi[i]) : 0));
  return { entropy, syntropy: Math.log(phi.length) - entropy };
}

/** Indices of the k largest entries, largest first, ties by index. O(n log k). */
export function topOf(phi: Float64Array, k: number): number[] {
  const heap: number[] = [];
  const below = (a: number, b: number): boolean => phi[a] < phi[b] || (phi[a] === phi[b] && a > b);
  const sink = (from: number): void => {
    for (let i = from; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && below(heap[child], heap[least])) least = child;
      }
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least], heap[i]];
      i = least;
    }
  };
  const size = Math.min(k, phi.length);
  for (let i = 0; i < size; i++) heap.push(i);
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(i);
  for (let i = size; i < phi.length; i++) {
    if (size > 0 && below(heap[0], i)) {
      heap[0] = i;
      sink(0);
    }
  }
  return heap.sort((a, b) => (below(a, b) ? 1 : -1));
}
