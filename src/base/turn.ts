// One turn of the event loop: a long computation awaits it between steps, so that signals, timers
// and sockets are served.

/** Resolves after pending events have been handled. Costs a few microseconds, in a page some tens. */
export function eventTurn(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  // A page has no such function, and its nested timers wait at least four milliseconds.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
