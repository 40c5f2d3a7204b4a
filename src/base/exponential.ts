// e^x for x ≤ 0 by additions, multiplications and divisions of doubles alone, which IEEE 754 fixes:
// so a decayed weight has the same bits in every engine, which Math.exp does not promise.
//   x = k ln 2 + r, |r| ≤ ln 2 / 2      e^r = 1 + r + r c / (2 − c),  c = r − r² P(r²)
// Source: fdlibm, e_exp.c (Sun Microsystems, 1993). Error below 1 ulp.

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.442695040888963387;
const P = [
  1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5,
  -1.6533902205465251539e-6, 4.13813679705723846039e-8,
];
/** Below this the result is less than half the least double. */
const LEAST = -745.2;

/** e^x for x ≤ 0; 1 at 0, 0 below −745.2. */
export function exponential(x: number): number {
  if (x < LEAST) return 0;
  const k = Math.round(x * INVERSE_LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const square = r * r;
  const c =
    r - square * (P[0] + square * (P[1] + square * (P[2] + square * (P[3] + square * P[4]))));
  const value = 1 - (low - (r * c) / (2 - c) - high);
  // Down to 2⁻¹⁰⁷⁵: two steps, of which only the last may round.
  return k >= -1000 ? value * 2 ** k : value * 2 ** -1000 * 2 ** (k + 1000);
}
