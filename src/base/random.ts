// Random streams derived from (seed, index), never from the order of execution. Generator:
// xoshiro128** (Blackman and Vigna 2018), state filled by SplitMix32-style mixing of seed and
// stream index; bounded integers by rejection (no modulo bias). Integers and + − × ÷ only, so every
// engine gives the same numbers.

/**
 * A stream of pseudo-random numbers; equal (seed, stream) give equal sequences on every machine.
 */
export interface Random {
  /** Next 32 random bits as an unsigned integer. */
  uint32(): number;
  /** Uniform in [0, 1) with 53 bits. */
  double(): number;
  /** Uniform integer in [0, bound), bound in 1…2³²; unbiased. */
  below(bound: number): number;
}

/** Opens stream number `stream` of `seed`; both unsigned 32-bit integers. */
export function randomStream(seed: number, stream = 0): Random {
  let mixed = (seed >>> 0) ^ Math.imul((stream >>> 0) + 1, 0x9e3779b9);
  const next = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = next();
  let b = next();
  let c = next() ^ Math.imul(stream >>> 0, 0x85ebca6b);
  let d = next() | 1;

  const uint32 = (): number => {
    const times5 = Math.imul(b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return {
    uint32,
    double: () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992,
    below: (bound) => {
      const limit = 4294967296 - (4294967296 % bound);
      for (;;) {
        const drawn = uint32();
        if (drawn < limit) return drawn % bound;
      }
    },
  };
}
