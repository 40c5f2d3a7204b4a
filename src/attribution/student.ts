// Quantiles of Student's t, with + − × ÷ √ only, so that every engine finds the same interval. For
// whole degrees of freedom ν the chance A(t) = P(|T| ≤ t) is a finite sum in θ = atan(t/√ν)
// (Abramowitz and Stegun 26.7.3, 26.7.4):
//   ν odd   A = (2/π) (θ + sin θ (cos θ + (2/3) cos³θ + … + (2·4…(ν−3))/(3·5…(ν−2)) cos^{ν−2}θ))
//   ν even  A = sin θ (1 + (1/2) cos²θ + … + (1·3…(ν−3))/(2·4…(ν−2)) cos^{ν−2}θ)
// Inverted by bisection. Relative error below 10⁻⁹ (a test compares with tables).

import { check } from '../base/errors.js';

/** Beyond this many degrees of freedom the quantile is that of this many, 0.03 % too wide at most. */
const MOST_DEGREES = 4000;
const HALF_PI = 1.5707963267948966;

/** The t with P(|T_ν| ≤ t) = confidence. ν an integer ≥ 1, confidence in (0, 1). O(ν). */
export function studentQuantile(confidence: number, degrees: number): number {
  check(
    confidence > 0 && confidence < 1,
    'bad-parameter',
    () => `confidence: expected a number between 0 and 1, found ${confidence}`,
  );
  check(
    Number.isInteger(degrees) && degrees >= 1,
    'bad-parameter',
    () => `degrees of freedom: expected an integer ≥ 1, found ${degrees}`,
  );
  const known = quantiles.get(`${confidence} ${degrees}`);
  if (known !== undefined) return known;
  const found = bisect(confidence, Math.min(degrees, MOST_DEGREES));
  quantiles.set(`${confidence} ${degrees}`, found);
  return found;
}

const quantiles = new Map<string, number>();

function bisect(confidence: number, degrees: number): number {
  let high = 1;
  while (studentWithin(high, degrees) < confidence && high < 1e300) high *= 2;
  let low = 0;
  for (let step = 0; step < 80 && high - low > 1e-14 * high; step++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T_ν| ≤ t), t ≥ 0. */
export function studentWithin(t: number, degrees: number): number {
  const radius = Math.sqrt(degrees + t * t);
  const sine = t / radius;
  const square = degrees / (degrees + t * t);
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? Math.sqrt(square) : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * square;
    sum += term;
  }
  if (!isOdd) return sine * sum;
  return (arctangent(t / Math.sqrt(degrees)) + sine * sum) / HALF_PI;
}

/** atan x for x ≥ 0: the argument is halved three times, then the series. Error some 10⁻¹⁶. */
export function arctangent(x: number): number {
  if (x > 1) return HALF_PI - arctangent(1 / x);
  let reduced = x;
  for (let i = 0; i < 3; i++) reduced /= 1 + Math.sqrt(1 + reduced * reduced);
  const square = reduced * reduced;
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = 1 / k - square * sum;
  return 8 * reduced * sum;
}
