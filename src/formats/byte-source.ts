// Bytes of an input, wherever they are: a file or standard input (`-`), plain, gzip or zstd.
// Compression is recognised by magic bytes, never by the name, and undone as a stream, so memory
// stays bounded by a few chunks whatever the ratio. A gzip or zstd stream that ends early, or is
// followed by bytes that are no further member, is an error: a truncated download must never read
// as a smaller graph. The SHA-256 is of the raw bytes, before decompression.

import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { FocusError } from '../base/errors.js';
import { decodeZstd } from './zstd.js';

/** How the raw bytes are wrapped. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** An opened input. It is read once; `close` may be called at any time, and twice. */
export interface ByteSource {
  /** The path as given, or `stdin`: the place named in errors. */
  readonly name: string;
  readonly compression: Compression;
  /**
   * The decompressed bytes in order; each chunk is the consumer's to keep. Leaving the loop early
   * closes the input.
   */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Raw bytes read so far. */
  readonly rawBytes: () => number;
  /**
   * Lower-case hex SHA-256 of the raw bytes, once `chunks` has ended; null where `hash` was not
   * asked for.
   */
  readonly sha256: () => string | null;
  readonly close: () => Promise<void>;
}

/** How to open an input. */
export interface ByteSourceOptions {
  /** Hash the raw bytes while they pass (about 1 GB/s). Default false. */
  readonly hash?: boolean;
  /**
   * Bytes asked of the file at once, 1…2³⁰. Default 4 MiB: below 1 MiB the calls show, above 4 MiB
   * nothing is gained.
   */
  readonly chunkBytes?: number;
}

/**
 * What has passed through a source: shared by the reader, which counts, and the source, which
 * tells.
 */
interface Tally {
  bytes: number;
  readonly hash: Hash | null;
  digest: string | null;
}

const DEFAULT_CHUNK_BYTES = 4 << 20;

/**
 * Opens a path, or standard input for `-`, and looks at its first bytes to find the compression.
 *
 * Throws FocusError `bad-input` where the file is missing, unreadable or a directory; `chunks`
 * throws the same code where reading fails or the compressed stream is truncated or corrupt. Cost:
 * one open and one read; the next chunk is read while one is used.
 */
export async function openByteSource(
  path: string,
  options: ByteSourceOptions = {},
): Promise<ByteSource> {
  const name = path === '-' ? 'stdin' : path;
  const tally: Tally = {
    bytes: 0,
    hash: options.hash === true ? createHash('sha256') : null,
    digest: null,
  };
  const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
  const pieces = path === '-' ? stdinChunks() : fileChunks(await openFile(path), name, chunkBytes);
  const raw = counted(pieces, tally);
  const head = await firstBytes(raw, 4);
  const compression = compressionOf(head.bytes);
  const whole = rejoined(head.chunks, raw);
  let chunks: AsyncGenerator<Uint8Array, void, undefined> = whole;
  if (compression === 'gzip') chunks = gunzipped(whole, name, tally);
  if (compression === 'zstd') chunks = decodeZstd(whole, name);
  return {
    name,
    compression,
    chunks,
    rawBytes: () => tally.bytes,
    sha256: () => tally.digest,
    close: async () => {
      // A generator that never started runs no finally block, so each layer is closed by itself.
      await chunks.return();
      await whole.return();
      await raw.return();
      await pieces.return();
    },
  };
}

/** The compression that the first four bytes announce. Cost O(1). */
export function compressionOf(head: Uint8Array): Compression {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length < 4) return 'none';
  const word = (head[0] | (head[1] << 8) | (head[2] << 16) | (head[3] << 24)) >>> 0;
  const skippable = word >= 0x184d2a50 && word <= 0x184d2a5f;
  return word === 0xfd2fb528 || skippable ? 'zstd' : 'none';
}

/**
 * Opens a file for reading; throws FocusError `bad-input` that says why it cannot be read.
 * The caller closes the handle.
 */
export async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      throw new FocusError(
        'bad-input',
        `${path}: is a directory, expected a file`,
        'name a file inside it',
      );
    }
    return handle;
  } catch (cause) {
    await handle.close();
    throw cause instanceof FocusError ? cause : unreadable(path, cause);
  }
}

