// Sums on the host with a stated error: Neumaier's compensated sum, within 2 ulp of the exact sum
// of the magnitudes.

/** Σ f(i) over i in 0…count−1, compensated. Error ≤ 2⁻⁵² |Σ| + count² 2⁻¹⁰⁵ Σ|f(i)|. */
export function compensatedSum(count: number, term: (index: number) => number): number {
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const value = term(i);
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}
