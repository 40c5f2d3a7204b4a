// Natural logarithms by additions, multiplications and divisions of doubles alone, which IEEE 754
// fixes: the same bits in every engine, which Math.log and Math.log1p do not promise.
//   x = 2^k (1 + f), √½ < 1 + f < √2     s = f/(2 + f)     ln(1 + f) = f − (f²/2 − s(f²/2 + R(s²)))
// Source: fdlibm, e_log.c and s_log1p.c (Sun Microsystems, 1993). Errors below 1 ulp.

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const L = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
];
const SQRT2 = 1.4142135623730951;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** ln x for finite x > 0. */
export function logarithm(x: number): number {
  return reduced(x, 0, 1);
}

/** ln(1 + x) for finite x > −1, accurate where x is small. */
export function logarithmOfOnePlus(x: number): number {
  if (Math.abs(x) < 2 ** -54) return x;
  // Within [√½ − 1, √2 − 1] nothing is lost by forming no sum at all.
  if (x > -0.2928 && x < 0.4142) return ofFraction(x, 0, 0);
  const sum = 1 + x;
  // What 1 + x lost, to first order.
  const lost = x > 1 ? 1 - (sum - x) : x - (sum - 1);
  return reduced(sum, lost, sum);
}

/** ln x + lost/at. */
function reduced(x: number, lost: number, at: number): number {
  double[0] = x;
  let k = 0;
  if (words[1] >>> 20 === 0) {
    double[0] = x * 2 ** 54;
    k = -54;
  }
  k += (words[1] >>> 20) - 1023;
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  let mantissa = double[0];
  if (mantissa > SQRT2) {
    mantissa /= 2;
    k++;
  }
  return ofFraction(mantissa - 1, k, lost / at);
}

/** k ln 2 + ln(1 + f) + correction. */
function ofFraction(f: number, k: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (L[1] + w * (L[3] + w * L[5]));
  const even = z * (L[0] + w * (L[2] + w * (L[4] + w * L[6])));
  const half = 0.5 * f * f;
  const low = s * (half + odd + even) + (k * LN2_LOW + correction);
  return k * LN2_HIGH - (half - low - f);
}