/** A FocusError for a failed system call on `path`, with its cause. */
export function unreadable(path: string, cause: unknown): FocusError {
  const code = (cause as { code?: string }).code ?? '';
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'is a directory, expected a file',
    ENOTDIR: 'a part of the path is not a directory',
    ENAMETOOLONG: 'the name is too long',
    ERR_INVALID_ARG_VALUE: 'the name holds a NUL byte',
  };
  const why = reasons[code] ?? `cannot be read (${code || String(cause)})`;
  return new FocusError('bad-input', `${path}: ${why}`, 'check the path and its permissions', {
    cause,
  });
}

/** Chunks of an open file, the next one already being read; closes the handle at the end. */
async function* fileChunks(
  handle: FileHandle,
  name: string,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let pending: Promise<Uint8Array> | null = null;
  try {
    const { size } = await handle.stat();
    // A small regular file needs no chunk of 4 MiB; one byte more lets the first read see the end.
    const bytes = size > 0 ? Math.min(chunkBytes, size + 1) : chunkBytes;
    const ahead = (): Promise<Uint8Array> => {
      const next = readChunk(handle, name, bytes);
      // It is awaited below; meanwhile a failure must not count as unhandled.
      next.catch(() => undefined);
      return next;
    };
    pending = ahead();
    for (;;) {
      const chunk: Uint8Array = await pending;
      if (chunk.length === 0) return;
      pending = ahead();
      yield chunk;
    }
  } finally {
    await pending?.catch(() => undefined);
    await handle.close();
  }
}

/** One read at the position of the handle; no bytes at the end of the file. */
async function readChunk(handle: FileHandle, name: string, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  try {
    const { bytesRead } = await handle.read(buffer, 0, bytes, null);
    return new Uint8Array(buffer.buffer, 0, bytesRead);
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

/** Standard input, in whatever pieces it arrives. */
async function* stdinChunks(): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of process.stdin) yield chunk as Uint8Array;
  } catch (cause) {
    throw unreadable('stdin', cause);
  }
}

/** Passes chunks on and enters them in the tally; the digest is ready when the input has ended. */
async function* counted(
  raw: AsyncGenerator<Uint8Array, void, undefined>,
  tally: Tally,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of raw) {
    tally.bytes += chunk.length;
    tally.hash?.update(chunk);
    yield chunk;
  }
  tally.digest = tally.hash?.digest('hex') ?? null;
}

/**
 * Takes chunks until `wanted` bytes are there or the input ends; the chunks are returned for
 * `rejoined`.
 */
async function firstBytes(
  raw: AsyncGenerator<Uint8Array, void, undefined>,
  wanted: number,
): Promise<{ readonly bytes: Uint8Array; readonly chunks: readonly Uint8Array[] }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const next = await raw.next();
    if (next.done === true) break;
    chunks.push(next.value);
    length += next.value.length;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, wanted), chunks };
}

/** The chunks taken to look at, then the rest; leaving early closes the rest. */
async function* rejoined(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* head;
    yield* rest;
  } finally {
    await rest.return();
  }
}

/** Inflates gzip members one after another on zlib's own threads. */
async function* gunzipped(
  raw: AsyncGenerator<Uint8Array, void, undefined>,
  name: string,
  tally: Tally,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  const source = Readable.from(raw, { objectMode: true, highWaterMark: 2 });
  let failure: unknown = null;
  const fed = pipeline(source, gunzip).catch((error: unknown) => {
    failure ??= error;
  });
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
    // zlib stops without a word at bytes that start no member, so a damaged second member would go
    // unnoticed.
    if (gunzip.bytesWritten !== tally.bytes) {
      const at = gunzip.bytesWritten;
      throw new FocusError(
        'bad-input',
        `${name}: corrupt gzip: bytes from ${at} on are no further gzip member`,
        'compress the file again; nothing may follow the gzip data',
      );
    }
  } catch (error) {
    throw gzipError(failure instanceof FocusError ? failure : error, name, tally.bytes);
  } finally {
    gunzip.destroy();
    source.destroy();
    await fed;
  }
}

/** An error of zlib as a FocusError that tells truncated from corrupt. */
function gzipError(error: unknown, name: string, rawBytes: number): unknown {
  if (error instanceof FocusError) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  if (!code.startsWith('Z_')) return unreadable(name, error);
  const what =
    code === 'Z_BUF_ERROR'
      ? `truncated gzip: it ends after ${rawBytes} bytes`
      : `corrupt gzip: ${message}`;
  const fix = 'fetch or compress the file again; `gzip -t` checks it';
  return new FocusError('bad-input', `${name}: ${what}`, fix, { cause: error });
}
