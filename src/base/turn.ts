// One turn of the event loop: a long computation awaits it between steps, so that signals, timers
// and sockets are served.

/** Resolves after pending events have been handled. Costs a few microseconds. */
export function eventTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
