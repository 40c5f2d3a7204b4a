// Bytes of a file by position, for the formats whose table of contents stands at the end or whose
// sizes stand in a header.
// A plain file is read where it is asked for; standard input and compressed files are held in
// memory, up to a stated limit.

import type { FileHandle } from 'node:fs/promises';
import { FocusError } from '../base/errors.js';
import { type ByteSource, openFile, unreadable } from './byte-source.js';

/** Readable positions 0 … size − 1. */
export interface RandomAccess {
  readonly name: string;
  readonly size: number;
  /** Bytes start … end (0 ≤ start ≤ end ≤ size), fresh or a view that nobody else writes to. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * The most that is held in memory of an input that cannot be read by position, and the longest
 * piece of a file.
 */
export const MAX_BUFFERED_BYTES = 2 ** 32 - 2 ** 20;

/**
 * Files up to this are read at once: a call costs as much as reading 100 KB, and Parquet needs
 * many.
 */
const SMALL_FILE_BYTES = 1 << 20;

/** One read call takes less than 2³¹ bytes. */
const MAX_READ_BYTES = 2 ** 30;

/** Opens a regular file by position. Throws FocusError `bad-input` where it cannot be read. */
export async function openRandomAccess(path: string): Promise<RandomAccess> {
  const handle = await openFile(path);
  const { size } = await handle.stat();
  if (size <= SMALL_FILE_BYTES) {
    try {
      return memoryAccess(path, await readAt(handle, path, 0, size));
    } finally {
      await handle.close();
    }
  }
  return {
    name: path,
    size,
    read: (start, end) => readAt(handle, path, start, end),
    close: () => handle.close(),
  };
}

/** The bytes held in memory, by position. */
export function memoryAccess(name: string, bytes: Uint8Array): RandomAccess {
  return {
    name,
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
    close: () => Promise.resolve(),
  };
}

/** Reads a source to its end. Throws FocusError `too-large` above MAX_BUFFERED_BYTES. */
export async function readAll(source: ByteSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.chunks) {
    length += chunk.length;
    if (length > MAX_BUFFERED_BYTES) {
      throw new FocusError(
        'too-large',
        `${source.name}: more than ${MAX_BUFFERED_BYTES} bytes after decompression`,
        'decompress it to a file first',
      );
    }
    parts.push(chunk);
  }
  if (parts.length === 1) return parts[0];
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Reads a whole range, in as many calls as it takes. */
async function readAt(
  handle: FileHandle,
  name: string,
  start: number,
  end: number,
): Promise<Uint8Array> {
  if (end - start > MAX_BUFFERED_BYTES) {
    throw new FocusError(
      'too-large',
      `${name}: a part of ${end - start} bytes cannot be held in memory`,
      'split the graph',
    );
  }
  // Every byte is read into, so it need not be zero first.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
  for (let at = 0; at < bytes.length;) {
    const wanted = Math.min(bytes.length - at, MAX_READ_BYTES);
    let read: number;
    try {
      ({ bytesRead: read } = await handle.read(bytes, at, wanted, start + at));
    } catch (cause) {
      throw unreadable(name, cause);
    }
    if (read === 0) {
      throw new FocusError(
        'bad-input',
        `${name}: it was cut off at byte ${start + at} while being read`,
        'try again',
      );
    }
    at += read;
  }
  return bytes;
}
