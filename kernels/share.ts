// How rows are shared between threads: equal whole chunks for vector verbs. WGSL twin: the dispatch shapes in shaders/.

import { CHUNK_ROWS, ROWS, THREADS } from '../src/backend/cpu/layout';

/** First row of a thread's share of whole chunks; the share of thread t ends where that of t + 1 begins. */
export function shareStart(control: usize, thread: u32): u32 {
  const rows = load<u32>(control, ROWS);
  const chunks = <u64>((rows + CHUNK_ROWS - 1) / CHUNK_ROWS);
  const start = <u32>((chunks * <u64>thread) / <u64>load<u32>(control, THREADS)) * CHUNK_ROWS;
  return start < rows ? start : rows;
}
