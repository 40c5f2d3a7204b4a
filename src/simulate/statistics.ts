// Means and ratios of replicates with 95 % intervals.
//   mean     x̄ ± t·s/√r
//   ratio    Σx/Σy ± t·√((r−1)/r · Σ(θ₍ᵢ₎ − θ̄)²), θ₍ᵢ₎ the ratio without replicate i   (jackknife)
// The ratio of means, not the mean of ratios: one replicate with a small y must not decide.
// + − × ÷ √ only, so every engine gives the same bits.

/** A number with its 95 % interval; the interval is null where one replicate cannot give any. */
export interface Estimate {
  readonly value: number;
  /** Half the width of the interval. */
  readonly margin: number | null;
}

/** 97.5 % quantiles of Student's t for 1 … 30 degrees of freedom (Fisher and Yates's table). */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];
/** Beyond the table: the quantile of the next lower entry, so intervals are never too narrow. */
const T_BEYOND: readonly (readonly [number, number])[] = [
  [120, 1.98],
  [60, 2.0],
  [40, 2.021],
  [30, 2.042],
];

/** The quantile for `freedom` degrees of freedom, ≥ 1. */
export function tQuantile(freedom: number): number {
  if (freedom <= T_975.length) return T_975[freedom - 1];
  return (T_BEYOND.find(([least]) => freedom >= least) ?? T_BEYOND[3])[1];
}

/** The mean of replicates; null for none. */
export function meanOf(values: readonly number[]): Estimate | null {
  const r = values.length;
  if (r === 0) return null;
  const mean = sumOf(values) / r;
  if (r === 1) return { value: mean, margin: null };
  const squares = sumOf(values.map((x) => (x - mean) * (x - mean)));
  return { value: mean, margin: tQuantile(r - 1) * Math.sqrt(squares / (r - 1) / r) };
}

/** The ratio of the means of pairs; null where the denominators do not sum to more than 0. */
export function ratioOf(above: readonly number[], below: readonly number[]): Estimate | null {
  const r = above.length;
  const [x, y] = [sumOf(above), sumOf(below)];
  if (!(y > 0)) return null;
  if (r === 1) return { value: x / y, margin: null };
  const without = above.map((_, i) => (x - above[i]) / (y - below[i]));
  if (without.some((ratio) => !Number.isFinite(ratio))) return { value: x / y, margin: null };
  const mean = sumOf(without) / r;
  const squares = sumOf(without.map((ratio) => (ratio - mean) * (ratio - mean)));
  return { value: x / y, margin: tQuantile(r - 1) * Math.sqrt(((r - 1) / r) * squares) };
}

/** Pearson's correlation of pairs; null where one of them does not vary. */
export function correlationOf(x: readonly number[], y: readonly number[]): number | null {
  const [mx, my] = [sumOf(x) / x.length, sumOf(y) / y.length];
  const xx = sumOf(x.map((v) => (v - mx) * (v - mx)));
  const yy = sumOf(y.map((v) => (v - my) * (v - my)));
  const xy = sumOf(x.map((v, i) => (v - mx) * (y[i] - my)));
  return xx > 0 && yy > 0 ? xy / (Math.sqrt(xx) * Math.sqrt(yy)) : null;
}

/** On which side of a threshold an interval lies; `open` where it holds the threshold. */
export function sideOf(estimate: Estimate | null, threshold: number): 'above' | 'below' | 'open' {
  if (estimate === null || estimate.margin === null) return 'open';
  if (estimate.value - estimate.margin > threshold) return 'above';
  return estimate.value + estimate.margin < threshold ? 'below' : 'open';
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
