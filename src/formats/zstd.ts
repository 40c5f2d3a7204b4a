// Zstandard frames (RFC 8878), decoded as a stream.
// Node 20 has no zstd of its own, and the decoders on npm trust their input: one hostile block can
// keep them busy for hours or make them allocate 2 GB, and they skip the checksum. Here the window,
// the block sizes and the work a block may cause are bounded before anything is done, and the
// checksum of each frame is verified. Memory: about twice the window, as it fills.

import { FocusError } from '../base/errors.js';
import { type Xxh64, createXxh64 } from './xxh64.js';
import { type FrameState, MAX_BLOCK_BYTES, decodeBlock } from './zstd-block.js';
import { PADDING_BYTES, ZstdFault } from './zstd-entropy.js';

/** The largest window accepted: that of `zstd` itself without --long. */
export const MAX_WINDOW_BYTES = 128 << 20;

/** Decoded bytes are passed on once so many are there. */
const EMIT_BYTES = 1 << 20;
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** A frame being decoded. */
interface Frame extends FrameState {
  readonly window: number;
  /** Declared size of the content, −1 where the header has none. */
  readonly contentBytes: number;
  readonly hash: Xxh64 | null;
  decoded: number;
  /** Start of the bytes in the history that were not passed on yet. */
  pending: number;
}

/** Bytes of the compressed stream, handed out in pieces of any wanted length. */
interface Intake {
  /**
   * The next `count` bytes, followed by PADDING_BYTES readable ones; null where the stream has none
   * left at all.
   */
  next(count: number): Promise<Uint8Array | null>;
  skip(count: number): Promise<void>;
  close(): Promise<void>;
  readonly taken: () => number;
}

/**
 * Decompresses frames one after another; skippable frames are skipped.
 *
 * Throws FocusError `bad-input` for a truncated or corrupt stream, a wrong checksum or a frame that
 * needs a dictionary, and
 * `too-large` for a window above MAX_WINDOW_BYTES. Each chunk is the consumer's to keep. Cost:
 * about 100 MB/s of output.
 */
export async function* decodeZstd(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const intake = createIntake(chunks);
  try {
    for (;;) {
      const magic = await intake.next(4);
      if (magic === null) return;
      const word = littleEndian(magic, 0, 4);
      if (word >= SKIPPABLE_MAGIC && word < SKIPPABLE_MAGIC + 16) {
        await intake.skip(littleEndian(await must(intake, 4), 0, 4));
      } else if (word === FRAME_MAGIC) {
        yield* decodeFrame(intake, await readHeader(intake));
      } else {
        throw new ZstdFault(`bytes from ${intake.taken() - 4} on start no further frame`);
      }
    }
  } catch (error) {
    throw zstdError(error, name, intake.taken());
  } finally {
    await intake.close();
  }
}

/**
 * Decompresses frames held in memory; `maxBytes` bounds the output.
 * Throws as decodeZstd does, and `bad-input` where the output exceeds the bound.
 */
export async function decompressZstd(
  bytes: Uint8Array,
  maxBytes: number,
  name: string,
): Promise<Uint8Array> {
  const once = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes;
  };
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of decodeZstd(once(), name)) {
    length += part.length;
    if (length > maxBytes)
      throw zstdError(new ZstdFault(`it holds more than ${maxBytes} bytes`), name, 0);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** The header after the magic number: descriptor, window, dictionary, size of the content. */
async function readHeader(intake: Intake): Promise<Frame> {
  const descriptor = (await must(intake, 1))[0];
  if ((descriptor & 8) !== 0) throw new ZstdFault('a reserved bit is set');
  const single = (descriptor & 0x20) !== 0;
  let window = 0;
  if (!single) {
    const byte = (await must(intake, 1))[0];
    const base = 2 ** (10 + (byte >>> 3));
    window = base + (base / 8) * (byte & 7);
  }
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  if (
    dictionaryBytes > 0 &&
    littleEndian(await must(intake, dictionaryBytes), 0, dictionaryBytes) !== 0
  ) {
    throw new ZstdFault('it needs a dictionary');
  }
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6];
  let contentBytes = -1;
  if (sizeBytes > 0) {
    contentBytes =
      littleEndian(await must(intake, sizeBytes), 0, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  }
  if (single) window = contentBytes;
  if (window > MAX_WINDOW_BYTES) {
    throw new FocusError(
      'too-large',
      `zstd: a window of ${window} bytes is needed, at most ${MAX_WINDOW_BYTES} are allowed`,
      'compress it again without --long',
    );
  }
  return {
    window,
    contentBytes,
    hash: (descriptor & 4) !== 0 ? createXxh64() : null,
    decoded: 0,
    pending: 0,
    history: new Uint8Array(0),
    length: 0,
    reach: 0,
    blockLimit: Math.min(window, MAX_BLOCK_BYTES),
    huffman: null,
    tables: [null, null, null],
    recent: [1, 4, 8],
  };
}

/** The blocks of a frame, then its checksum. */
async function* decodeFrame(
  intake: Intake,
  frame: Frame,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let last = false; !last;) {
    const head = littleEndian(await must(intake, 3), 0, 3);
    last = (head & 1) !== 0;
    const kind = (head >>> 1) & 3;
    const size = head >>> 3;
    if (size > frame.blockLimit)
      throw new ZstdFault(`a block of ${size} bytes is longer than allowed`);
    makeRoom(frame);
    const before = frame.length;
    frame.reach = Math.min(frame.reach, frame.window);
    if (kind === 3) throw new ZstdFault('a block has a reserved type');
    if (kind === 2) {
      const body = await must(intake, size);
      decodeBlock(frame, body, 0, size);
    } else {
      const body = await must(intake, kind === 1 ? 1 : size);
      if (kind === 1) frame.history.fill(body[0], frame.length, frame.length + size);
      else frame.history.set(body.subarray(0, size), frame.length);
      frame.length += size;
      frame.reach += size;
    }
    frame.decoded += frame.length - before;
    if (frame.length - frame.pending >= EMIT_BYTES) yield takePending(frame);
  }
  if (frame.length > frame.pending) yield takePending(frame);
  if (frame.contentBytes >= 0 && frame.decoded !== frame.contentBytes) {
    throw new ZstdFault(
      `${frame.decoded} bytes were decoded where ${frame.contentBytes} are announced`,
    );
  }
  if (frame.hash !== null) {
    const stored = littleEndian(await must(intake, 4), 0, 4);
    if (stored !== frame.hash.low32()) throw new ZstdFault('the checksum does not match');
  }
}

