// The hash XXH64 (Yann Collet), seed 0, as a stream: the content checksum of Zstandard frames (its
// low 32 bits).
//   four lanes:  v ← rotl(v + word·P2, 31)·P1      then the lanes are folded, the rest is mixed in,
//   and the result avalanches
// 64-bit words are two halves of 32 bits. BigInt.asUintN would be twice as fast (1 GB/s) but the
// optimising compiler of Node 20 aborts the process on such loops (RepresentationChangerError, seen
// in a test): no BigInt belongs in hot code.

/** The primes, as low and high half. */
const P1 = [0x85ebca87, 0x9e3779b1] as const;
const P2 = [0x27d4eb4f, 0xc2b2ae3d] as const;
const P3 = [0x9e3779f9, 0x165667b1] as const;
const P4 = [0xc2b2ae63, 0x85ebca77] as const;
const P5 = [0x165667c5, 0x27d4eb2f] as const;

/** A running hash. */
export interface Xxh64 {
  /** Adds bytes; cost about 0.5 GB/s. */
  update(bytes: Uint8Array): void;
  /** The low 32 bits of the hash of all bytes so far, unsigned; more may be added after. */
  low32(): number;
}

/** High half of what `multiply`, `add`, `rotate` or `round` returned the low half of. */
let high = 0;

/** Starts a hash of nothing. */
export function createXxh64(): Xxh64 {
  // Lanes as low, high, low, high, …: P1 + P2, P2, 0, −P1.
  const lanes = Int32Array.of(0, 0, P2[0], P2[1], 0, 0, -P1[0], ~P1[1]);
  lanes[0] = add(P1[0], P1[1], P2[0], P2[1]);
  lanes[1] = high;
  const tail = new Uint8Array(32);
  let tailLength = 0;
  let total = 0;
  return {
    update: (bytes) => {
      let at = 0;
      total += bytes.length;
      if (tailLength > 0) {
        at = Math.min(32 - tailLength, bytes.length);
        tail.set(bytes.subarray(0, at), tailLength);
        tailLength += at;
        if (tailLength < 32) return;
        addStripes(lanes, tail);
      }
      const end = at + ((bytes.length - at) & ~31);
      if (end > at) addStripes(lanes, bytes.subarray(at, end));
      tail.set(bytes.subarray(end));
      tailLength = bytes.length - end;
    },
    low32: () => finish(lanes, tail, tailLength, total),
  };
}

/** Adds a multiple of 32 bytes. */
function addStripes(lanes: Int32Array, bytes: Uint8Array): void {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  for (let lane = 0; lane < 4; lane++) runLane(lanes, words, lane);
}

/** One lane over all stripes: `round`, written out, as its speed is that of the hash. */
function runLane(lanes: Int32Array, words: Int32Array, lane: number): void {
  const [p1Low, p1High, p2Low, p2High] = [P1[0] | 0, P1[1] | 0, P2[0] | 0, P2[1] | 0];
  const [p10, p11, p20, p21] = [p1Low & 0xffff, p1Low >>> 16, p2Low & 0xffff, p2Low >>> 16];
  let low = lanes[2 * lane];
  let up = lanes[2 * lane + 1];
  for (let i = 2 * lane; i < words.length; i += 8) {
    const word = words[i];
    let half0 = word & 0xffff;
    let half1 = word >>> 16;
    let middle = (Math.imul(half1, p20) + (Math.imul(half0, p20) >>> 16)) | 0;
    let cross = (Math.imul(half0, p21) + (middle & 0xffff)) | 0;
    const productHigh =
      (Math.imul(half1, p21) +
        (middle >>> 16) +
        (cross >>> 16) +
        Math.imul(words[i + 1], p2Low) +
        Math.imul(word, p2High)) |
      0;
    const product = Math.imul(word, p2Low);
    const sum = (low + product) | 0;
    const carry = ((low & product) | ((low | product) & ~sum)) >>> 31;
    const sumHigh = (up + productHigh + carry) | 0;
    const turned = (sum << 31) | (sumHigh >>> 1);
    const turnedHigh = (sumHigh << 31) | (sum >>> 1);
    half0 = turned & 0xffff;
    half1 = turned >>> 16;
    middle = (Math.imul(half1, p10) + (Math.imul(half0, p10) >>> 16)) | 0;
    cross = (Math.imul(half0, p11) + (middle & 0xffff)) | 0;
    up =
      (Math.imul(half1, p11) +
        (middle >>> 16) +
        (cross >>> 16) +
        Math.imul(turnedHigh, p1Low) +
        Math.imul(turned, p1High)) |
      0;
    low = Math.imul(turned, p1Low);
  }
  lanes[2 * lane] = low;
  lanes[2 * lane + 1] = up;
}

