// A spectral quantity as an interval: the truth lies in [lower, upper], and the certificate says
// what proves it.
//   exact           the structure of the graph fixes the quantity; only its rounding remains
//   enclosure       a computed bound with every rounding error inside, free of chance
//   probabilistic   the same, but one bound rests on random start vectors: it fails with at most
//                   the stated probability over their choice
// An interval may be wide (a bound that was not reached is replaced by a trivial one), never wrong.

/** What proves an interval. */
export type Certificate = 'exact' | 'enclosure' | 'probabilistic';

/** A modulus of an eigenvalue, or a real eigenvalue, between proven bounds. */
export interface Eigenvalue {
  /** The best estimate, in [lower, upper]. */
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly certificate: Certificate;
  /** Probability, at most, that an end of the interval is wrong; 0 without chance. */
  readonly failureProbability: number;
  /** In words: what proves the ends. */
  readonly proof: string;
}

const ULP = 2 ** -52;

/** The next double above x, or one further. Exact operations on doubles only. */
export function above(x: number): number {
  return x + Math.max(Math.abs(x) * ULP, Number.MIN_VALUE);
}

/** The next double below x, or one further. */
export function below(x: number): number {
  return x - Math.max(Math.abs(x) * ULP, Number.MIN_VALUE);
}

/** An eigenvalue that the structure fixes, `roundings` roundings away from the double given. */
export function exactly(value: number, roundings: number, proof: string): Eigenvalue {
  let lower = value;
  let upper = value;
  for (let k = 0; k < roundings; k++) {
    lower = below(lower);
    upper = above(upper);
  }
  return { value, lower, upper, certificate: 'exact', failureProbability: 0, proof };
}
