// SHA-256 (FIPS 180-4, section 6.2) of four messages at once, one in each lane of a vector of four
// 32-bit words: about 100 ns a block and message, a fifth of what one call of a native library
// costs. A message is whole blocks of 64 bytes, padded by its caller.
// Host side: src/base/sha256-lanes.ts. No WGSL twin: hashing stays on the host.

/** The constants K of section 4.2.2: 32 bits of the fractional parts of cube roots of primes. */
const CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** The initial hash value of section 5.3.3. */
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Working memory: the schedule of 64 vectors, the state of 8, and the mask of active lanes. */
const STATE: usize = 64 << 4;
const ACTIVE: usize = STATE + (8 << 4);

// @ts-ignore: decorator
@inline
function rotated(x: v128, right: i32): v128 {
  return v128.or(v128.shr<u32>(x, right), v128.shl<u32>(x, 32 - right));
}

// @ts-ignore: decorator
@inline
function sum3(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}

/** What a round adds to d and, with `second`, to the new a: h + Σ₁(e) + Ch(e, f, g) + K + W. */
// @ts-ignore: decorator
@inline
function first(e: v128, f: v128, g: v128, h: v128, work: usize, round: usize): v128 {
  const spun = sum3(rotated(e, 6), rotated(e, 11), rotated(e, 25));
  const word = v128.add<u32>(
    v128.load(work + (round << 4)), v128.load32_splat(CONSTANTS + (round << 2)),
  );
  const chosen = v128.bitselect(f, g, e);
  return v128.add<u32>(v128.add<u32>(h, word), v128.add<u32>(spun, chosen));
}

/** Σ₀(a) + Maj(a, b, c). */
// @ts-ignore: decorator
@inline
function second(a: v128, b: v128, c: v128): v128 {
  const spun = sum3(rotated(a, 2), rotated(a, 13), rotated(a, 22));
  const agreed = v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c)));
  return v128.add<u32>(spun, agreed);
}

/** Fills the schedule from 16 words to 64. */
function expand(work: usize): void {
  for (let at = work; at < work + (48 << 4); at += 16) {
    const old = v128.load(at, 1 << 4), recent = v128.load(at, 14 << 4);
    const low = sum3(rotated(old, 7), rotated(old, 18), v128.shr<u32>(old, 3));
    const high = sum3(rotated(recent, 17), rotated(recent, 19), v128.shr<u32>(recent, 10));
    const kept = v128.add<u32>(v128.load(at), v128.load(at, 9 << 4));
    v128.store(at, v128.add<u32>(v128.add<u32>(low, high), kept), 16 << 4);
  }
}

/** Sets the state of all four lanes to the initial hash value, and makes them active. */
export function begin(work: usize): void {
  v128.store(work + ACTIVE, v128.splat<u32>(0xffffffff));
  for (let i: usize = 0; i < 8; i++) {
    v128.store(work + STATE + (i << 4), v128.load32_splat(INITIAL + (i << 2)));
  }
}

/** The lane's messages have ended: lane i stays active while `block` < blocks[i]. */
// @ts-ignore: decorator
@inline
export function keepActive(work: usize, blocks: v128, block: u32): void {
  v128.store(work + ACTIVE, v128.gt<u32>(blocks, v128.splat<u32>(block)));
}

/**
 * Adds one block, whose words 0 … 15 stand in the schedule, to the state of the active lanes; the
 * others keep theirs.
 */
export function compress(work: usize): void {
  expand(work);
  const active = v128.load(work + ACTIVE);
  const state = work + STATE;
  let a = v128.load(state), b = v128.load(state, 16), c = v128.load(state, 32), d = v128.load(state, 48);
  let e = v128.load(state, 64), f = v128.load(state, 80), g = v128.load(state, 96), h = v128.load(state, 112);
  // Eight rounds turn the letters once around, so nothing is moved.
  for (let round: usize = 0; round < 64; round += 8) {
    let t = first(e, f, g, h, work, round);
    d = v128.add<u32>(d, t);
    h = v128.add<u32>(t, second(a, b, c));
    t = first(d, e, f, g, work, round + 1);
    c = v128.add<u32>(c, t);
    g = v128.add<u32>(t, second(h, a, b));
    t = first(c, d, e, f, work, round + 2);
    b = v128.add<u32>(b, t);
    f = v128.add<u32>(t, second(g, h, a));
    t = first(b, c, d, e, work, round + 3);
    a = v128.add<u32>(a, t);
    e = v128.add<u32>(t, second(f, g, h));
    t = first(a, b, c, d, work, round + 4);
    h = v128.add<u32>(h, t);
    d = v128.add<u32>(t, second(e, f, g));
    t = first(h, a, b, c, work, round + 5);
    g = v128.add<u32>(g, t);
    c = v128.add<u32>(t, second(d, e, f));
    t = first(g, h, a, b, work, round + 6);
    f = v128.add<u32>(f, t);
    b = v128.add<u32>(t, second(c, d, e));
    t = first(f, g, h, a, work, round + 7);
    e = v128.add<u32>(e, t);
    a = v128.add<u32>(t, second(b, c, d));
  }
  add(state, 0, a, active);
  add(state, 16, b, active);
  add(state, 32, c, active);
  add(state, 48, d, active);
  add(state, 64, e, active);
  add(state, 80, f, active);
  add(state, 96, g, active);
  add(state, 112, h, active);
}

// @ts-ignore: decorator
@inline
function add(state: usize, at: usize, value: v128, active: v128): void {
  v128.store(state + at, v128.add<u32>(v128.load(state + at), v128.and(value, active)));
}

/** The bytes of each word reversed: words are big-endian in messages and digests. */
// @ts-ignore: decorator
@inline
function swapped(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Stores four vectors with rows and columns exchanged, at four addresses. */
// @ts-ignore: decorator
@inline
function exchange(
  a: v128, b: v128, c: v128, d: v128, to0: usize, to1: usize, to2: usize, to3: usize,
): void {
  const low = v128.shuffle<u32>(a, b, 0, 4, 1, 5), lower = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const high = v128.shuffle<u32>(a, b, 2, 6, 3, 7), higher = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(to0, v128.shuffle<u64>(low, lower, 0, 2));
  v128.store(to1, v128.shuffle<u64>(low, lower, 1, 3));
  v128.store(to2, v128.shuffle<u64>(high, higher, 0, 2));
  v128.store(to3, v128.shuffle<u64>(high, higher, 1, 3));
}

/** Reads one block of each of four messages into words 0 … 15 of the schedule. */
export function readBlocks(work: usize, at0: usize, at1: usize, at2: usize, at3: usize): void {
  for (let k: usize = 0; k < 64; k += 16) {
    const to = work + (k << 2);
    exchange(
      swapped(v128.load(at0 + k)), swapped(v128.load(at1 + k)),
      swapped(v128.load(at2 + k)), swapped(v128.load(at3 + k)),
      to, to + 16, to + 32, to + 48,
    );
  }
}

/** Writes the digest of each lane, 32 bytes one after another from `out` on. */
export function writeDigests(work: usize, out: usize): void {
  const state = work + STATE;
  for (let half: usize = 0; half < 2; half++) {
    const from = state + (half << 6), to = out + (half << 4);
    exchange(
      swapped(v128.load(from)), swapped(v128.load(from, 16)),
      swapped(v128.load(from, 32)), swapped(v128.load(from, 48)),
      to, to + 32, to + 64, to + 96,
    );
  }
}
