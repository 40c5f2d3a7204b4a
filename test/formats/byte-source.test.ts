// Bytes of inputs: plain, gzip and zstd, whole, truncated and corrupt.

import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type ByteSourceOptions,
  compressionOf,
  openByteSource,
} from '../../src/formats/byte-source.js';
import { FocusError } from '../../src/base/errors.js';
import { errorOf, sampleText } from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const text = Buffer.from(sampleText(9, 2000));

async function allOf(path: string, options: ByteSourceOptions = {}): Promise<Buffer> {
  const source = await openByteSource(path, options);
  const parts: Uint8Array[] = [];
  for await (const chunk of source.chunks) parts.push(chunk);
  await source.close();
  return Buffer.concat(parts);
}

describe('a plain file', () => {
  test('is read whole whatever the size of the pieces, and hashed as node:crypto hashes it', async () => {
    const path = folder.file('plain.tsv', text);
    for (const chunkBytes of [1, 7, 4096, 4 << 20]) {
      if (chunkBytes === 1 && text.length > 1e5) continue;
      const source = await openByteSource(path, { hash: true, chunkBytes });
      const parts: Uint8Array[] = [];
      for await (const chunk of source.chunks) parts.push(chunk);
      expect(Buffer.concat(parts).equals(text)).toBe(true);
      expect(source.compression).toBe('none');
      expect(source.rawBytes()).toBe(text.length);
      expect(source.sha256()).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });

  test('gives no digest unless it is asked for', async () => {
    const source = await openByteSource(folder.file('plain.tsv', text));
    for await (const chunk of source.chunks) void chunk;
    expect(source.sha256()).toBe(null);
  });

  test('of no bytes is read as no bytes', async () => {
    expect((await allOf(folder.file('empty', ''))).length).toBe(0);
    expect((await allOf(folder.file('one', 'x'))).toString()).toBe('x');
  });

  test('is closed when the consumer stops early, and close may be called twice', async () => {
    const path = folder.file('long', Buffer.alloc(1 << 20, 65));
    for (let round = 0; round < 300; round++) {
      const source = await openByteSource(path, { chunkBytes: 4096 });
      await source.chunks.next();
      await source.close();
      await source.close();
    }
    // Without closing, 300 rounds leave 300 descriptors; a fresh one stays a small number.
    const { open } = await import('node:fs/promises');
    const probe = await open(path);
    expect(probe.fd).toBeLessThan(200);
    await probe.close();
  });

  test('that is missing, a folder or a bad name is named in an error', async () => {
    mkdirSync(folder.at('sub'), { recursive: true });
    const missing = await errorOf(openByteSource(folder.at('nothing')));
    expect(missing.code).toBe('bad-input');
    expect(missing.message).toBe(`${folder.at('nothing')}: no such file`);
    expect((await errorOf(openByteSource(folder.at('sub')))).message).toMatch(
      /is a directory, expected a file$/,
    );
    expect((await errorOf(openByteSource('a\0b'))).message).toMatch(/NUL byte$/);
    expect((await errorOf(openByteSource(folder.file('f', 'x') + '/y'))).code).toBe('bad-input');
  });
});

describe('gzip', () => {
  test('is recognised by its bytes under any name', async () => {
    const path = folder.file('disguised.csv', gzipSync(text));
    expect((await allOf(path)).equals(text)).toBe(true);
    const source = await openByteSource(path);
    expect(source.compression).toBe('gzip');
    await source.close();
  });

  test('members that follow one another are read as one stream', async () => {
    const parts = [text.subarray(0, 100), text.subarray(100, 101), text.subarray(101)];
    const path = folder.file('members.gz', Buffer.concat(parts.map((part) => gzipSync(part))));
    expect((await allOf(path)).equals(text)).toBe(true);
    expect((await allOf(path, { chunkBytes: 13 })).equals(text)).toBe(true);
  });

  test('cut anywhere is an error that names the file and says truncated', async () => {
    const whole = gzipSync(text);
    for (let cut = 1; cut < 50; cut++) {
      const path = folder.file(
        'cut.tsv.gz',
        whole.subarray(0, Math.floor((whole.length * cut) / 50)),
      );
      const error = await errorOf(allOf(path));
      expect(error.code).toBe('bad-input');
      expect(error.message).toMatch(/cut\.tsv\.gz: truncated gzip: it ends after \d+ bytes$/);
    }
  });

  test('with a flipped byte in its data is an error', async () => {
    const whole = gzipSync(text);
    for (let step = 1; step < 50; step++) {
      const bytes = Buffer.from(whole);
      // The ten bytes of the header hold a time and a system, which nobody checks.
      bytes[10 + Math.floor(((whole.length - 10) * step) / 50)] ^= 0x10;
      const error = await errorOf(allOf(folder.file('flipped.gz', bytes)));
      expect(error.message).toMatch(/gzip/);
      expect(error.code).toBe('bad-input');
    }
  });

  test('followed by other bytes is an error, so that a damaged second member is not lost', async () => {
    const first = gzipSync(text.subarray(0, 1000));
    const second = gzipSync(text.subarray(1000));
    second[0] = 0;
    const error = await errorOf(allOf(folder.file('second.gz', Buffer.concat([first, second]))));
    expect(error.message).toBe(
      `${folder.at('second.gz')}: corrupt gzip: bytes from ${first.length} on are no further gzip member`,
    );
  });
});

test('magic bytes tell gzip and zstd, skippable frames included, from anything else', () => {
  expect(compressionOf(Buffer.from('1f8b0800', 'hex'))).toBe('gzip');
  expect(compressionOf(Buffer.from('28b52ffd', 'hex'))).toBe('zstd');
  expect(compressionOf(Buffer.from('5f2a4d18', 'hex'))).toBe('zstd');
  expect(compressionOf(Buffer.from('602a4d18', 'hex'))).toBe('none');
  expect(compressionOf(Buffer.from('from'))).toBe('none');
  expect(compressionOf(new Uint8Array(0))).toBe('none');
});

test('an error thrown by a reader passes through unchanged', async () => {
  const source = await openByteSource(folder.file('passing.gz', gzipSync(text)));
  const failing = (async () => {
    for await (const chunk of source.chunks)
      throw new FocusError('bad-input', `mine ${chunk.length > 0}`);
  })();
  expect((await errorOf(failing)).message).toBe('mine true');
});
