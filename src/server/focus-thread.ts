// The focus of a graph in a thread of its own (focus-worker.ts): questions are answered one after the other, and
// requests that have nothing to do with it are not held up. Runs from the built package.

import { Worker } from 'node:worker_threads';
import { FocusError, type ErrorCode } from '../base/errors.js';
import type { FocusRequest, FocusSource } from './focus-source.js';

/** What goes to the thread. */
export interface ThreadRequest {
  readonly number: number;
  readonly request: FocusRequest;
}

/** What comes from it; number −1 is the answer to its start. */
export type ThreadReply =
  | { readonly number: number; readonly answer: unknown }
  | {
      readonly number: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly fix: string;
    };

/** The answer to the start of a thread. */
export const READY = -1;

/** Questions that may wait. */
const MOST_WAITING = 64;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts a thread on a file of links; resolves when its focus is computed. Rejects with what went wrong. */
export async function openFocusThread(path: string): Promise<FocusSource> {
  const worker = new Worker(new URL('./focus-worker.js', import.meta.url), { workerData: path });
  const waiting = new Map<number, Waiting>();
  let ended: FocusError | null = null;
  let next = 0;
  const end = (error: FocusError): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: ThreadReply) => {
    const asked = waiting.get(reply.number);
    waiting.delete(reply.number);
    if ('answer' in reply) asked?.resolve(reply.answer);
    else asked?.reject(new FocusError(reply.code, reply.message, reply.fix));
  });
  worker.on('error', (cause) => end(new FocusError('failure', `focus thread: ${cause.message}`)));
  worker.on('exit', () => end(new FocusError('failure', 'the focus thread has ended')));
  const answerOf = (number: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
  try {
    await answerOf(READY);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    ask: async (request) => {
      if (ended !== null) throw ended;
      if (waiting.size >= MOST_WAITING) throw new FocusError('failure', 'busy');
      const number = next++;
      const answer = answerOf(number);
      worker.postMessage({ number, request } satisfies ThreadRequest);
      return answer;
    },
    destroy: async () => void (await worker.terminate()),
  };
}
