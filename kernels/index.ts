// Entry points of the CPU kernels: `run` executes shares of the command in the control block until
// none is left, `serve` is a worker's whole life. The barrier spins briefly and then sleeps, so
// idle threads cost nothing. Host side: src/backend/cpu/.

import {
  NUMBER, NUMBER_EXACT, NUMBER_F64, OP, OP_AMEND, OP_COMBINE, OP_EXIT, OP_PRODUCT, OP_REDUCE, OP_SCALE, REMAINING,
  SEQUENCE, STRIDE,
} from '../src/backend/cpu/layout';
import { combine, scale } from './combine';
import { exactAmend } from './exact-amend';
import { exactCombine, exactScale } from './exact-combine';
import { exactProduct } from './exact-product';
import { exactReduce } from './exact-reduce';
export { weightedLogarithms } from './exact-logarithm';
import { product } from './product';
import { productBlock } from './product-block';
import { reduce } from './reduce';

/** Polls of the sequence number before a worker goes to sleep: about 50 µs. */
const SPINS: i32 = 20000;
/** Sleep of the calling thread between looks at workers that are late. */
const PATIENCE_NS: i64 = 200000;

/** Executes shares of the current command until none is left. */
export function run(control: usize): void {
  const number = load<u32>(control, NUMBER);
  if (number == NUMBER_F64) execute<f64>(control);
  else if (number == NUMBER_EXACT) executeExact(control);
  else execute<f32>(control);
}

function execute<T>(control: usize): void {
  const op = load<u32>(control, OP);
  if (op == OP_PRODUCT) {
    if (load<u32>(control, STRIDE) == 1) product<T>(control);
    else productBlock<T>(control);
  } else if (op == OP_COMBINE) combine<T>(control);
  else if (op == OP_SCALE) scale<T>(control);
  else if (op == OP_REDUCE) reduce<T>(control);
}

function executeExact(control: usize): void {
  const op = load<u32>(control, OP);
  if (op == OP_PRODUCT) exactProduct(control);
  else if (op == OP_COMBINE) exactCombine(control);
  else if (op == OP_SCALE) exactScale(control);
  else if (op == OP_REDUCE) exactReduce(control);
  else if (op == OP_AMEND) exactAmend(control);
}

/** Waits for commands and executes them until OP_EXIT. `seen` is the sequence number at start. */
export function serve(control: usize, seen: i32): void {
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
    run(control);
    atomic.sub<i32>(control, 1, REMAINING);
  }
}

/** Announces the command to `workers` other threads, takes part and waits for the rest. */
export function dispatch(control: usize, workers: i32): void {
  atomic.store<i32>(control, workers, REMAINING);
  atomic.add<i32>(control, 1, SEQUENCE);
  atomic.notify(control + SEQUENCE, workers);
  run(control);
  let spins: i32 = 0;
  for (let left = workers; left > 0; left = atomic.load<i32>(control, REMAINING)) {
    // A worker may have lost its core to somebody else: give it ours for a while.
    if (++spins > SPINS) atomic.wait<i32>(control + REMAINING, left, PATIENCE_NS);
  }
}
