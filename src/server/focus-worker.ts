// The thread of focus-thread.ts: computes the focus of a file of links, then answers questions in order.

import { parentPort, workerData } from 'node:worker_threads';
import { FocusError, invariant } from '../base/errors.js';
import { openFocusNode } from './focus-node.js';
import { READY, type ThreadReply, type ThreadRequest } from './focus-thread.js';

invariant(parentPort !== null, 'focus-worker runs as a worker thread');
const port = parentPort;

async function replyTo(number: number, work: () => Promise<unknown>): Promise<void> {
  let reply: ThreadReply;
  try {
    reply = { number, answer: await work() };
  } catch (error) {
    const { code, message, fix } =
      error instanceof FocusError ? error : new FocusError('failure', String(error));
    reply = { number, code, message, fix };
  }
  port.postMessage(reply);
}

const source = openFocusNode(workerData as string);
let turn: Promise<unknown> = replyTo(READY, async () => void (await source));
port.on('message', ({ number, request }: ThreadRequest) => {
  turn = turn.then(() => replyTo(number, async () => (await source).ask(request)));
});
