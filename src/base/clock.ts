// The clock of the machine, in one place: what depends on the time takes it as a function, and this is
// the function that users get where they give none.

/** Milliseconds since 1970. */
export function now(): number {
  return Date.now();
}
