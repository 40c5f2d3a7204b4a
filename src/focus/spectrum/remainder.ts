// What is proven of B₂, the map outside a frame: that its spectrum lies in |z| < radius, and how large
// its resolvent is from there outwards. Two ways find it, powers.ts by chance and squaring.ts without.

/** A proven bound of the spectrum and the resolvent of B₂. */
export interface Remainder {
  /** Every eigenvalue of B₂ lies in |z| < radius. */
  readonly radius: number;
  /** ‖(z − B₂)⁻¹‖ for every |z| ≥ radius, at most. */
  readonly resolvent: number;
  /** Whether the radius asked for was proven. */
  readonly reached: boolean;
  /** Probability, at most, that a bound is wrong; 0 where no chance is used. */
  readonly failureProbability: number;
  /** In words: how. */
  readonly method: string;
}

/** What to prove, and how long to try. */
export interface RemainderRequest {
  /** The radius to prove, > 0. */
  readonly target: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with a fraction of the work that is spent. */
  readonly onStep?: ((fraction: number) => void) | undefined;
}

/** value^(1/2^q) by square roots, rounded up. */
export function rootOf(value: number, doublings: number): number {
  let root = value;
  for (let k = 0; k < doublings; k++) root = Math.sqrt(root) * (1 + 2 ** -52);
  return root;
}
