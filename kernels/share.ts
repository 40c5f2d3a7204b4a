// How work is shared between threads: whoever is free takes the next share of rows, so an unlucky
// share or a busy core delays nobody. Shares are summed on their own, so results never depend on
// who took which. WGSL twin: the dispatches in shaders/.

import { CHUNK_ROWS, NEXT_SHARE, ROWS } from '../src/backend/cpu/layout';

/**
 * Takes the next share of the current command; numbers beyond the last share mean that none is
 * left.
 */
export function takeShare(control: usize): u32 {
  return atomic.add<u32>(control, 1, NEXT_SHARE);
}

/** Chunks of CHUNK_ROWS rows, the shares of vector verbs. */
export function chunkCount(control: usize): u32 {
  return (load<u32>(control, ROWS) + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

/** The row after a chunk's last. */
export function chunkEnd(control: usize, chunk: u32): u32 {
  return min<u32>(load<u32>(control, ROWS), (chunk + 1) * CHUNK_ROWS);
}
