// Byte layout of the control block that the host writes and the WebAssembly kernels read. Both
// sides compile this one file: plain integer constants only, valid as TypeScript and as
// AssemblyScript. A command is one verb; fields are u32 unless the comment says f64. Pointers are
// byte offsets, 0 means absent.

/** i32, bumped by the host to announce a command; workers wait on it. */
export const SEQUENCE = 0;
/** i32, workers that have not yet finished the command. */
export const REMAINING = 64;

/** Which kernel: one of the OP_ constants below. */
export const OP = 128;
/** What a number is: one of the NUMBER_ constants below. */
export const NUMBER = 132;
/** Rows of the blocks. */
export const ROWS = 136;
/** Numbers per row of a block: 1, or the columns padded to a whole v128. */
export const STRIDE = 140;
/** Columns in use, ≤ stride. */
export const COLUMNS = 144;
/** Threads that share the command. */
export const THREADS = 148;
/** Result block. */
export const OUT = 152;
/** Operand block. */
export const X = 156;
/** One-column blocks, see Product. `scale` uses ROW_SCALE for its factor vector. */
export const ROW_SCALE = 160;
export const DIAGONAL = 164;
/** f64, or i64 in units of 2⁻⁶² (exact). */
export const FACTOR = 168;
/** shares + 1 row bounds of a product. */
export const BOUNDS = 176;
/** 1 or 2 matrices, each of MATRIX_BYTES at MATRICES: offsets, columns, values (0: all ones). */
export const MATRIX_COUNT = 180;
export const MATRICES = 184;
export const MATRIX_BYTES = 12;
/**
 * Terms, each of TERM_BYTES at TERMS: block, its stride, coefficients (stride numbers of the
 * precision), shift (exact only).
 */
export const TERM_COUNT = 208;
export const TERMS = 212;
export const TERM_BYTES = 16;
export const MOST_TERMS = 24;
/** Reductions, each of REDUCTION_BYTES at REDUCTIONS: kind, x, y, weight. */
export const REDUCTION_COUNT = 596;
export const REDUCTIONS = 600;
export const REDUCTION_BYTES = 16;
export const MOST_REDUCTIONS = 16;
/** Partial sums: [chunk][reduction][column], f64 or two i64 (exact). */
export const PARTIALS = 856;
/**
 * Second operand: what the first matrix of a product multiplies, or what `scale` adds (0: x, or
 * nothing).
 */
export const SECOND = 860;
/**
 * u32, the next share of rows that no thread has taken; threads take shares until there are none.
 */
export const NEXT_SHARE = 872;
/** Shares of a product. */
export const SHARES = 876;
/** f64: stored weight × unit = weight. */
export const UNIT = 864;
/** How arcs are weighted in exact arithmetic: one of the WEIGHTS_ constants below. */
export const WEIGHTS = 880;
/** u32: 1 if row scale and diagonal of an exact product are rounded by 63 bits and not by 62. */
export const HALVED = 884;
/**
 * Entries of an exact amend, each of ENTRY_BYTES: place of the target (u32), whether it is kept
 * (u32), what is added (i64), first part and the one past the last (u32).
 */
export const ENTRIES = 888;
export const ENTRY_BYTES = 24;
/** Their parts, each of PART_BYTES: place in the source (u32, then nothing), reciprocal, weight. */
export const PARTS = 892;
export const PART_BYTES = 24;
export const ENTRY_COUNT = 896;
/** Entries that a thread takes at a time. */
export const ENTRIES_SHARE = 64;
/** Size of the control block. */
export const CONTROL_BYTES = 1024;

export const NUMBER_F32 = 0;
export const NUMBER_F64 = 1;
export const NUMBER_EXACT = 2;

/** All arc weights are 2⁶². */
export const WEIGHTS_UNIFORM = 0;
/** u32, arc weights in units of 2³². */
export const WEIGHTS_NARROW = 1;
/** Two u32: arc weights in units of 2¹⁰, the lower 26 bits and the upper. */
export const WEIGHTS_MEDIUM = 2;
/** u64. */
export const WEIGHTS_WIDE = 3;
/** Bits of the lower half of a medium weight. */
export const MEDIUM_BITS = 26;

export const OP_EXIT = 0;
export const OP_PRODUCT = 1;
export const OP_COMBINE = 2;
export const OP_SCALE = 3;
export const OP_REDUCE = 4;
/** Exact only. */
export const OP_AMEND = 5;

export const KIND_SUM = 0;
export const KIND_ABSOLUTE = 1;
export const KIND_DOT = 2;
export const KIND_DISTANCE = 3;
/** Added to a kind: y is one column for all (exact only). */
export const KIND_BROADCAST = 256;

/**
 * Rows per chunk of a reduction: partial sums belong to chunks, so their order never depends on the
 * threads.
 */
export const CHUNK_ROWS = 4096;
/**
 * Arcs of a row that are summed before joining the row's total, which bounds the depth of
 * summation.
 */
export const BLOCK_ARCS = 1024;
