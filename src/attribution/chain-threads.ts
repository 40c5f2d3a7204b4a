// Solvers of chains on threads: each thread has a solver of its own and solves whole chains, so what
// a chain is worth does not depend on how many there are, and no thread waits for another within a
// product. Chains go to the thread that has fewest.

import { Worker } from 'node:worker_threads';
import { FocusError } from '../base/errors.js';
import type { ChainOptions, CoalitionGame, SolvedChain } from '../focus/coalitions/chain.js';
import type { Chain } from './game.js';

/** What a thread is told. */
export type ChainRequest =
  | {
      readonly kind: 'alone';
      readonly players: readonly number[];
      readonly moves: Float64Array | null;
    }
  | { readonly kind: 'moves'; readonly moves: Float64Array }
  | { readonly kind: 'chain'; readonly chain: Chain };

/** What a thread answers. */
export type ChainReply =
  | { readonly kind: 'ready'; readonly rows: number }
  | { readonly kind: 'alone'; readonly solved: readonly SolvedChain[] }
  | { readonly kind: 'solved'; readonly solved: SolvedChain }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly fix: string;
    };

/** What a thread starts with. */
export interface ChainWork {
  readonly game: CoalitionGame;
  readonly options: ChainOptions;
}

/** Players alone, and what each moves, players × rows; null where that is not kept. */
export interface AloneSolved {
  readonly solved: readonly SolvedChain[];
  readonly moves: Float64Array | null;
}

/** Some solvers as one. */
export interface ChainThreads {
  readonly rows: number;
  /** Solves all players alone, shared between the threads; where they fit, all use their moves. */
  alone(players: number, signal?: AbortSignal): Promise<AloneSolved>;
  solve(chains: Iterable<Chain>, signal?: AbortSignal): AsyncGenerator<SolvedChain>;
  destroy(): void;
}

/** Chains that wait at a thread, for each column it has. */
const QUEUED = 2;

/** Starts threads; `keepsMoves` says whether players' own moves fit. Runs from the built package. */
export async function openChainThreads(
  work: ChainWork,
  threads: number,
  keepsMoves: (rows: number) => boolean,
): Promise<ChainThreads> {
  const file = new URL('./chain-worker.js', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(file, { workerData: work }));
  const destroy = (): void => workers.forEach((worker) => void worker.terminate());
  try {
    const ready = await Promise.all(workers.map((worker) => answer(worker, 'ready')));
    const [{ rows }] = ready;
    return {
      rows,
      alone: async (players, signal) => {
        const moves = keepsMoves(rows)
          ? new Float64Array(new SharedArrayBuffer(8 * rows * players))
          : null;
        const shares = workers.map((_, w) =>
          Array.from({ length: players }, (__, i) => i).filter((i) => i % threads === w),
        );
        const solved = await Promise.all(
          workers.map((worker, w) => {
            worker.postMessage({ kind: 'alone', players: shares[w], moves } satisfies ChainRequest);
            return answer(worker, 'alone', signal);
          }),
        );
        if (moves !== null) {
          workers.forEach((worker) =>
            worker.postMessage({ kind: 'moves', moves } satisfies ChainRequest),
          );
        }
        const all = solved.flatMap((reply) => reply.solved);
        return { solved: all.sort((a, b) => a.index - b.index), moves };
      },
      solve: (chains, signal) => solveOn(workers, QUEUED * work.options.columns, chains, signal),
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Waits for one answer of a kind. */
function answer<K extends ChainReply['kind']>(
  worker: Worker,
  kind: K,
  signal?: AbortSignal,
): Promise<Extract<ChainReply, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      worker.off('message', hear);
      worker.off('error', fail);
      worker.off('exit', gone);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error as Error);
    };
    const gone = (): void => fail(endedEarly());
    const abort = (): void => fail(signal?.reason);
    const hear = (reply: ChainReply): void => {
      if (reply.kind === 'failed') fail(errorOf(reply));
      if (reply.kind !== kind) return;
      end();
      resolve(reply as Extract<ChainReply, { kind: K }>);
    };
    worker.on('message', hear);
    worker.on('error', fail);
    worker.on('exit', gone);
    signal?.addEventListener('abort', abort);
  });
}

async function* solveOn(
  workers: readonly Worker[],
  most: number,
  chains: Iterable<Chain>,
  signal: AbortSignal | undefined,
): AsyncGenerator<SolvedChain> {
  const source = chains[Symbol.iterator]();
  const loads = workers.map(() => 0);
  const solved: SolvedChain[] = [];
  let failure: unknown = null;
  let wake = (): void => undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    wake();
  };
  const hearing = workers.map((_, w) => (reply: ChainReply): void => {
    if (reply.kind === 'failed') fail(errorOf(reply));
    if (reply.kind !== 'solved') return;
    loads[w]--;
    solved.push(reply.solved);
    wake();
  });
  const abort = (): void => fail(signal?.reason);
  const gone = (): void => fail(endedEarly());
  workers.forEach((worker, w) => {
    worker.on('message', hearing[w]);
    worker.on('error', fail);
    worker.on('exit', gone);
  });
  signal?.addEventListener('abort', abort);
  let ended = false;
  try {
    signal?.throwIfAborted();
    for (;;) {
      for (let least = leastOf(loads); !ended && loads[least] < most; least = leastOf(loads)) {
        const next = source.next();
        if (next.done === true) ended = true;
        else {
          loads[least]++;
          workers[least].postMessage({ kind: 'chain', chain: next.value } satisfies ChainRequest);
        }
      }
      if (failure !== null) throw failure as Error;
      const ready = solved.shift();
      if (ready !== undefined) yield ready;
      else if (ended && loads.every((load) => load === 0)) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    workers.forEach((worker, w) => {
      worker.off('message', hearing[w]);
      worker.off('error', fail);
      worker.off('exit', gone);
    });
  }
}

function leastOf(loads: readonly number[]): number {
  return loads.reduce((best, load, w) => (load < loads[best] ? w : best), 0);
}

function errorOf({ code, message, fix }: Extract<ChainReply, { kind: 'failed' }>): FocusError {
  return new FocusError(code as FocusError['code'], message, fix);
}

function endedEarly(): FocusError {
  return new FocusError('failure', 'a thread of the attribution ended before its work was done');
}
