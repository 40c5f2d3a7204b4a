// Entry points of the CPU kernels: `run` executes this thread's share of the command in the control block, `serve` is a
// worker's whole life. The barrier spins briefly and then sleeps, so idle threads cost nothing. Host side: src/backend/cpu/.

import {
  DOUBLE, OP, OP_COMBINE, OP_EXIT, OP_PRODUCT, OP_REDUCE, OP_SCALE, REMAINING, SEQUENCE,
} from '../src/backend/cpu/layout';
import { combine, scale } from './combine';
import { product } from './product';
import { productBlock } from './product-block';
import { reduce } from './reduce';
import { STRIDE } from '../src/backend/cpu/layout';

/** Polls of the sequence number before a worker goes to sleep: about 50 µs. */
const SPINS: i32 = 20000;

/** Executes the share of `thread` of the current command. */
export function run(control: usize, thread: u32): void {
  if (load<u32>(control, DOUBLE)) execute<f64>(control, thread);
  else execute<f32>(control, thread);
}

function execute<T>(control: usize, thread: u32): void {
  const op = load<u32>(control, OP);
  if (op == OP_PRODUCT) {
    if (load<u32>(control, STRIDE) == 1) product<T>(control, thread);
    else productBlock<T>(control, thread);
  } else if (op == OP_COMBINE) combine<T>(control, thread);
  else if (op == OP_SCALE) scale<T>(control, thread);
  else if (op == OP_REDUCE) reduce<T>(control, thread);
}

/** Waits for commands and executes them until OP_EXIT. `seen` is the sequence number at start. */
export function serve(control: usize, thread: u32, seen: i32): void {
  let last = seen;
  while (true) {
    let spins: i32 = 0;
    while (atomic.load<i32>(control, SEQUENCE) == last) {
      if (++spins > SPINS) atomic.wait<i32>(control + SEQUENCE, last, -1);
    }
    last++;
    if (load<u32>(control, OP) == OP_EXIT) {
      atomic.sub<i32>(control, 1, REMAINING);
      return;
    }
    run(control, thread);
    atomic.sub<i32>(control, 1, REMAINING);
  }
}

/** Announces the command to `workers` other threads, executes the share of thread 0 and waits for the rest. */
export function dispatch(control: usize, workers: i32): void {
  atomic.store<i32>(control, workers, REMAINING);
  atomic.add<i32>(control, 1, SEQUENCE);
  atomic.notify(control + SEQUENCE, workers);
  run(control, 0);
  while (atomic.load<i32>(control, REMAINING) > 0) {}
}
