// One thread of chain-threads.ts: a solver on one core, fed with messages.

import { parentPort, workerData } from 'node:worker_threads';
import { openCpu } from '../backend/cpu/cpu.js';
import { FocusError, invariant } from '../base/errors.js';
import { openChains } from '../focus/coalitions/chains.js';
import type { ChainReply, ChainRequest, ChainWork } from './chain-threads.js';
import type { Chain } from './game.js';

invariant(parentPort !== null, 'chain-worker runs as a worker thread');
const port = parentPort;
const reply = (message: ChainReply): void => port.postMessage(message);
const queue: Chain[] = [];
const requests: Exclude<ChainRequest, { kind: 'chain' }>[] = [];
let wake = (): void => undefined;

port.on('message', (request: ChainRequest) => {
  if (request.kind === 'chain') queue.push(request.chain);
  else requests.push(request);
  wake();
});

/** The chains that wait here now; the solver asks again each time it has room. */
const waiting: Iterable<Chain> = {
  [Symbol.iterator]: () => ({
    next: () => {
      const value = queue.shift();
      return value === undefined ? { done: true, value } : { value };
    },
  }),
};

try {
  const { game, options } = workerData as ChainWork;
  const solver = await openChains(game, openCpu({ threads: 1 }), options);
  reply({ kind: 'ready', rows: solver.rows });
  for (;;) {
    const request = requests.shift();
    if (request?.kind === 'moves') solver.useMoves(request.moves);
    else if (request?.kind === 'alone') {
      reply({ kind: 'alone', solved: await solver.alone(request.players, request.moves) });
    } else if (queue.length > 0) {
      for await (const solved of solver.solve(waiting)) reply({ kind: 'solved', solved });
    } else await new Promise<void>((resolve) => (wake = resolve));
  }
} catch (error) {
  const { code, message, fix } =
    error instanceof FocusError
      ? error
      : new FocusError('invariant', error instanceof Error ? error.message : String(error));
  reply({ kind: 'failed', code, message, fix: fix ?? '' });
}
