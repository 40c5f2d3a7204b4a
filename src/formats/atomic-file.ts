// Files that are whole or not there: bytes go to a temporary file in the same folder, which is
// renamed at the end.
// A failed or interrupted run leaves the old file as it was. Rename is atomic only inside one file
// system, hence the folder.

import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { FocusError } from '../base/errors.js';

/**
 * Where the bytes of an output go. A write returns when its bytes are taken, so the caller never
 * runs ahead of the disk.
 */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * Names tried for the temporary file before giving up: more only where as many runs died under the
 * same process id.
 */
const MAX_ATTEMPTS = 100;
const MAX_WRITE_BYTES = 2 ** 30;
let attempts = 0;

/**
 * Runs `produce` and makes its bytes the file at `path`, replacing any older one, or writes them to
 * standard output for `-`.
 *
 * Throws FocusError `failure` where the file cannot be written, and what `produce` throws; the
 * temporary file is then removed.
 * The bytes are on the disk (fsync) before the name is.
 */
export async function writeAtomically(
  path: string,
  produce: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  if (path === '-') {
    // A closed pipe is told to the callback of the write; without a listener it would also be
    // thrown.
    process.stdout.off('error', ignore).on('error', ignore);
    await produce({ write: writeStdout });
    return;
  }
  const { handle, temporary } = await createTemporary(path);
  try {
    try {
      await produce({ write: (bytes) => writeBytes(handle, path, bytes) });
      await handle.sync().catch((cause: unknown) => {
        throw unwritable(path, cause);
      });
    } finally {
      await handle.close();
    }
    await rename(temporary, path).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

/** Creates a file beside the target under a name that no other run uses. */
async function createTemporary(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly temporary: string }> {
  for (let attempt = 0; ; attempt++) {
    const temporary = `${path}.${process.pid}-${attempts++}.tmp`;
    try {
      return { handle: await open(temporary, 'wx'), temporary };
    } catch (cause) {
      const taken = (cause as { code?: string }).code === 'EEXIST';
      if (!taken || attempt === MAX_ATTEMPTS) throw unwritable(path, cause);
    }
  }
}

/** Writes all of the bytes; one call of the system may take fewer. */
async function writeBytes(handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      const count = Math.min(bytes.length - at, MAX_WRITE_BYTES);
      at += (await handle.write(bytes, at, count)).bytesWritten;
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }
}

/** Settles once the pipe has taken the bytes: the backpressure of standard output. */
function writeStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (cause) => {
      if (cause) reject(unwritable('stdout', cause));
      else resolve();
    });
  });
}

function ignore(): void {
  // The write that failed rejects; see writeStdout.
}

/** A FocusError for a failed system call on an output, with its cause. */
function unwritable(path: string, cause: unknown): FocusError {
  const why = (cause as { code?: string }).code ?? String(cause);
  const fix = 'check that the folder exists, can be written to and has room';
  return new FocusError('failure', `${path}: cannot be written (${why})`, fix, { cause });
}
