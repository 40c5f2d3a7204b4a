// The exact sum of doubles, rounded once: the same whatever their order.

/** Exponent of the least double: every double is an integer times 2⁻¹⁰⁷⁴. */
const LEAST = 1074;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/**
 * Σ values[from … to − 1] of finite doubles ≥ 0, rounded to the nearest double, ties to even.
 * Where no addition rounds, as with integers below 2⁵³, it costs as much as a plain sum; else about
 * a microsecond a value. Infinity where the sum overflows.
 */
export function exactSum(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) {
    const value = values[k];
    const total = sum + value;
    const lost = sum >= value ? sum - total + value : value - total + sum;
    if (lost !== 0) return roundedSum(values, from, to);
    sum = total;
  }
  return sum;
}

function roundedSum(values: Float64Array, from: number, to: number): number {
  let sum = 0n;
  for (let k = from; k < to; k++) {
    double[0] = values[k];
    const biased = (words[1] >>> 20) & 0x7ff;
    const fraction = BigInt((words[1] & 0xfffff) * 2 ** 32 + words[0]);
    // Normal numbers have a hidden bit and one step less than their biased exponent.
    sum += biased === 0 ? fraction : (fraction + (1n << 52n)) << BigInt(biased - 1);
  }
  const bits = sum.toString(2).length;
  if (bits <= 53) return Number(sum) * 2 ** -LEAST;
  const shift = BigInt(bits - 53);
  let mantissa = sum >> shift;
  const rest = sum - (mantissa << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++;
  // In two steps, so that the scale itself is a normal number.
  const power = bits - 53 - LEAST;
  return Number(mantissa) * 2 ** Math.floor(power / 2) * 2 ** Math.ceil(power / 2);
}
