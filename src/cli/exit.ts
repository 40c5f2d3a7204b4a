// Exit codes, and how an error is told: code, message and fix on stderr, never a stack trace unless
// it is our own defect.

import { CommanderError } from 'commander';
import { FocusError, type ErrorCode } from '../base/errors.js';

export const EXIT_NOT_CONVERGED = 4;
export const EXIT_MISMATCH = 5;
export const EXIT_INTERRUPTED = 130;

const EXIT_OF: Readonly<Record<ErrorCode, number>> = {
  usage: 2,
  'bad-parameter': 2,
  'bad-input': 3,
  'too-large': 3,
  'not-converged': EXIT_NOT_CONVERGED,
  mismatch: EXIT_MISMATCH,
  'no-backend': 6,
  'device-lost': 1,
  interrupted: EXIT_INTERRUPTED,
  failure: 1,
  invariant: 1,
};

/** Tells an error on stderr and returns the exit code that belongs to it. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has written its own message; help and version are no errors.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof FocusError) {
    process.stderr.write(`error: ${error.message}\n`);
    if (error.fix !== '') process.stderr.write(`  ${error.fix}\n`);
    if (error.code === 'invariant') process.stderr.write(`${error.stack ?? ''}\n`);
    return EXIT_OF[error.code];
  }
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('focus: interrupted\n');
    return EXIT_INTERRUPTED;
  }
  process.stderr.write(
    `focus: unexpected failure: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return 1;
}
