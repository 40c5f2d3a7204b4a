// Byte layout of the memory in which Merkle trees are hashed: a control block, then slots of leaves
// that threads take one by one. Host (merkle-hasher.ts) and kernel (kernels/merkle.ts) both compile
// this one file: plain integer constants only, valid as TypeScript and as AssemblyScript. Fields
// are u32 unless said otherwise.

/** Control block. i32, bumped when a slot has been filled, or to end the workers. */
export const SEQUENCE = 0;
/** i32, bumped when a slot has been hashed. */
export const FINISHED = 64;
/** 1: workers return. */
export const EXIT = 128;
export const SLOT_COUNT = 132;
/** Address of the first slot, and how far they are apart. */
export const FIRST_SLOT = 136;
export const SLOT_BYTES = 140;
export const CONTROL_BYTES = 192;

/** Slot. i32, one of the four states below. */
export const STATE = 0;
/** Leaves in the slot, 1 … SLOT_LEAVES. */
export const LEAVES = 4;
/** How many levels of pairs are joined after the leaves. */
export const LEVELS = 8;
/** Bytes of each leaf, its prefix included. */
export const LENGTHS = 64;
/** Working memory of SHA-256: 1,168 bytes, see kernels/sha256.ts. */
export const WORK = 4160;
/** Digests of 32 bytes; the byte before the first is read too. */
export const HASHES = 5376;
/** Leaves with their prefix, each in whole blocks of 64 bytes that leave room for its padding. */
export const DATA = 38144;

/** The most leaves of a slot. */
export const SLOT_LEAVES = 1024;

/** The host may fill the slot. */
export const STATE_FREE = 0;
/** Filled, and nobody's. */
export const STATE_FILLED = 1;
/** A thread is hashing it. */
export const STATE_TAKEN = 2;
/** Its digests can be read. */
export const STATE_HASHED = 3;
