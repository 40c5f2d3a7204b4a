// The one error class of the engine, and the two ways to raise it. `check` guards against the
// caller's faults (bad input, bad parameter): its error says what was found, what was expected and
// how to fix it. `invariant` guards against ours: reaching it is a defect of the engine.

/**
 * What went wrong, in a word a program can switch on; docs/errors.md lists the exit code of each.
 */
export type ErrorCode =
  | 'usage'
  | 'bad-input'
  | 'bad-parameter'
  | 'too-large'
  | 'no-backend'
  | 'device-lost'
  | 'not-converged'
  | 'mismatch'
  | 'interrupted'
  | 'failure'
  | 'invariant';

/**
 * An error with a code, a message that names value, place and expectation, and a hint on how to fix
 * it.
 */
export class FocusError extends Error {
  override readonly name = 'FocusError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly fix: string = '',
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * Throws a FocusError of the given code unless the condition holds. The message is built only on
 * failure.
 */
export function check(
  condition: boolean,
  code: ErrorCode,
  message: () => string,
  fix: string = '',
): asserts condition {
  if (!condition) throw new FocusError(code, message(), fix);
}

/**
 * Throws an `invariant` FocusError unless the condition holds: a defect of the engine, never of its
 * input.
 */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) {
    throw new FocusError(
      'invariant',
      `internal invariant broken: ${what}`,
      'please report this with the input that led here',
    );
  }
}

/**
 * Renders a value found in the input for an error message: quoted, escaped, at most 40 characters.
 */
export function shown(value: string): string {
  const short = value.length > 40 ? `${value.slice(0, 37)}…` : value;
  return JSON.stringify(short);
}
