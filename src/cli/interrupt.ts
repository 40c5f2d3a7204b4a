// Ctrl-C: the first one asks the work to stop at its next stage and exits with 130, a second one
// ends the process at once.

import { EXIT_INTERRUPTED } from './exit.js';

/** Runs work that stops at an abort signal. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', onInterrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