/**
 * Makes room for one more block: grows the history up to twice its need, and beyond that drops what
 * the window no longer sees.
 */
function makeRoom(frame: Frame): void {
  const { history, length, window } = frame;
  const needed = length + frame.blockLimit;
  if (needed <= history.length) return;
  const full = 2 * window + EMIT_BYTES + 2 * MAX_BLOCK_BYTES;
  if (history.length < full) {
    const grown = new Uint8Array(Math.min(full, Math.max(2 * needed, 256 << 10)));
    grown.set(history.subarray(0, length));
    frame.history = grown;
    return;
  }
  // Less than EMIT_BYTES are pending, so the full size leaves room for the window, the pending
  // bytes and a block.
  const keep = Math.max(window, length - frame.pending);
  history.copyWithin(0, length - keep, length);
  frame.pending -= length - keep;
  frame.length = keep;
}

/** The decoded bytes not passed on yet, as a copy that enters the checksum. */
function takePending(frame: Frame): Uint8Array {
  const chunk = frame.history.slice(frame.pending, frame.length);
  frame.hash?.update(chunk);
  frame.pending = frame.length;
  return chunk;
}

/** An intake over chunks; what is left of one is copied before the next. */
function createIntake(chunks: AsyncIterable<Uint8Array>): Intake {
  const iterator = chunks[Symbol.asyncIterator]();
  let buffer: Uint8Array = new Uint8Array(PADDING_BYTES);
  let at = 0;
  let end = 0;
  let taken = 0;
  const refill = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    const rest = end - at;
    const joined = new Uint8Array(rest + next.value.length + PADDING_BYTES);
    joined.set(buffer.subarray(at, end));
    joined.set(next.value, rest);
    buffer = joined;
    at = 0;
    end = rest + next.value.length;
    return true;
  };
  return {
    next: async (count) => {
      while (end - at < count) {
        if (await refill()) continue;
        if (end === at && count > 0) return null;
        taken += end - at;
        throw new ZstdFault('truncated');
      }
      const piece = buffer.subarray(at, at + count + PADDING_BYTES);
      at += count;
      taken += count;
      return piece;
    },
    skip: async (count) => {
      let left = count;
      while (left > 0) {
        if (end === at && !(await refill())) throw new ZstdFault('truncated');
        const step = Math.min(left, end - at);
        at += step;
        taken += step;
        left -= step;
      }
    },
    close: async () => {
      await iterator.return?.();
    },
    taken: () => taken,
  };
}

/** The next bytes of a stream that may not end here. */
async function must(intake: Intake, count: number): Promise<Uint8Array> {
  const piece = await intake.next(count);
  if (piece === null) throw new ZstdFault('truncated');
  return piece;
}

/** An unsigned integer of up to 8 bytes; beyond 2⁵³ it is rounded, which every limit refuses. */
function littleEndian(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[start + i];
  return value;
}

/** A fault as a FocusError that names the file; other errors pass as they are. */
function zstdError(error: unknown, name: string, taken: number): unknown {
  if (
    error instanceof FocusError &&
    error.code === 'too-large' &&
    !error.message.startsWith(name)
  ) {
    return new FocusError('too-large', `${name}: ${error.message}`, error.fix, { cause: error });
  }
  if (!(error instanceof ZstdFault)) return error;
  const what =
    error.message === 'truncated'
      ? `truncated zstd: it ends after ${taken} bytes`
      : `corrupt zstd: ${error.message}`;
  return new FocusError(
    'bad-input',
    `${name}: ${what}`,
    'fetch or compress the file again; `zstd -t` checks it',
    { cause: error },
  );
}