/** Folds the lanes, mixes in the last bytes (fewer than 32) and avalanches. */
function finish(lanes: Int32Array, tail: Uint8Array, tailLength: number, total: number): number {
  let low: number = P5[0];
  let up: number = P5[1];
  if (total >= 32) {
    low = foldLanes(lanes);
    up = high;
  }
  low = add(low, up, total, Math.floor(total / 4294967296));
  up = high;
  const view = new DataView(tail.buffer);
  let at = 0;
  for (; at + 8 <= tailLength; at += 8) {
    const mixed = round(0, 0, view.getInt32(at, true), view.getInt32(at + 4, true));
    low = rotate(low ^ mixed, up ^ high, 27);
    low = multiply(low, high, P1[0], P1[1]);
    low = add(low, high, P4[0], P4[1]);
    up = high;
  }
  if (at + 4 <= tailLength) {
    const mixed = multiply(view.getInt32(at, true), 0, P1[0], P1[1]);
    low = rotate(low ^ mixed, up ^ high, 23);
    low = multiply(low, high, P2[0], P2[1]);
    low = add(low, high, P3[0], P3[1]);
    up = high;
    at += 4;
  }
  for (; at < tailLength; at++) {
    const mixed = multiply(tail[at], 0, P5[0], P5[1]);
    low = rotate(low ^ mixed, up ^ high, 11);
    low = multiply(low, high, P1[0], P1[1]);
    up = high;
  }
  // The avalanche: x ^= x >> 33; x *= P2; x ^= x >> 29; x *= P3; x ^= x >> 32.
  low = multiply(low ^ (up >>> 1), up, P2[0], P2[1]);
  up = high;
  low = multiply(low ^ ((low >>> 29) | (up << 3)), up ^ (up >>> 29), P3[0], P3[1]);
  return (low ^ high) >>> 0;
}

/** Joins the four lanes: their sum, each turned by another amount, then each mixed in. */
function foldLanes(lanes: Int32Array): number {
  let low = 0;
  let up = 0;
  [1, 7, 12, 18].forEach((turn, lane) => {
    const turned = rotate(lanes[2 * lane], lanes[2 * lane + 1], turn);
    low = add(low, up, turned, high);
    up = high;
  });
  for (let lane = 0; lane < 4; lane++) {
    const mixed = round(0, 0, lanes[2 * lane], lanes[2 * lane + 1]);
    low = multiply(low ^ mixed, up ^ high, P1[0], P1[1]);
    low = add(low, high, P4[0], P4[1]);
    up = high;
  }
  return low;
}

/** rotl(v + word·P2, 31)·P1. */
function round(low: number, up: number, wordLow: number, wordHigh: number): number {
  const product = multiply(wordLow, wordHigh, P2[0], P2[1]);
  const sum = add(low, up, product, high);
  const turned = rotate(sum, high, 31);
  return multiply(turned, high, P1[0], P1[1]);
}

/** Left rotation by 1…31 bits. */
function rotate(low: number, up: number, count: number): number {
  high = (up << count) | (low >>> (32 - count));
  return (low << count) | (up >>> (32 - count));
}

/** The sum modulo 2⁶⁴. */
function add(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const low = (aLow >>> 0) + (bLow >>> 0);
  high = (aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) | 0;
  return low | 0;
}

/** The low 64 bits of a product; halves of 16 bits keep every partial product below 2³². */
function multiply(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16];
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const cross = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  const carried = Math.imul(a1, b1) + (middle >>> 16) + (cross >>> 16);
  high = (carried + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
  return Math.imul(aLow, bLow);
}
